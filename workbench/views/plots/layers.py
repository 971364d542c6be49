"""One metric per layer as a strip over time, with the layers marked that vanish or explode."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

from workbench.charts import strip
from workbench.charts.axis import Limits, limits
from workbench.charts.rows import Row, Rows, Span, cells, fit, pad, printable
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import compact
from workbench.views.plots import bounds
from workbench.views.plots.axes import Axis, Placed, axis
from workbench.views.plots.chart import Charted, placeholder, style_of
from workbench.views.plots.view import LimitsMemory, View

_APART = 1e3  # times less or more than the layer in the middle: its share of the learning is lost, or is all there is
_RISEN = 100.0  # times the layer's own median so far
_LEAST_BUCKETS = 5  # before a median says something


def draw(feed: Feed, wanted: Charted, width: int, height: int, *, ascii_only: bool, colours: int, memory: LimitsMemory, view: View) -> Rows:
    """The strip in exactly `width` by `height` cells, the first row its title and the scale of its shades."""
    state = feed.state
    along = axis(state, style_of(wanted, view, memory).along)
    x_limits = bounds.of_steps(state, along, view)
    found = _layers(state, wanted.metrics, along, apart=wanted.log)
    chosen = 0 if view.layer is None and view.cursor is not None else view.layer
    y_limits = _shade_limits(wanted.name, found, x_limits, memory)
    greys = colours >= 256
    return strip.render(
        found,
        width,
        height,
        x_limits=x_limits,
        y_limits=y_limits,
        ascii_only=ascii_only,
        greys=greys,
        heading=_heading(wanted, along, y_limits, width, ascii_only, greys),
        cursor=None if view.cursor is None else along.place(view.cursor),
        chosen=None if chosen is None or not found else min(chosen, len(found) - 1),
        placeholder=placeholder(feed),
    )


def remarks(latest: Sequence[float | None], medians: Sequence[float | None]) -> list[str]:
    """What stands out in each layer: `vanish` or `explode` beside the others or its own past, or that it is no number."""
    known = [value for value in latest if value is not None and math.isfinite(value) and value > 0]
    middle = statistics.median(known) if len(known) > 1 else None
    found = []
    for value, usual in zip(latest, medians, strict=True):
        if value is None:
            found.append("")
        elif not math.isfinite(value):
            found.append(compact(value))
        elif (middle and value > middle * _APART) or (usual and value > usual * _RISEN):
            found.append("explode")
        else:
            found.append("vanish" if (middle and value < middle / _APART) or (value <= 0 and known) else "")
    return found


def _layers(state: RunState, keys: Sequence[str], along: Axis, *, apart: bool) -> list[strip.Layer]:
    """The layers with what stands out marked; not of shares, which say by themselves how large they are.

    Args:
        apart: whether layers are compared at all.
    """
    known = [key for key in keys if key in state.series]
    latest = [_latest(state, key) for key in known]
    medians = [_median(state, key) for key in known]
    names = _names(known)
    marks = remarks(latest, medians) if apart else [""] * len(known)
    return [
        strip.Layer(
            names[key],
            Placed(state.series[key], along),
            value,
            remark,
            [along.place(float(step)) for step in state.summaries[key].nonfinite_steps],
        )
        for key, value, remark in zip(known, latest, marks, strict=True)
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
    return series.means()[-1]


def _median(state: RunState, key: str) -> float | None:
    means = state.series[key].means()
    return statistics.median(means) if len(means) >= _LEAST_BUCKETS else None


def _shade_limits(name: str, found: Sequence[strip.Layer], x_limits: Limits, memory: LimitsMemory) -> Limits:
    """Whole decades around all values above zero; they hold still like the limits of a chart."""
    columns = [column for layer in found for column in layer.columns.columns(64, *x_limits) if column is not None]
    values = [value for column in columns for value in column if value > 0]
    previous = memory.y.get((name, True))
    if not values:
        return previous or (0.1, 1.0)
    memory.y[(name, True)] = limits(min(values), max(values), previous, log=True)
    return memory.y[(name, True)]


def _heading(wanted: Charted, along: Axis, y_limits: Limits, width: int, ascii_only: bool, greys: bool) -> Row:
    """The title, and which shade is which value."""
    title = printable(wanted.title + (f" ({along.words})" if along.words else ""), ascii_only=ascii_only)
    low, high = (compact(value) for value in y_limits)
    scale = strip.scale(ascii_only, greys)
    taken = cells(low) + cells(high) + 3 + sum(cells(span.text) for span in scale)
    if cells(title) + taken > width:
        return pad([Span(fit(title, min(cells(title), width)), "title")], width)
    blank = " " * (width - cells(title) - taken)
    return pad([Span(title, "title"), Span(f"{blank} {low} ", "muted"), *scale, Span(f" {high}", "muted")], width)
