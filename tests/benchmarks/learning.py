"""What each preset reaches: every seed trained as a worker trains it, one thread, on held-out test images.

    python -m tests.benchmarks.learning [PRESET ...]

Seconds are CPU time of training, evaluation, previews and checkpoints, as `show --json` has them in `cpu_seconds`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.training_runs import configure, events_of, prepare, train_here
from workbench.events.types import CheckpointSaved
from workbench.finding import find_recipe
from workbench.runs.feed import open_run

SEEDS = {"mnist": range(3), "digits": range(5), "tutorial": range(3), "lab": range(2), "scarce": range(2)}


def main(names: list[str]) -> None:
    recipe = find_recipe("cnn")
    for preset in recipe.presets:
        if names and preset.name not in names:
            continue
        scores, seconds = [], []
        for seed in SEEDS[preset.name]:
            config = configure(recipe, preset.name, seed=seed, threads=1, device="cpu")
            with tempfile.TemporaryDirectory() as root:
                folder = prepare(Path(root), recipe, config)
                train_here(folder, recipe, config)
                state = open_run(folder).state
                saved = [event for event in events_of(folder) if isinstance(event, CheckpointSaved)]
            scores.append(state.summaries["test/accuracy"].last or 0.0)
            seconds.append(state.cpu_seconds)
            saving = sum(event.seconds for event in saved)
            print(
                f"{preset.name:9} seed {seed}  {state.parameters:,} parameters  {state.step} steps  {state.cpu_seconds:5.1f} CPU-s"
                f"  saving {saving / state.clock.read(state.news_at):.1%}  {state.precision}  test {scores[-1]:.2%}",
                flush=True,
            )
        print(f"{preset.name:9} mean of {len(scores)} seeds {statistics.mean(scores):.2%}, at most {max(seconds):.1f} CPU-s\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
