"""A chart of some metrics of a run: its lines, smoothed and placed on the axis that is wanted, with marks and words."""

from __future__ import annotations

from typing import Protocol

from workbench.charts import line
from workbench.charts.rows import Rows
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.views.plots import bounds
from workbench.views.plots.axes import Placed, axis
from workbench.views.plots.heading import failed_at, heading, is_dense, labels, lost_steps, marks, unit_of
from workbench.views.plots.view import SMOOTHINGS, ChartStyle, LimitsMemory, View

_SMOOTHED_ON_REQUEST = 8  # points


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
    x_limits = bounds.of_steps(state, along, view)
    names = labels(keys)
    lines = [
        line.Line(names[key], Placed(state.series[key], along), smoothing=_smoothing(state, key, style))
        for key in keys
        if key in state.series
    ]
    before = [Placed(past.series[key], along) for key in keys for past in feed.earlier if key in past.series]
    threshold = bounds.threshold(feed, keys)
    drawn = [*lines, *(line.Line("", past) for past in before)]
    y_limits = bounds.of_values(wanted.name, drawn, x_limits, log=log, outliers=style.outliers, threshold=threshold, memory=memory)
    remarks = ["log" if log else "", along.words, "" if style.outliers else "without outliers"]
    head = heading(feed, wanted.title, keys, remarks, view, width, ascii_only=ascii_only)
    return line.render(
        lines, width, height, x_limits=x_limits, y_limits=y_limits, log=log, percent=unit_of(state, keys) == "%", ascii_only=ascii_only,
        heading=head.row, notes=head.notes,
        marks=[(along.place(float(step)), text) for step, text in marks(state)],
        nonfinite_at=[along.place(float(step)) for step in (*lost_steps(state, keys), *failed_at(state))],
        threshold=threshold.value if threshold else None,
        threshold_label=threshold.label if threshold else "",
        ghosts=[*before, *(Placed(ghost, along) for key in keys for ghost in state.ghosts.get(key, ()))],
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


def placeholder(feed: Feed) -> str:
    """What an empty chart says: what the run does instead of logging this."""
    if not feed.status.is_live:
        return "nothing was logged"
    return f"{feed.state.phase} ..." if feed.state.phase and feed.state.phase != "training" else "nothing yet"


def _smoothing(state: RunState, key: str, style: ChartStyle) -> float:
    """Over which share of the width a line is smoothed: by itself only where it is noisy."""
    strength = SMOOTHINGS[style.smoothing]
    points = state.summaries[key].count if key in state.summaries else 0
    on_request = style.smoothing != ChartStyle().smoothing and points >= _SMOOTHED_ON_REQUEST
    return strength if on_request or is_dense(state, key) else 0.0
