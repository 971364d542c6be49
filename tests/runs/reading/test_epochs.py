"""Steps, epochs and examples where batches got another size in between."""

from __future__ import annotations

import pytest

from workbench.runs.reading.epochs import Epochs, Stretch

TWO = Epochs([Stretch(0, 0, 10, 64), Stretch(20, 2, 40, 16)])  # two epochs of 10 steps, then epochs of 40


def test_the_position_is_counted_within_each_stretch() -> None:
    assert [TWO.position(step) for step in (0, 9, 10, 20, 59, 60, 61)] == [(0, 0), (0, 9), (1, 0), (2, 0), (2, 39), (3, 0), (3, 1)]
    assert [TWO.number(step) for step in (0, 1, 10, 11, 20, 21, 60, 61)] == [1, 1, 1, 2, 2, 3, 3, 4]
    assert TWO.steps_until(5) == 20 + 3 * 40


@pytest.mark.parametrize("step", [0, 5, 20, 21, 100])
def test_places_on_an_axis_lead_back_to_their_steps(step: int) -> None:
    assert TWO.step_at(TWO.passed(step)) == pytest.approx(step)
    assert TWO.step_with(TWO.examples(step)) == pytest.approx(step)
    assert TWO.examples(40) == 20 * 64 + 20 * 16


def test_a_new_stretch_replaces_what_would_have_come_later() -> None:
    epochs = Epochs.of([(0, 0, 10, 64), [20, 2, 40, 16], (0, 0, 0, 0)])
    epochs.begin(Stretch(20, 2, 5, 128))
    assert epochs.stretches == [(0, 0, 10, 64), (20, 2, 5, 128)]
    assert not Epochs()
