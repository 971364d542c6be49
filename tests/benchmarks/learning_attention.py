"""What the attention recipe reaches: every row trained as a worker trains it, one thread, on held-out data.

    python -m tests.benchmarks.learning_attention [ROW ...]

Seconds are CPU time of training, evaluation, previews and checkpoints, as `show --json` has them in `cpu_seconds`. A row is a
preset with the settings that its figure is about; `none` leaves attention out, to see what it buys in the same time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe
from workbench.runs.feed import open_run
from workbench.runs.state import RunState
from workbench.schema import Value

SEEDS = range(3)


@dataclass(frozen=True)
class Row:
    """A preset, what is set besides, and what the mean of the seeds must reach within so many CPU seconds."""

    preset: str
    seconds: float
    at_most: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)


TABLE = {
    "pronounce": Row("pronounce", 60, at_most={"test/phone_error_rate": 0.103, "test/word_error_rate": 0.40}),
    "pronounce-long": Row("pronounce-long", 180, at_most={"test/phone_error_rate": 0.084, "test/word_error_rate": 0.337}),
    # At least 5 points more than the row `pronounce`: that row's figure is at most 10.3 %.
    "pronounce-none": Row("pronounce", 60, at_least={"test/phone_error_rate": 0.153}, settings={"score": "none"}),
    "dates": Row("dates", 10, at_least={"test/exact_match": 1.0}),
    "dates-none": Row("dates", 30, at_most={"test/exact_match": 0.95}, settings={"score": "none", "epochs": 14}),
    "sums": Row("sums", 60),
    "text": Row("text", 60),
    "rows": Row("rows", 60, at_least={"test/accuracy": 0.97}),
}


def train(row: Row, seed: int) -> RunState:
    """One run of a row."""
    recipe = find_recipe("attention")
    config = configure(recipe, row.preset, **{**row.settings, "seed": seed, "threads": 1, "device": "cpu"})
    with tempfile.TemporaryDirectory() as root:
        folder = prepare(Path(root), recipe, config)
        train_here(folder, recipe, config)
        return open_run(folder).state


def main(names: list[str]) -> None:
    for name, row in TABLE.items():
        if names and name not in names:
            continue
        states = []
        for seed in SEEDS:
            states.append(state := train(row, seed))
            shown = "  ".join(f"{key} {summary.last:.4f}" for key, summary in state.summaries.items() if _is_shown(key))
            print(
                f"{name:14} seed {seed}  {state.parameters:,} parameters  {state.step} steps  {state.cpu_seconds:5.1f} CPU-s  {shown}",
                flush=True,
            )
        slowest = max(state.cpu_seconds for state in states)
        print(f"{name:14} {verdict(row, states)}  at most {slowest:.1f} of {row.seconds:g} CPU-s\n", flush=True)


def verdict(row: Row, states: list[RunState]) -> str:
    """The mean of each figure, and whether it is what the table asks for."""
    words = []
    for key, bound in {**row.at_most, **row.at_least}.items():
        mean = statistics.mean(state.summaries[key].last or 0.0 for state in states)
        met = mean <= bound if key in row.at_most else mean >= bound
        words.append(f"{key} {mean:.4f} ({'met' if met else 'MISSED'}: {'at most' if key in row.at_most else 'at least'} {bound:g})")
    return "  ".join(words) or "no figure"


def _is_shown(key: str) -> bool:
    return key.startswith("test/") and key.count("/") == 1


if __name__ == "__main__":
    main(sys.argv[1:])
