"""One metric per layer as a strip over time, with the layers marked that vanish or explode."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

from workbench.charts.axis import Limits, limits
from workbench.charts.rows import Rows
from workbench.charts.series import strip
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import compact
from workbench.views.plots import bounds
from workbench.views.plots.axes import Axis, Placed, axis
from workbench.views.plots.chart import Charted, is_log, placeholder, style_of
from workbench.views.plots.heading import marks, short, unit_of
from workbench.views.plots.view import LimitsMemory, View

_APART = 1e3  # times less or more than the layer in the middle: its share of the learning is lost, or is all there is
_RISEN = 100.0  # times the layer's own median so far
_GREYS_FROM = 256  # colours
_LEAST_BUCKETS = 5  # before a median says something
_SAMPLED = 128  # buckets that a median is taken of


def draw(feed: Feed, wanted: Charted, width: int, height: int, *, ascii_only: bool, colours: int, memory: LimitsMemory, view: View) -> Rows:
    """The strip in exactly `width` by `height` cells, the first row its title and the scale of its shades."""
    state = feed.state
    style = style_of(wanted, view, memory)
    along, log = axis(state, style.along), is_log(wanted, style)
    x_limits = bounds.of_steps(state, along, view)
    unit = unit_of(state, wanted.metrics)
    found = _layers(state, wanted.metrics, along, view.cursor, apart=(wanted.log or log) and unit != "%")
    chosen = 0 if view.layer is None and view.cursor is not None else view.layer
    y_limits = _shade_limits(wanted.name, found, x_limits, memory, log=log, share=unit == "%")
    return strip.render(
        found,
        width,
        height,
        x_limits=x_limits,
        y_limits=y_limits,
        log=log,
        form=lambda value: short(value, unit),
        x_unit=along.unit,
        ascii_only=ascii_only,
        greys=colours >= _GREYS_FROM,
        title=wanted.title,
        cursor=None if view.cursor is None else along.place(view.cursor),
        chosen=None if chosen is None or not found else min(chosen, len(found) - 1),
        marks=[mark._replace(x=along.place(mark.x)) for mark in marks(state)],
        placeholder=placeholder(feed),
    )


def remarks(latest: Sequence[float | None], medians: Sequence[float | None], starts: Sequence[float | None]) -> list[str]:
    """What stands out in each layer: `vanish` or `explode` beside the others or its own past, or that it is no number.

    Where all layers explode, one that is far behind the others has exploded too, if it is far from where it began.
    """
    known = [value for value in latest if value is not None and math.isfinite(value) and value > 0]
    middle = statistics.median(known) if len(known) > 1 else None
    found = []
    for value, usual, start in zip(latest, medians, starts, strict=True):
        risen = bool((usual and value and value > usual * _RISEN) or (start and value and value > start * _APART))
        if value is None:
            found.append("")
        elif not math.isfinite(value):
            found.append(compact(value))
        elif risen or (middle and value > middle * _APART):
            found.append("explode")
        else:
            found.append("vanish" if (middle and value < middle / _APART) or (value <= 0 and known) else "")
    return found


def _layers(state: RunState, keys: Sequence[str], along: Axis, cursor: float | None, *, apart: bool) -> list[strip.Layer]:
    """The layers with what stands out marked; not of shares, which say by themselves how large they are.

    Args:
        cursor: the step whose values are said; None for the newest.
        apart: whether layers are compared at all.
    """
    known = [key for key in keys if key in state.series]
    latest = [_latest(state, key) if cursor is None else _at(state, key, cursor) for key in known]
    medians = [_median(state, key) for key in known]
    names = _names(known)
    said = remarks(latest, medians, [_start(state, key) for key in known]) if apart else [""] * len(known)
    return [
        strip.Layer(
            names[key],
            Placed(state.series[key], along),
            value,
            remark,
            [along.place(float(step)) for step in state.summaries[key].nonfinite_steps],
        )
        for key, value, remark in zip(known, latest, said, strict=True)
    ]


def _names(keys: Sequence[str]) -> dict[str, str]:
    """The layers' names without the modules that all of them are in."""
    full = [key.split("/", 2)[-1] for key in keys]
    parents = [name.split(".")[:-1] for name in full]
    shared = len([*itertools.takewhile(lambda words: len(set(words)) == 1, zip(*parents, strict=False))]) if len(full) > 1 else 0
    return {key: ".".join(name.split(".")[shared:]) for key, name in zip(keys, full, strict=True)}


def _latest(state: RunState, key: str) -> float | None:
    """The mean of the newest bucket, which a single step does not make flicker; what is not finite as it is."""
    series, last = state.series[key], state.summaries[key].last
    if last is None or not math.isfinite(last) or not series.first:
        return last
    return series.means(1)[0]


def _median(state: RunState, key: str) -> float | None:
    means = state.series[key].means(at_most=_SAMPLED)
    return statistics.median(means) if len(means) >= _LEAST_BUCKETS else None


def _at(state: RunState, key: str, step: float) -> float | None:
    """The mean of the bucket at a step; what was lost there as it was."""
    kept = state.series[key].at(step)
    lost = max((each for each in state.summaries[key].nonfinite_steps if each <= step), default=-1)
    return math.nan if lost > (kept[0] if kept else -1) else kept[1] if kept else None


def _start(state: RunState, key: str) -> float | None:
    """What it was in its first buckets."""
    series = state.series[key]
    means = [total / points for total, points in zip(series.total[:_LEAST_BUCKETS], series.points, strict=False)]
    return statistics.median(means) if len(means) == _LEAST_BUCKETS else None


def _shade_limits(name: str, found: Sequence[strip.Layer], x_limits: Limits, memory: LimitsMemory, *, log: bool, share: bool) -> Limits:
    """Round numbers around all values above zero, of shares from none to all; they hold still like the limits of a chart."""
    if share and not log:
        return 0.0, 1.0
    columns = [column for layer in found for column in layer.columns.columns(64, *x_limits) if column is not None]
    values = [value for column in columns for value in column if value > 0 or not log]
    place = (name, log)
    previous = memory.y.get(place)
    if not values:
        return previous or (0.1, 1.0)
    memory.y[place] = limits(min(values), max(values), previous, log=log)
    return memory.y[place]
