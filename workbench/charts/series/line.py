"""Line charts of metrics over steps; `title` makes the row above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from workbench.charts.axis import Limits, usable
from workbench.charts.dots import Canvas, Column, Layer, Path, Pen, Scale, connected, dashed, measured, smoothed
from workbench.charts.rows import Row, Rows, Span, fill, fit, merge, printable
from workbench.charts.series.frame import draw
from workbench.charts.series.marks import Mark, foot_rows
from workbench.charts.series.overlay import Point, draw_arrows, draw_cursor, draw_points, draw_threshold, write_note, write_tag
from workbench.charts.series.title import DASHES, SERIES, Reading, Style, dashes, legend, title
from workbench.charts.spark import spark

__all__ = ["Columns", "Ghost", "Line", "Mark", "Point", "Reading", "Style", "extent", "legend", "render", "title"]

_BAND_MARKER = ":"
_SAMPLED = 400  # places at which the least value above zero is looked for
_EXPLAINED_FROM = 5  # rows, from which letters on the axis are explained in the chart
_GHOST_PEN = Pen("muted", ".", DASHES[1])


class Columns(Protocol):
    """What a chart needs of a series: a summary at the resolution of the screen, whatever the length of the run."""

    def columns(self, count: int, x_low: float, x_high: float) -> Sequence[Column | None]:
        """Least, greatest and last (or mean) value around each of `count` places, from one on `x_low` to one on `x_high`."""
        ...

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        """The least and the greatest finite value between the two, or None where there is none."""
        ...


@dataclass(frozen=True)
class Line:
    """One series of a chart.

    Attributes:
        marker: the ASCII character; by default the one that belongs to the place in the chart.
        ink: the role that gives the colour; by default `series0` and so on, by place.
        style: "points" does not connect the values.
        smoothing: over which share of the width to smooth: a dim band from the least to the greatest value, and a smoothed
            line over it. 0 draws the values; 0.015 keeps the steep start of a loss.
        place: which ink, marker and dashes it has; by default those of its place in the chart.
        band: whether the dim band is drawn; `solid` without gaps in it.
        tag: a letter, written over its newest value.
    """

    label: str
    columns: Columns
    marker: str = ""
    ink: str = ""
    style: Style = "line"
    smoothing: float = 0.0
    place: int | None = None
    band: bool = True
    solid: bool = False
    tag: str = ""


class Ghost(NamedTuple):
    """A series that a later one replaced, smoothed as that is."""

    columns: Columns
    smoothing: float = 0.0


def extent(lines: Sequence[Line], x_limits: Limits, log: bool = False) -> tuple[float, float] | None:
    """The least and the greatest value of all lines between the limits of x, from which the limits of y follow.

    For a logarithmic axis the least one above zero, if any is.
    """
    reaches = [reach for line in lines if (reach := line.columns.extent(*x_limits)) is not None]
    if not reaches:
        return None
    low, high = min(low for low, _ in reaches), max(high for _, high in reaches)
    if log and low <= 0:
        columns = [column for line in lines for column in line.columns.columns(_SAMPLED, *x_limits) if column is not None]
        low = min((value for column in columns for value in column if value > 0), default=low)
    return low, high


def render(
    lines: Sequence[Line],
    width: int,
    height: int,
    *,
    x_limits: Limits,
    y_limits: Limits,
    log: bool = False,
    unit: str = "",
    x_unit: str = "",
    whole: bool = False,
    decades: bool = False,
    ascii_only: bool = False,
    dims: bool = True,
    heading: Sequence[Span] = (),
    legends: Sequence[Row] = (),
    notes: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    nonfinite_at: Sequence[float] = (),
    threshold: float | None = None,
    threshold_label: str = "",
    ghosts: Sequence[Ghost] = (),
    cursor: float | None = None,
    points: Sequence[Point] = (),
    mark_outside: bool = False,
    placeholder: str = "",
) -> Rows:
    """Draw the lines in a frame; later ones cover earlier ones. Costs the same for a run of any length.

    Where a frame would leave no room for a course, the heading and a sparkline of each line stand instead.

    Args:
        unit: "%" for shares of one, labelled in percent, or "bytes".
        x_unit: what x is, where that is not steps.
        whole: values are whole numbers, and so are the labels.
        decades: x are exponents of ten, and labelled so: a logarithmic axis.
        dims: whether the terminal can draw a band darker than its line; else only the ends of the band are drawn.
        heading: the first row, usually from `title`.
        legends: the rows below it.
        notes: a few words each, written at the right end where no data are.
        marks: what was changed during the run, with words where the axis has room.
        nonfinite_at: where a value was NaN or infinite, or the run failed: `!` on the x axis, also over a mark.
        threshold: a level to compare with, such as a baseline, as a broken line with `threshold_label`.
        ghosts: series that a later attempt replaced, dim and behind all others.
        cursor: an x at which to draw a vertical line.
        points: values to point out, such as those that are read at the cursor.
        mark_outside: an arrow at the edge where values lie beyond the limits of y.
        placeholder: said in the middle of a chart that has nothing to show.
    """
    x_limits, y_limits = usable(x_limits), usable(y_limits, log)
    top = [*([list(heading)] if heading else []), *(list(row) for row in legends)]
    frame = draw(
        width, height - len(top), x_limits=x_limits, y_limits=y_limits, log=log, unit=unit, x_unit=x_unit, whole=whole,
        ascii_only=ascii_only, decades=decades,
    )  # fmt: skip
    if frame is None:
        return fill([*top[:1], *_small(lines, width, x_limits, ascii_only, placeholder)], width, height)
    y_limits = frame.y_limits
    canvas = Canvas(frame.width, frame.height, ascii_only=ascii_only)
    scale = Scale(y_limits, canvas.rows, log)
    paths = [measured(line.columns.columns(canvas.columns, *x_limits), scale) for line in lines]
    drawn = [_draw_line(canvas, line, index, path, dims, log) for index, (line, path) in enumerate(zip(lines, paths, strict=True))]
    for ghost in ghosts:  # over the bands, behind the lines
        path = measured(ghost.columns.columns(canvas.columns, *x_limits), scale)
        path = smoothed(path, ghost.smoothing) if ghost.smoothing else path
        canvas.draw(dashed(connected(path), _GHOST_PEN.dashes), _GHOST_PEN, Layer.BANDS)
    for line, path in reversed([*zip(lines, paths, strict=True)]):  # of two that end in one cell, the one on top has its letter
        if line.tag:
            write_tag(canvas, path, line.tag, line.ink or f"series{(line.place or 0) % SERIES}")
    draw_points(canvas, points, x_limits, scale)
    if mark_outside or log:
        for path in paths:
            draw_arrows(canvas, path)
    if threshold is not None and y_limits[0] <= threshold <= y_limits[1]:
        draw_threshold(canvas, round(scale(threshold)) * canvas.height // canvas.rows, threshold_label)
    feet, bare = foot_rows(frame, x_limits, canvas.columns, marks, nonfinite_at, ascii_only)
    for note in [*notes, *(bare if canvas.height >= _EXPLAINED_FROM else [])]:
        write_note(canvas, printable(note, ascii_only=ascii_only))
    if cursor is not None:
        draw_cursor(canvas, cursor, x_limits)
    if placeholder and not any(drawn):
        canvas.write((canvas.height - 1) // 2, 0, fit(placeholder, canvas.width, align="center", ascii_only=ascii_only), "muted")
    body = [merge([Span(text[: frame.left], "axis"), *canvas.row(index)]) for index, text in enumerate(frame.rows[: frame.height])]
    return fill([*top, *body, *feet], width, height)


def _draw_line(canvas: Canvas, line: Line, index: int, path: Path, dims: bool, log: bool) -> bool:
    """Draw one series; False when it has nothing between the limits of x."""
    index = index if line.place is None else line.place
    place = index % SERIES
    pen = Pen(line.ink or f"series{place}", legend(index, marker=line.marker, ascii_only=True), DASHES[dashes(index)])
    if log:  # what has no logarithm lies on the bottom edge
        edge = canvas.rows - 1
        path = [reach and (min(reach[0], edge), min(reach[1], edge), min(reach[2], edge)) for reach in path]
    filled = [(column, reach) for column, reach in enumerate(path) if reach is not None]
    if line.style == "points" or len(filled) == 1:
        for column, reach in filled:
            for row in {round(reach[0]), round(reach[1])}:
                canvas.point(column, row, pen)
        return bool(filled)
    if line.smoothing:
        if line.band:
            band = Pen(f"band{place}", _BAND_MARKER)
            for part in [path] if dims else _edges(path):
                canvas.draw(part, band, Layer.BANDS, stippled=not line.solid)
        path = smoothed(path, line.smoothing)
    path = connected(path)
    canvas.draw(path if canvas.ascii_only else dashed(path, pen.dashes), pen)
    return bool(filled)


def _edges(path: Path) -> tuple[Path, Path]:
    """The upper and the lower ends of a band: as bright as its line, the whole of it would hide that."""
    return [reach and (reach[0],) * 3 for reach in path], [reach and (reach[1],) * 3 for reach in path]


def _small(lines: Sequence[Line], width: int, x_limits: Limits, ascii_only: bool, placeholder: str) -> Rows:
    rows: Rows = []
    for index, line in enumerate(lines):
        columns = line.columns.columns(max(2, width), *x_limits)
        course = [column[2] for column in columns if column is not None]
        if course:
            rows.append(
                [Span(spark(course, width, ascii_only), line.ink or f"series{(index if line.place is None else line.place) % SERIES}")]
            )
    return rows or [[Span(fit(placeholder, width, ascii_only=ascii_only), "muted")]]
