"""What each preset reaches: every seed trained as a worker trains it, one thread, on held-out data.

    python -m tests.benchmarks.learning [RECIPE | RECIPE/ROW ...] [--seeds 0 1 2]

Seconds are CPU time of training, evaluation, previews and checkpoints, as `show --json` has them in `cpu_seconds`; the evaluator
of generated images is trained before. A row is a preset with the settings that its figure is about, the CPU seconds that it has,
and what the mean of its seeds must reach; the exit status says whether all that were trained did.
"""

from __future__ import annotations

import argparse
import operator
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.training_runs import configure, events_of, prepare, train_here
from workbench.diagnosis.diagnose import diagnose
from workbench.events.types import CheckpointSaved
from workbench.finding import find_recipe
from workbench.runs.reading.feed import open_run
from workbench.runs.reading.state import RunState
from workbench.schema import Value, flat

IS_MET = {"at most": operator.le, "at least": operator.ge}
ADVERSARIAL_FAULTS = {"collapsed", "overpowered"}
PHONES, WORDS, EXACT = "test/phone_error_rate", "test/word_error_rate", "test/exact_match"
BITS, ACCURACY, MSE, RECALL = "test/bits_per_character", "test/accuracy", "test/mse", "test/symbol_recall"
DISTANCE, CLASSES, KL = "test/relative_frechet_distance", "test/classes_covered", "test/class_kl"


@dataclass(frozen=True)
class Row:
    """A preset, what is set besides, its CPU seconds, and the bounds on the means of its test figures.

    Attributes:
        fault: what the diagnosis must find of it; of rows without, no adversarial fault may be found.
    """

    preset: str
    seconds: float
    bounds: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    fault: str = ""
    seeds: int = 3


TABLE = {
    "cnn/mnist": Row("mnist", 60, {ACCURACY: ("at least", 0.986)}),
    "cnn/digits": Row("digits", 10, {ACCURACY: ("at least", 0.992)}, seeds=5),
    "cnn/tutorial": Row("tutorial", 20, {ACCURACY: ("at least", 0.972)}),
    "rnn/text": Row("text", 60, {BITS: ("at most", 1.73)}),
    "rnn/text-long": Row("text-long", 180, {BITS: ("at most", 1.68)}),
    "rnn/rows": Row("rows", 60, {ACCURACY: ("at least", 0.97)}),
    "rnn/pixels": Row("pixels", 40, {ACCURACY: ("at least", 0)}),
    "rnn/tutorial": Row("tutorial", 60, {ACCURACY: ("at least", 0)}),
    "rnn/copy": Row("copy", 30, {RECALL: ("at least", 0)}),
    "rnn/adding-lstm": Row("adding", 20, {MSE: ("at most", 0.01)}),
    "rnn/adding-gru": Row("adding", 20, {MSE: ("at most", 0.01)}, {"cell": "gru", "epochs": 2}),
    "rnn/adding-rnn": Row("adding", 40, {MSE: ("at least", 0.15)}, {"cell": "rnn", "epochs": 12}),
    "attention/pronounce": Row("pronounce", 60, {PHONES: ("at most", 0.103), WORDS: ("at most", 0.40)}),
    "attention/pronounce-long": Row("pronounce-long", 180, {PHONES: ("at most", 0.084), WORDS: ("at most", 0.337)}),
    # 5 points more than the bound of the row `pronounce`
    "attention/pronounce-none": Row("pronounce", 60, {PHONES: ("at least", 0.153)}, {"score": "none"}),
    "attention/dates": Row("dates", 10, {EXACT: ("at least", 1.0)}),
    "attention/dates-none": Row("dates", 30, {EXACT: ("at most", 0.95)}, {"score": "none", "epochs": 60}),
    "attention/sums": Row("sums", 60, {EXACT: ("at least", 0)}),
    "attention/text": Row("text", 60, {BITS: ("at least", 0)}),
    "attention/rows": Row("rows", 60, {ACCURACY: ("at least", 0.97)}),
    "gan/digits": Row("digits", 20, {DISTANCE: ("at most", 0.02), CLASSES: ("at least", 10), KL: ("at most", 0.01)}),
    "gan/mnist": Row("mnist", 60, {DISTANCE: ("at most", 0.06), CLASSES: ("at least", 10)}),
    "gan/mnist-long": Row("mnist-long", 180, {DISTANCE: ("at most", 0.03), CLASSES: ("at least", 10)}),
    "gan/collapse": Row("collapse", 10, fault="collapsed"),
    "gan/partial-collapse": Row("partial-collapse", 10, fault="collapsed"),
    "gan/overpowered": Row("overpowered", 10, fault="overpowered"),
}


