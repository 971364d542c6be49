"""Where the axes of charts end."""

from __future__ import annotations

from workbench.events.types import RunEnded
from workbench.runs.reading.state import RunState
from workbench.views.plots.axes import STEPS
from workbench.views.plots.bounds import right_end


def test_the_x_axis_of_a_run_that_is_over_ends_with_its_last_step() -> None:
    assert right_end([(_state(1330, ended=True), STEPS)], 20) == 1330
    assert right_end([(_state(1330, ended=True), STEPS), (_state(990, ended=True), STEPS)], 20) == 1330


def test_the_x_axis_of_a_run_that_trains_ends_at_a_round_number_but_not_beyond_its_steps() -> None:
    assert right_end([(_state(1030), STEPS)], 20) == 1250
    assert right_end([(_state(1030, total=1100), STEPS)], 20) == 1100
    assert right_end([(_state(1030, total=1100), STEPS), (_state(40), STEPS)], 20) == 1250
    assert right_end([(_state(1030, total=400), STEPS)], 20) == 1250


def test_the_x_axis_of_a_run_without_a_step_has_a_length() -> None:
    assert right_end([(_state(0, ended=True), STEPS)], 20) == 20
    assert right_end([], 20) == 20


def _state(step: int, *, total: int | None = None, ended: bool = False) -> RunState:
    return RunState(step=step, steps_total=total, ended=RunEnded(at=0, state="finished", step=step, reason="") if ended else None)
