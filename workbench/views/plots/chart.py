"""A chart of some metrics of a run: its lines, smoothed and placed on the axis that is wanted, with marks and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from workbench.charts.rows import Rows
from workbench.charts.series import line
from workbench.charts.series.title import SERIES
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.series import Series
from workbench.views.plots import bounds
from workbench.views.plots.axes import Axis, Placed, axis
from workbench.views.plots.heading import failed_at, heading, labels, lost_steps, marks, unit_of
from workbench.views.plots.readout import logged
from workbench.views.plots.view import ChartStyle, LimitsMemory, View, smoothing

_EXPLAINED_FROM = 14  # rows, from which each chart says what the letters on its axis mean; of lower ones the first does
_DIM_FROM = 16  # colours, from which a terminal draws a band darker than its line


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
    @property
    def all_metrics(self) -> int: ...


def draw(feed: Feed, wanted: Charted, width: int, height: int, *, ascii_only: bool, colours: int, memory: LimitsMemory, view: View) -> Rows:
    """The chart in exactly `width` by `height` cells, the first row its title."""
    state, keys = feed.state, wanted.metrics
    style = style_of(wanted, view, memory)
    log = is_log(wanted, style)
    along = axis(state, style.along)
    x_limits = bounds.of_steps(state, along, view)
    names, unit = labels(keys, state), unit_of(state, keys)
    series = {key: state.series[key] for key in keys if key in state.series}
    series |= _fine(feed, series, view)
    share = {key: smoothing(each, style.smoothing) for key, each in series.items()}
    lines = [line.Line(names[key], Placed(each, along), smoothing=share[key]) for key, each in series.items()]
    before = [
        line.Ghost(Placed(past.series[key], along), share.get(key, 0.0)) for key in keys for past in feed.earlier if key in past.series
    ]
    left = [line.Ghost(Placed(ghost, along), share.get(key, 0.0)) for key in keys for ghost in state.ghosts.get(key, ())]
    threshold = bounds.threshold(feed, keys)
    drawn = [*lines, *(line.Line("", past.columns) for past in before)]
    y_limits = bounds.of_values(
        wanted.name, drawn, x_limits, log=log, outliers=style.outliers, threshold=threshold, memory=memory, share=unit == "%"
    )
    remarks = ["" if style.outliers else "without outliers"]
    head = heading(feed, wanted.title, keys, remarks, view, width, height, all_metrics=wanted.all_metrics, ascii_only=ascii_only)
    explains = wanted.name == next(iter(state.slots), "") or height >= _EXPLAINED_FROM
    return line.render(
        lines, width, height, x_limits=x_limits, y_limits=y_limits, log=log, unit=unit, x_unit=along.unit,
        whole=unit != "%" and bounds.are_whole(drawn, x_limits), ascii_only=ascii_only, dims=colours >= _DIM_FROM,
        heading=head.row, legends=head.legends, notes=head.notes,
        marks=[mark._replace(x=along.place(mark.x), meaning=mark.meaning if explains else "") for mark in marks(state)],
        nonfinite_at=[along.place(float(step)) for step in (*lost_steps(state, keys), *failed_at(state))],
        threshold=threshold.value if threshold else None,
        threshold_label=threshold.label if threshold else "",
        ghosts=[*before, *left],
        cursor=None if view.cursor is None else along.place(view.cursor),
        points=_read(feed, keys, along, view),
        mark_outside=not style.outliers,
        placeholder=placeholder(feed),
    )  # fmt: skip


def _fine(feed: Feed, series: Mapping[str, Series], view: View) -> dict[str, Series]:
    """Of a part of a long run what was logged there: what is kept of all of it would be a few bars."""
    if view.x_limits is None:
        return {}
    thinned = [key for key, each in series.items() if each.stride > 1]
    return feed.index.between(feed.folder.events, thinned, *view.x_limits)


def _read(feed: Feed, keys: Sequence[str], along: Axis, view: View) -> list[line.Point]:
    """The values that are read at the cursor, each where it was logged."""
    known = [key for key in keys if key in feed.state.series]
    if view.cursor is None or not known:
        return []
    found = logged(feed, known, round(view.cursor))
    inks = {key: f"series{place % SERIES}" for place, key in enumerate(known)}
    return [line.Point(along.place(float(each.step)), each.value, inks[key]) for key, each in found.items()]


def style_of(wanted: Charted, view: View, memory: LimitsMemory) -> ChartStyle:
    """How the chart is drawn: as it is looked at, else as its first metric was last."""
    return view.style or memory.styles.get(remembered_as(wanted)) or ChartStyle()


def remembered_as(wanted: Charted) -> str:
    """The metric that a chart's style is remembered for, in every run that logs it."""
    return wanted.metrics[0] if wanted.metrics else wanted.name


def is_log(wanted: Charted, style: ChartStyle) -> bool:
    return wanted.log if style.log is None else style.log


def placeholder(feed: Feed) -> str:
    """What an empty chart says: what the run does instead of logging this."""
    if not feed.status.is_live:
        return "nothing was logged"
    return f"{feed.state.phase} ..." if feed.state.phase and feed.state.phase != "training" else "nothing yet"