@dataclass(frozen=True)
class Trained:
    """A run at its end: its state, the share of its time that went into saving, and the adversarial faults diagnosed of it."""

    state: RunState
    saving: float
    faults: set[str]

    def read(self, key: str) -> float:
        return self.state.summaries[key].last or 0.0


def train(recipe_name: str, row: Row, seed: int) -> Trained:
    """One run of a row."""
    recipe = find_recipe(recipe_name)
    config = configure(recipe, row.preset, **{**row.settings, "seed": seed, "threads": 1, "device": "cpu"})
    with tempfile.TemporaryDirectory() as root:
        folder = prepare(Path(root), recipe, config)
        train_here(folder, recipe, config)
        state = open_run(folder).state
        saving = sum(event.seconds for event in events_of(folder) if isinstance(event, CheckpointSaved))
    found = {finding.rule for finding in diagnose(state, flat(config), now=time.time(), is_live=False)}
    return Trained(state, saving / state.clock.read(state.news_at), found & ADVERSARIAL_FAULTS)


def measure(name: str, row: Row, seeds: list[int]) -> bool:
    """Train each seed and print what it reached, then the means; whether the row holds."""
    runs = []
    for seed in seeds:
        runs.append(run := train(name.partition("/")[0], row, seed))
        size = f"{run.state.parameters:,} parameters  {run.state.step:,} steps  {run.state.cpu_seconds:5.1f} CPU-s"
        shown = "  ".join(f"{key.removeprefix('test/')} {run.read(key):.4f}" for key in run.state.summaries if _is_shown(key))
        faults = "".join(f"  {fault}!" for fault in sorted(run.faults))
        print(f"{name:24} seed {seed}  {size}  {run.state.precision}  saving {run.saving:.1%}  {shown}{faults}", flush=True)
    slowest = max(run.state.cpu_seconds for run in runs)
    holds = [slowest <= row.seconds, all(row.fault in run.faults if row.fault else not run.faults for run in runs)]
    words = [f"slowest {slowest:.1f} of {row.seconds:g} CPU-s"]
    for key, (relation, bound) in row.bounds.items():
        mean = statistics.mean(run.read(key) for run in runs)
        holds.append(IS_MET[relation](mean, bound))
        words.append(f"{key} {mean:.4f} ({relation} {bound:g})")
    print(f"{name:24} {'holds' if all(holds) else 'MISSED'}: {', '.join(words)}\n", flush=True)
    return all(holds)


def _is_shown(key: str) -> bool:
    return key.startswith("test/") and key.count("/") == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TABLE))
    parser.add_argument("--seeds", nargs="+", type=int, help="other seeds than the first three")
    given = parser.parse_args()
    chosen = {name: row for name, row in TABLE.items() if not given.names or {name, name.partition("/")[0]} & {*given.names}}
    if not chosen:
        parser.error(f"no row is named so; there are {', '.join(TABLE)}")
    missed = [name for name, row in chosen.items() if not measure(name, row, given.seeds or [*range(row.seeds)])]
    if missed:
        raise SystemExit(f"these did not hold: {', '.join(missed)}")


if __name__ == "__main__":
    main()
