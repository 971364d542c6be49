"""What the recurrent recipe reaches: every seed trained as a worker trains it, one thread, on the held-out test split.

    python -m tests.benchmarks.learning_rnn [NAME ...] [--seeds 3]

Seconds are CPU time of training, evaluation, previews and checkpoints, as `show --json` has them in `cpu_seconds`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe
from workbench.runs.feed import open_run
from workbench.schema import Value

RECIPE = find_recipe("rnn")


@dataclass(frozen=True)
class Figure:
    """A preset with some settings, the metric it is judged by, what it must reach, and the CPU seconds it has."""

    preset: str
    metric: str
    bound: str
    seconds: float
    settings: Mapping[str, Value] = field(default_factory=dict)


FIGURES = {
    "text": Figure("text", "test/bits_per_character", "at most 1.73", 60),
    "text-long": Figure("text-long", "test/bits_per_character", "at most 1.68", 180),
    "rows": Figure("rows", "test/accuracy", "at least 0.97", 60),
    "pixels": Figure("pixels", "test/accuracy", "none set", 40),
    "tutorial": Figure("tutorial", "test/accuracy", "none set", 60),
    "copy": Figure("copy", "test/symbol_recall", "none set", 30),
    "adding-lstm": Figure("adding", "test/mse", "under 0.01", 20),
    "adding-gru": Figure("adding", "test/mse", "under 0.01", 20, {"cell": "gru", "epochs": 2}),
    "adding-rnn": Figure("adding", "test/mse", "still about 1/6", 40, {"cell": "rnn", "epochs": 12}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *FIGURES], default=[])
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    for name in chosen.names or FIGURES:
        measure(name, FIGURES[name], chosen.seeds)


def measure(name: str, figure: Figure, seeds: int) -> None:
    """Train each seed and print what it reached, and their mean."""
    scores, seconds = [], []
    for seed in range(seeds):
        config = configure(RECIPE, figure.preset, **{**figure.settings, "seed": seed, "threads": 1, "device": "cpu"})
        with tempfile.TemporaryDirectory() as root:
            folder = prepare(Path(root), RECIPE, config)
            train_here(folder, RECIPE, config)
            state = open_run(folder).state
        scores.append(state.summaries[figure.metric].last or 0.0)
        seconds.append(state.cpu_seconds)
        size = f"{state.parameters:,} parameters  {state.step:,} steps"
        print(f"{name:12} seed {seed}  {size}  {state.cpu_seconds:5.1f} CPU-s  {state.precision}  {scores[-1]:.4f}", flush=True)
    what = f"{figure.bound} within {figure.seconds:g} CPU-s"
    print(f"{name:12} {figure.metric} {statistics.mean(scores):.4f} ({what}), at most {max(seconds):.1f} CPU-s\n", flush=True)


if __name__ == "__main__":
    main()
