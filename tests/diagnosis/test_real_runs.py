"""A few of the runs of tests/benchmarks/diagnosis.py, trained for real: the faulty ones are recognised, the healthy ones left in peace.

It prints both counts and the median step, as the benchmark does for all runs.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.diagnosed_runs import first_findings, trained
from tests.scenarios import FAULTY, healthy

# The quickest run of each rule whose fault shows within a second or two of training.
QUICK = {
    "oscillating": "cnn",
    "too_slow": "cnn",
    "exploding": "cnn",
    "not_finite": "cnn",
    "clipped": "cnn",
    "dead_units": "cnn",
    "underfitting": "cnn",
    "overfitting": "attention",
    "plateau": "cnn",
    "diverging": "cnn",
    "vanishing_layers": "attention",
}
WELL = (("cnn", "lab"), ("cnn", "digits"))  # presets, at the first two seeds


def test_rules_recognise_runs_that_train_with_bad_settings_and_no_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps, missed = [], []
    for rule, recipe in QUICK.items():
        scenario = next(each for each in FAULTY[rule] if each.recipe == recipe)
        found = first_findings(trained(scenario, tmp_path))
        if rule in found:
            steps.append(found[rule][0])
        else:
            missed.append(f"{rule}: {scenario.command()}: {sorted(found)}")
    well = [each for each in healthy(range(2)) if (each.recipe, each.preset) in WELL]
    alarms = [f"{each.command()}: {found}" for each in well if (found := first_findings(trained(each, tmp_path)))]
    with capsys.disabled():
        print(
            f"\nrecognised {len(steps)} of {len(QUICK)} faulty runs, at step {statistics.median(steps):.0f} (median);"
            f" false alarms in {len(alarms)} of {len(well)} healthy runs"
        )
    assert not missed
    assert not alarms
