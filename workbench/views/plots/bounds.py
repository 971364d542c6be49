"""From where to where the axes of a chart go, and the level that its values are compared with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from workbench.charts.axis import Limits, limits, right_edge
from workbench.charts.series import line
from workbench.runs.reading import clipping
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import compact
from workbench.views.plots.axes import STEPS, Axis
from workbench.views.plots.view import LimitsMemory, View

_LEAST_STEPS = 20.0  # on the x axis, so that a run that begins does not jump at each step
_SAMPLED = 200  # places at which outliers are looked for
_TAIL = 0.03  # of the values at either end, which may be outliers
_LEAST_COUNT = 2  # of something that is counted; a share or a flag may be 1
_BEYOND = 0.5  # of the span of the others: from so far away they are


class Threshold(NamedTuple):
    """A level to compare with."""

    label: str
    value: float


def of_steps(state: RunState, along: Axis, view: View) -> Limits:
    """From where to where the x axis goes: the steps that are looked at, else the whole run."""
    if view.x_limits:
        return along.place(view.x_limits[0]), along.place(view.x_limits[1])
    least = _LEAST_STEPS if along.place(1.0) == 1.0 else 1.0
    return 0.0, right_end([(state, along)], least)


def right_end(runs: Iterable[tuple[RunState, Axis]], least: float) -> float:
    """Where the x axis of runs ends: at the last step of those that are over.

    Before that at a round number, so that it seldom moves, though not beyond the steps that are to come.
    """
    known = list(runs)
    last = max((along.place(float(_newest(state))) for state, along in known), default=0.0)
    if last > 0 and all(state.ended for state, _ in known):
        return last
    edge = right_edge(last, least)
    totals = [state.steps_total for state, along in known if state.steps_total and along is STEPS]
    most = max(totals, default=0) if len(totals) == len(known) else 0
    return min(edge, float(most)) if most >= last > 0 else edge  # a script may go on beyond what it said


def _newest(state: RunState) -> int:
    """The last step of all attempts; one that failed logged nothing."""
    left = (ghost.last_step for ghosts in state.ghosts.values() for ghost in ghosts)
    return max(state.step, state.ended.step if state.ended else 0, *left)


def of_values(
    name: str,
    lines: Sequence[line.Line],
    x_limits: Limits,
    *,
    log: bool,
    outliers: bool,
    threshold: Threshold | None,
    memory: LimitsMemory,
    share: bool = False,
) -> Limits:
    """Limits of y that hold still between two drawings; without outliers, those of the other values.

    Args:
        share: values are shares of one, so no limit lies beyond 0 and 1 unless a value does.
    """
    reach = line.extent(lines, x_limits, log) if outliers else _usual(lines, x_limits, log)
    key = (name if outliers else f"{name} without outliers", log)
    previous = memory.y.get(key)
    if reach is None:
        return previous or limits(0.1 if log else 0.0, 1.0, log=log)
    low, high = reach
    if threshold and _is_near(threshold.value, low, high, log):  # a far level would flatten the curve
        low, high = min(low, threshold.value), max(high, threshold.value)
    bottom, top = limits(low, high, previous, log)
    if share and not log:
        bottom, top = (max(0.0, bottom) if low >= 0 else bottom), (min(1.0, top) if high <= 1 else top)
    memory.y[key] = bottom, top
    return memory.y[key]


def are_whole(lines: Sequence[line.Line], x_limits: Limits) -> bool:
    """Whether the values look like counts: the least and the greatest are whole, and so is what lies between."""
    reach = line.extent(lines, x_limits)
    if reach is None or not all(value.is_integer() for value in reach) or reach[1] < _LEAST_COUNT:
        return False
    columns = (column for each in lines for column in each.columns.columns(_SAMPLED, *x_limits) if column is not None)
    return all(column[0].is_integer() and column[1].is_integer() for column in columns)


def threshold(feed: Feed, keys: Sequence[str]) -> Threshold | None:
    """Where gradients are clipped, or what needs no network."""
    if feed.clipping.norm is not None and any(clipping.is_norm(key) for key in keys):
        return Threshold(f"{clipping.SETTING} {compact(feed.clipping.norm)}", feed.clipping.norm)
    return _baseline(feed.state, keys)


def _baseline(state: RunState, keys: Sequence[str]) -> Threshold | None:
    """What needs no network, best of its kind, on the chart of the objective."""
    known = {str(name): float(value) for name, value in (state.data.get("baseline") or {}).items()}
    if state.objective not in keys or not known:
        return None
    pick = min if state.declaration(state.objective).get("goal") == "min" else max
    name = pick(known, key=lambda key: known[key])
    return Threshold(name.rpartition("/")[2].replace("_", " "), known[name])


def _is_near(level: float, low: float, high: float, log: bool) -> bool:
    if log and level > 0 and low > 0:
        return low / 10 <= level <= high * 10
    return low - (high - low) <= level <= high + (high - low)


def _usual(lines: Sequence[line.Line], x_limits: Limits, log: bool) -> tuple[float, float] | None:
    """The least and the greatest value of all lines but for the few that lie far from the others."""
    found = [column for each in lines for column in each.columns.columns(_SAMPLED, *x_limits) if column is not None]
    values = sorted(value for column in found for value in column[:2] if math.isfinite(value) and (value > 0 or not log))
    if not values:
        return None
    scaled = [math.log10(value) for value in values] if log else values
    tail = int(len(values) * _TAIL)
    low, high = scaled[tail], scaled[-1 - tail]
    reach = (high - low) * _BEYOND
    usual = [value for value, place in zip(values, scaled, strict=True) if low - reach <= place <= high + reach]
    return usual[0], usual[-1]
