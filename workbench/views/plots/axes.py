"""The x axis of a chart: steps, epochs, the time that was spent training, or the examples that were seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.charts.dots import Column
from workbench.runs.reading.series import Series
from workbench.runs.reading.state import RunState
from workbench.views.plots.view import ALONG, Along

_UNITS = ((2 * 86400.0, 86400.0, "d"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


def _same(value: float) -> float:
    return value


@dataclass(frozen=True)
class Axis:
    """Where steps lie.

    Attributes:
        unit: what the axis counts, where that is not steps.
        place: from a step to its place.
        step: from a place back to its step.
        is_even: whether places go with the steps, so that equal steps are equally far apart.
    """

    unit: str = ""
    place: Callable[[float], float] = _same
    step: Callable[[float], float] = _same
    is_even: bool = True


STEPS = Axis()


def axis(state: RunState, along: Along, *, longest: float = 0.0) -> Axis:
    """The axis of a run; of steps where the run does not know of what was asked for.

    Args:
        longest: seconds of another run on the same axis of time, which then has one unit for both.
    """
    if along == "epoch" and state.epochs:
        return Axis("epoch", state.epochs.passed, state.epochs.step_at, is_even=len(state.epochs.stretches) == 1)
    if along == "time" and state.times.steps:
        times = state.times
        seconds, unit = next((seconds, unit) for least, seconds, unit in _UNITS if max(longest, times.at(state.step)) >= least)
        return Axis(unit, lambda step: times.at(step) / seconds, lambda place: times.step(place * seconds), is_even=False)
    if along == "examples" and state.epochs and state.examples_per_step:
        return Axis("examples", state.epochs.examples, state.epochs.step_with, is_even=len(state.epochs.stretches) == 1)
    return STEPS


def known(state: RunState) -> tuple[Along, ...]:
    """What may stand along the x axis of a run; steps always may."""
    return tuple(along for along in ALONG if along == "step" or axis(state, along) is not STEPS)


@dataclass(frozen=True)
class Placed:
    """A series on an axis, as charts ask for it."""

    series: Series
    axis: Axis

    def columns(self, count: int, x_low: float, x_high: float) -> list[Column | None]:
        low, high = self.axis.step(x_low), self.axis.step(x_high)
        return self.series.columns(count, low, high, None if self.axis.is_even else self.axis.place)

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        return self.series.extent(self.axis.step(x_low), self.axis.step(x_high))
