"""Stopping a sweep, and going on with it, from a process that knows no torch."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.launching import launch
from workbench.launching.spawn import spawn
from workbench.runs import control
from workbench.runs.files import replace_file
from workbench.runs.store import Store
from workbench.sweeps import progress
from workbench.sweeps.folder import SweepFolder, host

_LIVE = ("queued", "starting", "running", "paused")


def begin(words: Sequence[str], root: Path) -> str:
    """Begin a sweep by what is typed behind `workbench sweep`, in a process of its own; returns its name once it is driven.

    Raises:
        WorkbenchError: what was typed cannot be swept, or nothing began.
    """
    arguments = ["sweep", *words, "--runs", str(root), "--detach", "--json"]
    asked = spawn(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, module="workbench")
    told: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        found = json.loads(asked.communicate()[0])
        told = found if isinstance(found, dict) else {}  # without a word it lists the sweeps
    if "name" in told:
        return str(told["name"])
    problem = told.get("error", {"message": "no sweep began", "hint": "type it as behind `workbench sweep`"})
    raise WorkbenchError(str(problem["message"]), str(problem["hint"]))


def ask_to_stop(folder: SweepFolder) -> None:
    """Let all machines stop what they train for it, and begin nothing more."""
    replace_file(folder.stop, json.dumps({"by": control.who(), "at": time.time()}).encode())


def stop(folder: SweepFolder, store: Store) -> bool:
    """Stop a sweep; whether a process had to be started for it, as the one that drove the sweep was killed.

    That one stops what is left training, so that `resume` goes on with it.

    Raises:
        WorkbenchError: nothing of it trains, or it does on another machine.
    """
    if any(folder.drivers().values()):
        ask_to_stop(folder)
        return False
    now = progress.Look(folder, store).now()
    live = [entry for entry in now.entries if entry.state in _LIVE]
    claims = folder.claims()
    elsewhere = [claims[entry.number] for entry in live if claims.get(entry.number, host()) != host()]
    if not live:
        raise WorkbenchError(f"{folder.name} is {now.state}; there is nothing to stop", f"`workbench sweep show {folder.name}`")
    if len(elsewhere) == len(live):
        raise WorkbenchError(f"what is left of {folder.name} trains on {', '.join(elsewhere)}", "stop it there")
    ask_to_stop(folder)
    launch.drive(folder.path, store.root)
    return True


def resume(folder: SweepFolder, root: Path, *, recipe_path: str = "") -> None:
    """Go on with a sweep on this machine.

    Raises:
        WorkbenchError: it trains a recipe of a path, which has to be given again.
    """
    paths = [family.path for family in folder.plan().families if family.path]
    if paths and not recipe_path:
        raise WorkbenchError(
            f"{folder.name} trains the recipe at {paths[0]}", f"say that it may: workbench sweep resume {folder.name} --recipe {paths[0]}"
        )
    folder.stop.unlink(missing_ok=True)
    launch.drive(folder.path, root, recipe_path=recipe_path)
