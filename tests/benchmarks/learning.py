"""Trains every preset with several seeds and prints what each reaches: python -m tests.benchmarks.learning [preset ...]

One CPU thread; the seconds are CPU time of the process from loading the data to the test, evaluations and previews included.
"""

from __future__ import annotations

import statistics
import sys

import torch

from recipes.cnn import RECIPE
from tests.fakes import FakeRun
from workbench.settings import build

SEEDS = {"mnist": range(3), "digits": range(5), "tutorial": range(3)}


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    for preset in RECIPE.presets:
        if names and preset.name not in names:
            continue
        scores = []
        for seed in SEEDS[preset.name]:
            config = build(RECIPE.config, {**preset.settings, "seed": seed, "threads": 1, "device": "cpu", "precision": "fp32"})
            run = FakeRun(config, RECIPE.objective)
            RECIPE.train(config, run)
            scores.append(run.test["test/accuracy"])
            objective = {step: values[RECIPE.objective] for step, values in run.evaluations.items()}
            accurate = next((run.seconds_to[step] for step, value in objective.items() if value > 0.9), float("nan"))
            parameters = sum(parameter.numel() for parameter in run.parts["model"].parameters())
            print(
                f"{RECIPE.name} {preset.name:9} seed {seed}  {parameters:,} weights  {run.steps_total} steps  {run.cpu_seconds:5.1f} CPU-s"
                f"  over 90 % after {accurate:4.1f}  validation {max(objective.values()):.2%}  test {scores[-1]:.2%}",
                flush=True,
            )
        print(f"{RECIPE.name} {preset.name:9} mean test {statistics.mean(scores):.2%}\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
