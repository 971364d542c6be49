"""A chart of some metrics of a run: with which limits, smoothing, marks and words its lines are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from workbench.charts import line
from workbench.charts.axis import Limits, limits, right_edge
from workbench.charts.rows import Row, Rows, cells
from workbench.runs import clipping
from workbench.runs.feed import Feed
from workbench.runs.series import Summary
from workbench.runs.state import RunState
from workbench.units import compact, metric
from workbench.views.axes import Axis, Placed, axis
from workbench.views.view import SMOOTHINGS, ChartStyle, LimitsMemory, View

_LEAST_STEPS = 20.0  # on the x axis, so that a run that begins does not jump at each step
_SMOOTHED_FROM = 80  # points: fewer are readable as they are
_SMOOTHED_ON_REQUEST = 8
_SPLITS = {"validation": "val"}  # as titles abbreviate them: two readings fit 39 cells so
_SAMPLED = 200  # places at which outliers are looked for
_TAIL = 0.03  # of the values at either end, which may be outliers
_BEYOND = 0.5  # of the span of the others: from so far away they are


class Charted(Protocol):
    """What is drawn: a slot."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def metrics(self) -> tuple[str, ...]: ...
    @property
    def log(self) -> bool: ...


def draw(feed: Feed, wanted: Charted, width: int, height: int, *, ascii_only: bool, memory: LimitsMemory, view: View) -> Rows:
    """The chart in exactly `width` by `height` cells, the first row its title."""
    state, keys = feed.state, wanted.metrics
    style = style_of(wanted, view, memory)
    log = is_log(wanted, style)
    along = axis(state, style.along)
    x_limits = placed_limits(state, along, view)
    names = labels(keys)
    lines = [
        line.Line(names[key], Placed(state.series[key], along), smoothing=_smoothing(state, key, style))
        for key in keys
        if key in state.series
    ]
    threshold = _threshold(feed, keys)
    y_limits = _y_limits(wanted.name, lines, x_limits, log, style, threshold, memory)
    lost = sorted({step for key in keys if key in state.summaries for step in state.summaries[key].nonfinite_steps})
    return line.render(
        lines, width, height, x_limits=x_limits, y_limits=y_limits, log=log, ascii_only=ascii_only,
        heading=_heading(feed, wanted, style, along, view, lost, width, ascii_only),
        marks=[(along.place(float(change.step)), change.text) for change in state.interventions],
        nonfinite_at=[along.place(float(step)) for step in lost],
        threshold=threshold[1] if threshold else None,
        threshold_label=threshold[0] if threshold else "",
        ghosts=[Placed(ghost, along) for key in keys for ghost in state.ghosts.get(key, ())],
        cursor=None if view.cursor is None else along.place(view.cursor),
        mark_outside=not style.outliers,
        placeholder=placeholder(feed),
    )  # fmt: skip


def style_of(wanted: Charted, view: View, memory: LimitsMemory) -> ChartStyle:
    """How the chart is drawn: as it is looked at, else as its first metric was last."""
    return view.style or memory.styles.get(remembered_as(wanted)) or ChartStyle()


def remembered_as(wanted: Charted) -> str:
    """The metric that a chart's style is remembered for, in every run that logs it."""
    return wanted.metrics[0] if wanted.metrics else wanted.name


def is_log(wanted: Charted, style: ChartStyle) -> bool:
    return wanted.log if style.log is None else style.log


def placed_limits(state: RunState, along: Axis, view: View) -> Limits:
    """From where to where the x axis goes: the steps that are looked at, else the whole run up to a round number."""
    if view.x_limits:
        return along.place(view.x_limits[0]), along.place(view.x_limits[1])
    least = _LEAST_STEPS if along.place(1.0) == 1.0 else 1.0
    return 0.0, right_edge(along.place(float(state.step)), least)


def placeholder(feed: Feed) -> str:
    """What an empty chart says: what the run does instead of logging this."""
    if not feed.status.is_live:
        return "nothing was logged"
    return f"{feed.state.phase} ..." if feed.state.phase and feed.state.phase != "training" else "nothing yet"


def labels(keys: Sequence[str]) -> dict[str, str]:
    """A short name for each metric of one chart: only what tells them apart."""
    parts = [key.split("/") for key in keys]
    head = 0
    while len(parts) > 1 and all(len(part) > head + 1 for part in parts) and len({part[head] for part in parts}) == 1:
        head += 1
    tail = 0
    while len(parts) > 1 and all(len(part) > head + tail + 1 for part in parts) and len({part[-1 - tail] for part in parts}) == 1:
        tail += 1
    cut = [part[head : len(part) - tail] for part in parts]
    return {key: "/".join(_SPLITS.get(word, word) for word in part).replace("_", " ") for key, part in zip(keys, cut, strict=True)}


