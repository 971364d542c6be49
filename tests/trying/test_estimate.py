"""The estimated total: counts as a run makes them, times what each took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.trying.estimate import Parts, Plan, total

PARTS = Parts(start=3.0, step=0.1, first_step=0.5, evaluation=1.0, first_evaluation=0.2, preview=0.4, checkpoint=0.3, test=2.0)
PLAN = Plan(steps=1000, evaluate_every=100, preview_every=300, checkpoint_every=None, max_seconds=None, at_most=False)


def test_each_part_counts_as_often_as_it_is_due() -> None:
    found = total(PARTS, PLAN)
    assert (found["steps"], found["evaluations"], found["previews"]) == (1000, 10, 4)  # the last step is always looked at
    assert found["checkpoints"] == 3 + 1  # 1 % of 110 s, and the one at the end
    assert found["seconds"] == pytest.approx(3 + 100.5 + 10.2 + 1.6 + 1.2 + 2)
    assert found["seconds"] == pytest.approx(sum(found["parts"].values()))


def test_a_limit_of_seconds_cuts_the_loop_and_neither_start_nor_test() -> None:
    found = total(PARTS, replace(PLAN, max_seconds=20.0))
    assert found["seconds"] == pytest.approx(20 + 3 + 2, rel=0.1)
    assert found["steps"] < 1000


def test_checkpoints_that_are_asked_for_are_all_counted() -> None:
    assert total(PARTS, replace(PLAN, checkpoint_every=50))["checkpoints"] == 20


def test_without_a_limit_there_is_no_estimate() -> None:
    assert total(PARTS, replace(PLAN, steps=None))["seconds"] is None
