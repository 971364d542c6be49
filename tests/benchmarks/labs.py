"""The challenges of recipes/cnn/LABS.md, one command each: every row trained as a worker trains it, one thread.

    python -m tests.benchmarks.labs [LAB ...] [--seeds 2]

Prints the tables in Markdown: accuracy and loss on the test split (mean of the seeds), and CPU seconds of a run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipe
from workbench.runs.reading.feed import open_run
from workbench.schema import describe

RECIPE = find_recipe("cnn")
NEARLY_ZERO = 1e-3


@dataclass(frozen=True)
class Lab:
    """A preset and what is changed of it, row by row: words, then flags as they are typed."""

    title: str
    preset: str
    rows: tuple[tuple[str, str], ...]
    always: str = ""

    def command(self, flags: str) -> str:
        return " ".join(f"workbench train cnn --preset {self.preset} {self.always} {flags}".split())


MOVED = "--shift 2 --rotate 12 --zoom 0.1"
LABS = {
    "scarce": Lab(
        "Scarce data: 100 images of 28x28",
        "scarce",
        (
            ("none", ""),
            ("L2, weight_decay 0.1", "--weight-decay 0.1"),
            ("dropout 0.5", "--dropout 0.5"),
            ("moved images", MOVED),
            ("moved images and dropout 0.5", f"{MOVED} --dropout 0.5"),
        ),
    ),
    "curve": Lab(
        "Scarce data: how many are enough",
        "lab",
        tuple(
            (
                f"{count} per class" if count else "all, about 126 per class",
                f"--examples-per-class {count} --epochs {epochs}" if count else f"--epochs {epochs}",
            )
            for count, epochs in ((1, 150), (2, 150), (5, 150), (10, 150), (20, 150), (50, 60), (100, 60), (None, 60))
        ),
    ),
    "optimisers": Lab(
        "Optimisers, 10 epochs",
        "lab",
        tuple(
            (f"{words} {lr}", f"--optimizer {optimizer} --lr {lr}{more}")
            for words, optimizer, lr, more in (
                ("SGD", "sgd", "0.01", " --momentum 0"),
                ("SGD", "sgd", "0.1", " --momentum 0"),
                ("Nesterov", "sgd", "0.01", " --nesterov"),
                ("Nesterov", "sgd", "0.1", " --nesterov"),
                ("Adagrad", "adagrad", "0.01", ""),
                ("RMSprop", "rmsprop", "1e-3", " --momentum 0"),
                ("Adam", "adam", "1e-3", ""),
                ("Adam", "adam", "1e-2", ""),
                ("AdamW", "adamw", "3e-3", ""),
                ("Adam", "adam", "0.1", ""),
            )
        ),
        always="--epochs 10",
    ),
    "batch-size": Lab(
        "Batch size, Adam 1e-3, 15 epochs",
        "lab",
        (
            ("1, 3 epochs", "--batch-size 1 --epochs 3"),
            *((str(size), f"--batch-size {size}") for size in (8, 32, 128, 512)),
            ("1,258: all at once", "--batch-size 1258"),
        ),
    ),
    "lr": Lab(
        "Learning rate, Adam, 15 epochs",
        "lab",
        tuple((rate, f"--lr {rate}") for rate in ("1e-5", "1e-4", "1e-3", "1e-2", "1e-1")),
    ),
    "regularisation": Lab(
        "Regularisation and early stopping: 10 images of each class, 200 epochs",
        "lab",
        (
            ("none", ""),
            ("early stopping, patience 15", "--patience 15 --monitor validation/loss --restore-best"),
            ("L1 1e-4", "--l1 1e-4"),
            ("L1 1e-3", "--l1 1e-3"),
            ("L2 1e-3 in the gradient (Adam)", "--weight-decay 1e-3"),
            ("L2 0.1 apart from it (AdamW)", "--optimizer adamw --weight-decay 0.1"),
            ("dropout 0.5", "--dropout 0.5"),
            ("shifts of up to 1 pixel", "--shift 1"),
        ),
        always="--examples-per-class 10 --epochs 200",
    ),
}


def settings_of(flags: str) -> dict[str, Any]:
    """The settings that flags stand for, as the command line reads them."""
    known = {setting.flag: setting for setting in describe(RECIPE.config)}
    words, found = flags.split(), {}
    while words:
        setting = known[words.pop(0)]
        found[setting.name] = True if setting.kind == "switch" else setting.parse(words.pop(0))
    return found


def measure(lab: Lab, flags: str, seed: int) -> dict[str, float]:
    """One run of a row: accuracy and loss on the test split, CPU seconds, epochs, share of weights that are nearly 0."""
    config = configure(RECIPE, lab.preset, **settings_of(f"{lab.always} {flags}"), seed=seed, threads=1, device="cpu")
    with tempfile.TemporaryDirectory() as root:
        folder = prepare(Path(root), RECIPE, config)
        session = train_here(folder, RECIPE, config)
        state = open_run(folder).state
    weights = torch.cat([value.flatten() for value in session._parts["model"].parameters() if value.ndim > 1])
    return {
        "accuracy": state.summaries["test/accuracy"].last or 0.0,
        "loss": state.summaries["test/loss"].last or 0.0,
        "seconds": state.cpu_seconds,
        "epochs": session.step / session.steps_per_epoch,
        "zero": float((weights.detach().abs() < NEARLY_ZERO).float().mean()),
    }


def show(lab: Lab, seeds: int) -> None:
    print(f"## {lab.title}\n\n`{lab.command('')}`\n")
    print("| changed | flags | test accuracy | test loss | epochs | weights below 1e-3 | CPU-s |\n|---|---|---|---|---|---|---|")
    for words, flags in lab.rows:
        runs = [measure(lab, flags, seed) for seed in range(seeds)]
        mean = {key: statistics.mean(run[key] for run in runs) for key in runs[0]}
        print(
            f"| {words} | `{flags or '-'}` | {mean['accuracy']:.1%} | {mean['loss']:.2f} | {mean['epochs']:.0f} | {mean['zero']:.0%}"
            f" | {mean['seconds']:.1f} |",
            flush=True,
        )
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", choices=[*LABS, []], metavar="LAB", help=", ".join(LABS))
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    for name in given.labs or LABS:
        show(LABS[name], given.seeds)


if __name__ == "__main__":
    main()