def _heading(
    feed: Feed, wanted: Charted, style: ChartStyle, along: Axis, view: View, lost: Sequence[int], width: int, ascii_only: bool
) -> Row:
    state, keys = feed.state, wanted.metrics
    names = labels(keys)
    unit = state.declaration(keys[0]).get("unit", "") if keys else ""
    count = sum(state.summaries[key].nonfinite for key in keys if key in state.summaries)
    return line.title(
        _named(wanted.title, ["log" if is_log(wanted, style) else "", along.words, "" if style.outliers else "without outliers"], width),
        [_reading(state, key, names[key] if len(keys) > 1 else "") for key in keys],
        width,
        best=_best(state, keys),
        nonfinite=(count, lost[0]) if lost else None,
        note=_clipped(feed, keys, view),
        form=lambda value: metric(value, unit).replace(" %", "%").replace("100.0%", "100%"),  # a title is short of room
        ascii_only=ascii_only,
    )


def _named(title: str, remarks: Sequence[str], width: int) -> str:
    """`loss (log, by minute)`, with as many remarks as leave half of the row to the values."""
    said = [remark for remark in remarks if remark]
    while said and cells(f"{title} ({', '.join(said)})") > (width + 1) // 2:
        said.pop()
    return title + (f" ({', '.join(said)})" if said else "")


def _clipped(feed: Feed, keys: Sequence[str], view: View) -> str:
    """The share of steps in sight whose gradient was clipped."""
    shares = [feed.clipping.share(key, view.x_limits) for key in keys if clipping.is_norm(key)]
    known = [share for share in shares if share is not None]
    return f"clipped {100 * max(known):.0f}%" if known and (feed.clipping.norm is not None or any(known)) else ""


def _smoothing(state: RunState, key: str, style: ChartStyle) -> float:
    """Over which share of the width a line is smoothed: by itself only where it is noisy."""
    strength = SMOOTHINGS[style.smoothing]
    points = state.summaries[key].count if key in state.summaries else 0
    on_request = style.smoothing != ChartStyle().smoothing and points >= _SMOOTHED_ON_REQUEST
    return strength if on_request or _is_dense(state, key) else 0.0


def _threshold(feed: Feed, keys: Sequence[str]) -> tuple[str, float] | None:
    """The level to compare with: where gradients are clipped, or what needs no network."""
    if feed.clipping.norm is not None and any(clipping.is_norm(key) for key in keys):
        return f"{clipping.SETTING} {compact(feed.clipping.norm)}", feed.clipping.norm
    return _baseline(feed.state, keys)


def _y_limits(
    name: str,
    lines: list[line.Line],
    x_limits: Limits,
    log: bool,
    style: ChartStyle,
    threshold: tuple[str, float] | None,
    memory: LimitsMemory,
) -> Limits:
    reach = line.extent(lines, x_limits) if style.outliers else _usual(lines, x_limits, log)
    previous = memory.y.get((name, log))
    if reach is None:
        return previous or limits(0.1 if log else 0.0, 1.0, log=log)
    low, high = reach
    if threshold and _is_near(threshold[1], low, high, log):  # a far level would flatten the curve
        low, high = min(low, threshold[1]), max(high, threshold[1])
    memory.y[(name, log)] = limits(low, high, previous, log)
    return memory.y[(name, log)]


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


def _reading(state: RunState, key: str, label: str) -> line.Reading:
    summary = state.summaries.get(key, Summary())
    series = state.series.get(key)
    trend = 0.0
    if series is not None and len(series.first) > 1 and not _is_dense(state, key):  # of a noisy one the arrow would flicker
        trend = series.total[-1] / series.points[-1] - series.total[-2] / series.points[-2]
    return line.Reading(label, summary.last, trend)


def _is_dense(state: RunState, key: str) -> bool:
    """Whether a metric is logged at about every step, long enough to be smoothed."""
    count = state.summaries[key].count if key in state.summaries else 0
    return count >= _SMOOTHED_FROM and count * 2 >= state.step


def _best(state: RunState, keys: Sequence[str]) -> tuple[float, float] | None:
    """The best value of the chart's objective, else of its last metric with a goal."""
    ordered = sorted(keys, key=lambda key: key == state.objective)
    for key in reversed(ordered):
        summary = state.summaries.get(key)
        if key.startswith("train/") or summary is None:
            continue
        value, step = summary.best(state.declaration(key).get("goal", "none"))
        if value is not None and step is not None:
            return value, float(step)
    return None


def _baseline(state: RunState, keys: Sequence[str]) -> tuple[str, float] | None:
    """What needs no network, best of its kind, on the chart of the objective."""
    known = {str(name): float(value) for name, value in (state.data.get("baseline") or {}).items()}
    if state.objective not in keys or not known:
        return None
    pick = min if state.declaration(state.objective).get("goal") == "min" else max
    name = pick(known, key=lambda key: known[key])
    return name.rpartition("/")[2].replace("_", " "), known[name]
