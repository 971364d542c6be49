"""Trying every recipe for a few steps on a device, each in a worker of its own, in runs that are thrown away."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.launching.awaiting import await_start
from workbench.launching.launch import start
from workbench.recipe import Recipe
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.schema import build

STEPS = 20
_SECONDS = 300  # for one recipe, its data and the import of torch included
_POLL_SECONDS = 0.1


def trials(recipes: Mapping[str, Recipe], device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(recipe, how it went) for each recipe, as soon as it is known: its device, precision and speed, or its problem."""
    # Of a trial that was interrupted, the supervisor may still write down the end while the folder is removed.
    with tempfile.TemporaryDirectory(prefix="workbench-doctor-", ignore_cleanup_errors=True) as place:
        for name, recipe in recipes.items():
            try:
                yield name, _trial(Store(Path(place)), recipe, device)
            except WorkbenchError as error:
                yield name, {"trained": False, "problem": error.message, "hint": error.hint}


def _trial(store: Store, recipe: Recipe, device: str) -> dict[str, Any]:
    preset = recipe.presets[0]
    settings = {**preset.settings, "device": device, "max_steps": STEPS, "epochs": None}
    folder = start(store, recipe, preset.name, build(recipe.config, settings, recipe=recipe.name))
    feed = await_start(folder, seconds=_SECONDS)
    deadline = time.monotonic() + _SECONDS
    # The supervisor writes last: a folder that is removed before would come back.
    while (feed.read_all().status.is_live or not folder.exit_file(feed.state.attempt).exists()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    state = open_run(folder).state
    trained = feed.status.state == "finished" and state.step == STEPS
    about = {"trained": trained, "steps": state.step, "device": state.device_description, "precision": state.precision}
    seconds = state.clock.read(state.step_at)
    return {**about, "seconds": round(seconds, 2)} if trained else {**about, "problem": feed.status.reason}
