"""How close `train --dry-run` comes to a run: estimated and real seconds, and the memory of a step as counted and as measured.

`python -m tests.benchmarks.dry_run [recipe ...]`. Each recipe is rehearsed and then trained with the same settings, cut short,
in one thread: wall time from the start of the worker to its end, and CPU time of the loop, which others leave alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from workbench.finding import find_recipe
from workbench.launching.ask import Helper
from workbench.launching.awaiting import await_start
from workbench.launching.launch import start
from workbench.launching.trial import Trial
from workbench.recipe import Recipe
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.schema import Value, build

# recipe: preset, settings that make it a short run with several evaluations, previews and checkpoints
RUNS: dict[str, tuple[str, dict[str, Value]]] = {
    "cnn": ("mnist", {"epochs": 8}),
    "rnn": ("rows", {"epochs": 3}),
    "attention": ("pronounce", {"epochs": None, "max_steps": 300, "evaluate_every": 100, "preview_every": 100}),
    "gan": ("digits", {"epochs": 40, "max_seconds": None}),
}
LARGE = {"cnn": 1024, "rnn": 512, "attention": 1024, "gan": 512}  # batches that are more than the library's own memory


def main(names: list[str]) -> None:
    helper = Helper()
    with tempfile.TemporaryDirectory() as place:
        for name in names or list(RUNS):
            recipe = find_recipe(name)
            preset, changes = RUNS[name]
            changes = {**changes, "threads": 1}
            settings = {**next(each.settings for each in recipe.presets if each.name == preset), **changes}
            foreseen = tried(Path(place), recipe, preset, settings)
            real, cpu = trained(Path(place), recipe, preset, settings)
            estimate, parts = foreseen["total"]["seconds"], foreseen["total"]["parts"]
            loop = foreseen["cores"] * sum(seconds for part, seconds in parts.items() if part != "start")
            print(f"{name} {preset}: estimated {estimate:.1f} s, took {real:.1f} s: {estimate / real:.2f};", end=" ")
            print(f"loop {loop:.1f} and {cpu:.1f} CPU seconds: {loop / cpu:.2f}", flush=True)
            batch = {**settings, "batch_size": LARGE[name]}
            counted = helper.ask("cost", recipe=name, settings=batch)["memory"]["total"]
            measured = tried(Path(place), recipe, preset, batch)["memory_of_step_bytes"]
            print(
                f"{name} batch_size {LARGE[name]}: {counted / 1e6:.0f} MB counted, {measured / 1e6:.0f} MB measured",
                flush=True,
            )
    helper.close()


def tried(place: Path, recipe: Recipe, preset: str, settings: dict[str, Value]) -> dict[str, Any]:
    """What a dry run finds."""
    with Trial(place, recipe, preset, build(recipe.config, settings, recipe=recipe.name), "dry-run") as trial:
        while (found := trial.result()) is None:
            trial.poll()
            time.sleep(0.1)
    return found


def trained(place: Path, recipe: Recipe, preset: str, settings: dict[str, Value]) -> tuple[float, float]:
    """Seconds from the start of a run's worker to its end, and the CPU seconds of its loop and test."""
    folder = start(Store(place), recipe, preset, build(recipe.config, settings, recipe=recipe.name))
    feed = await_start(folder)
    while feed.read_all().status.is_live:
        time.sleep(0.2)
    state = open_run(folder).state
    assert state.ended is not None
    assert state.ended.state == "finished", state.ended
    return state.ended.at - state.attempts[0].started_at, state.ended.cpu_seconds


if __name__ == "__main__":
    main(sys.argv[1:])
