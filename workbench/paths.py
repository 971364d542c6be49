"""Where things live on this machine: runs, data, the settings file."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from workbench.errors import WorkbenchError

APP = "workbench"


def settings_file() -> Path:
    """The user's settings file, `config.toml` in the platform's config folder; it need not exist."""
    return Path(platformdirs.user_config_dir(APP)) / "config.toml"


@cache
def user_settings() -> dict[str, Any]:
    """What the settings file says; empty where there is none.

    Raises:
        WorkbenchError: it is not TOML.
    """
    path = settings_file()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise WorkbenchError(f"the settings file {path} cannot be read: {error}", "mend it or move it away") from error


def runs_folder(given: str | Path | None = None) -> Path:
    """The folder of all runs: `--runs`, WORKBENCH_RUNS, `runs` in the settings file, or the user's data folder, in that order.

    Raises:
        WorkbenchError: what was named is no path.
    """
    named = given or os.environ.get("WORKBENCH_RUNS") or user_settings().get("runs")
    if not named:
        return Path(platformdirs.user_data_dir(APP)) / "runs"
    try:
        return Path(named).expanduser().absolute()
    except (TypeError, RuntimeError) as error:  # a number in the settings file; a home folder of nobody
        raise WorkbenchError(f"the runs folder `{named}` is not a path: {error}", "give a folder with --runs DIR") from error


def data_folder() -> Path:
    """Where fetched data sets lie: `--data` or WORKBENCH_DATA (`--data` sets it), `data` in the settings file, or the user's cache.

    Raises:
        WorkbenchError: what was named is no path.
    """
    named = os.environ.get("WORKBENCH_DATA") or user_settings().get("data")
    if not named:
        return cache_folder() / "data"
    try:
        return Path(named).expanduser().absolute()
    except (TypeError, RuntimeError) as error:
        raise WorkbenchError(f"the data folder `{named}` is not a path: {error}", "give a folder with --data DIR") from error


def cache_folder() -> Path:
    """Where what can be made again is kept (parsed data)."""
    return Path(platformdirs.user_cache_dir(APP))


def state_folder() -> Path:
    """Where the interface keeps what it remembers by itself: how charts were last looked at."""
    return Path(platformdirs.user_state_dir(APP))


def short(path: Path) -> str:
    """A path with the home folder as `~`."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)
