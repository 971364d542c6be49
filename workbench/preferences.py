"""The user's settings file, checked: what it may say, and what is wrong with what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from workbench.errors import WorkbenchError, unknown
from workbench.paths import settings_file, user_settings

THEMES = ("auto", "dark", "light", "ansi", "mono")


@dataclass(frozen=True)
class Preferences:
    """Every setting that `config.toml` may have, with its default.

    Attributes:
        runs, data: folders of the runs and of downloaded data; `workbench.paths` reads them.
        refresh: looks a second at what is shown; 0 follows the terminal: 4, over SSH 2.
        slots: charts and previews that the run screen shows first, by recipe: `slots.cnn = ["accuracy", "loss"]`.
        device_slots: devices that runs take in turn, a run for each: "cuda:0,cuda:1", or "cpu,cpu" for two at a time.
        keys: other keys for actions, by the ids that the help shows: `keys."bench.start" = "f5"`.
    """

    runs: str = ""
    data: str = ""
    theme: str = "auto"
    ascii: bool = False
    low_bandwidth: bool = False
    mouse: bool = True
    bell: bool = True
    refresh: float = 0.0
    device_slots: str = ""
    slots: Mapping[str, list[str]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


def preferences() -> Preferences:
    """What the settings file says, with the defaults for the rest.

    Raises:
        WorkbenchError: it names a setting that there is not, or gives one a value that it cannot have.
    """
    said = user_settings()
    known: dict[str, Any] = {item.name: item.default if item.name not in ("slots", "keys") else {} for item in fields(Preferences)}
    for name, value in said.items():
        if name not in known:
            raise unknown("setting", name, known, where=f"in {settings_file()}")
        _check(name, value, known[name])
    return Preferences(**said)


def _check(name: str, value: Any, default: Any) -> None:
    wrong = ""
    if isinstance(default, bool):
        wrong = "" if isinstance(value, bool) else "true or false"
    elif isinstance(default, float):
        wrong = "" if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 60 else "a number from 0 to 60"
    elif isinstance(default, str):
        wrong = "" if isinstance(value, str) and (name != "theme" or value in THEMES) else "text"
        wrong = f"one of {', '.join(THEMES)}" if wrong and name == "theme" else wrong
    elif name == "keys":
        good = isinstance(value, dict) and all(isinstance(key, str) for key in value.values())
        wrong = "" if good else 'a table such as "bench.start" = "f5"'
    else:
        lists = value.values() if isinstance(value, dict) else [None]
        good = all(isinstance(each, list) and all(isinstance(word, str) for word in each) for each in lists)
        wrong = "" if good else 'a table such as cnn = ["loss", "accuracy"]'
    if wrong:
        raise WorkbenchError(f"`{name}` in {settings_file()} is `{value}`, expected {wrong}", "mend it or take the line away")
