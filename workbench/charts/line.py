"""Line charts of metrics over steps; `title` makes the row above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.charts.axis import Limits, position, usable
from workbench.charts.dots import Canvas, Column, Layer, Path, Pen, Scale, connected, dashed, measured, smoothed
from workbench.charts.frame import Frame, draw
from workbench.charts.rows import Rows, Span, cells, fill, fit, merge, printable
from workbench.charts.spark import spark
from workbench.charts.title import DASHES, SERIES, Reading, Style, dashes, legend, title

__all__ = ["Columns", "Line", "Reading", "Style", "extent", "legend", "render", "title"]

_BAND_MARKER = ":"
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


def extent(lines: Sequence[Line], x_limits: Limits) -> tuple[float, float] | None:
    """The least and the greatest value of all lines between the limits of x, from which the limits of y follow."""
    reaches = [reach for line in lines if (reach := line.columns.extent(*x_limits)) is not None]
    return (min(low for low, _ in reaches), max(high for _, high in reaches)) if reaches else None


def render(
    lines: Sequence[Line],
    width: int,
    height: int,
    *,
    x_limits: Limits,
    y_limits: Limits,
    log: bool = False,
    percent: bool = False,
    decades: bool = False,
    ascii_only: bool = False,
    heading: Sequence[Span] = (),
    notes: Sequence[str] = (),
    marks: Sequence[tuple[float, str]] = (),
    nonfinite_at: Sequence[float] = (),
    threshold: float | None = None,
    threshold_label: str = "",
    ghosts: Sequence[Columns] = (),
    cursor: float | None = None,
    mark_outside: bool = False,
    placeholder: str = "",
) -> Rows:
    """Draw the lines in a frame; later ones cover earlier ones. Costs the same for a run of any length.

    Where a frame would leave no room for a course, the heading and a sparkline of each line stand instead.

    Args:
        percent: values are shares of one; the axis is labelled in percent.
        decades: x are exponents of ten, and labelled so: a logarithmic axis.
        heading: the first row, usually from `title`.
        notes: a few words each, written at the right end where no data are.
        marks: what was changed during the run: `^` on the x axis, with its text where the axis has room.
        nonfinite_at: where a value was NaN or infinite, or the run failed: `!` on the x axis, also over a mark.
        threshold: a level to compare with, such as a baseline, as a broken line with `threshold_label`.
        ghosts: series that a later attempt replaced, dim and behind all others.
        cursor: an x at which to draw a vertical line.
        mark_outside: an arrow at the edge where values lie beyond the limits of y.
        placeholder: said in the middle of a chart that has nothing to show.
    """
    x_limits, y_limits = usable(x_limits), usable(y_limits, log)
    size = (width, height - bool(heading))
    frame = draw(*size, x_limits=x_limits, y_limits=y_limits, log=log, percent=percent, ascii_only=ascii_only, decades=decades)
    top = [list(heading)] if heading else []
    if frame is None:
        return fill([*top, *_small(lines, width, x_limits, ascii_only, placeholder)], width, height)
    canvas = Canvas(frame.width, frame.height, ascii_only=ascii_only)
    scale = Scale(y_limits, canvas.rows, log)
    paths = [measured(line.columns.columns(canvas.columns, *x_limits), scale) for line in lines]
    drawn = [_draw_line(canvas, line, index, path) for index, (line, path) in enumerate(zip(lines, paths, strict=True))]
    for ghost in ghosts:  # over the bands, behind the lines
        path = measured(ghost.columns(canvas.columns, *x_limits), scale)
        canvas.draw(dashed(connected(path), _GHOST_PEN.dashes), _GHOST_PEN, Layer.BANDS)
    for line, path in reversed([*zip(lines, paths, strict=True)]):  # of two that end in one cell, the one on top has its letter
        _write_tag(canvas, line, path)
    if mark_outside:
        for path in paths:
            _mark_outside(canvas, path)
    if threshold is not None and y_limits[0] <= threshold <= y_limits[1]:
        _draw_threshold(canvas, round(scale(threshold)) * canvas.height // canvas.rows, threshold_label)
    for note in notes:
        _write_note(canvas, printable(note, ascii_only=ascii_only))
    if cursor is not None:
        _draw_cursor(canvas, cursor, x_limits)
    if placeholder and not any(drawn):
        canvas.write((canvas.height - 1) // 2, 0, fit(placeholder, canvas.width, align="center", ascii_only=ascii_only), "muted")
    feet = _feet(frame, canvas, x_limits, marks, nonfinite_at)
    body = [merge([Span(text[: frame.left], "axis"), *canvas.row(index)]) for index, text in enumerate(frame.rows[: frame.height])]
    return fill([*top, *body, *feet], width, height)


def _draw_line(canvas: Canvas, line: Line, index: int, path: Path) -> bool:
    """Draw one series; False when it has nothing between the limits of x."""
    index = index if line.place is None else line.place
    place = index % SERIES
    pen = Pen(line.ink or f"series{place}", legend(index, marker=line.marker, ascii_only=True), DASHES[dashes(index)])
    filled = [(column, reach) for column, reach in enumerate(path) if reach is not None]
    if line.style == "points" or len(filled) == 1:
        for column, reach in filled:
            for row in {round(reach[0]), round(reach[1])}:
                canvas.point(column, row, pen)
        return bool(filled)
    if line.smoothing:
        if line.band:
            canvas.draw(path, Pen(f"band{place}", _BAND_MARKER), Layer.BANDS, stippled=not line.solid)
        path = smoothed(path, line.smoothing)
    path = connected(path)
    canvas.draw(path if canvas.ascii_only else dashed(path, pen.dashes), pen)
    return bool(filled)


def _write_tag(canvas: Canvas, line: Line, path: Path) -> None:
    end = next((column for column in reversed(range(len(path))) if path[column] is not None), None)
    reach = None if end is None else path[end]
    if line.tag and end is not None and reach is not None and 0 <= reach[2] < canvas.rows:
        row, column = round(reach[2]) * canvas.height // canvas.rows, end * canvas.width // canvas.columns
        canvas.write(min(row, canvas.height - 1), column, line.tag, line.ink or f"series{(line.place or 0) % SERIES}")


def _mark_outside(canvas: Canvas, path: Path) -> None:
    up, down = ("^", "v") if canvas.ascii_only else ("▲", "▼")
    for column, reach in enumerate(path):
        cell = column * canvas.width // canvas.columns
        if reach is not None and reach[0] < -0.5:
            canvas.write(0, cell, up, "mark")
        if reach is not None and reach[1] > canvas.rows - 0.5:
            canvas.write(canvas.height - 1, cell, down, "mark")


def _draw_threshold(canvas: Canvas, row: int, label: str) -> None:
    dash = "- " if canvas.ascii_only else "╌"
    for column in range(canvas.width):
        canvas.rule(row, column, dash[column % len(dash)], "threshold")
    label = printable(label, ascii_only=canvas.ascii_only)
    width = cells(label) + 2
    for column in (canvas.width - width, 0):  # at the right end, else at the left one, else where no data are: nowhere
        if label and canvas.is_free(row, column, width):
            canvas.write(row, column, f" {label} ", "threshold")
            return


def _write_note(canvas: Canvas, note: str) -> None:
    """Write it in the first row that is free at the right end, from the top."""
    width = cells(note) + 1
    column = canvas.width - width
    row = next((row for row in range(canvas.height) if canvas.is_free(row, column, width)), None)
    if row is not None:
        canvas.write(row, column, f" {note}", "muted")


def _draw_cursor(canvas: Canvas, cursor: float, x_limits: Limits) -> None:
    column = position(cursor, *x_limits, canvas.width)
    if column is not None:
        for row in range(canvas.height):
            canvas.rule(row, column, "|" if canvas.ascii_only else "┊", "mark")


def _feet(frame: Frame, canvas: Canvas, x_limits: Limits, marks: Sequence[tuple[float, str]], nonfinite_at: Sequence[float]) -> Rows:
    """The rows below the canvas, with marks on the axis; a mark that would hide a label stands just above it."""
    axis, *below = frame.rows[frame.height :]
    letters = [Span(letter, "axis") for letter in axis]
    signs: dict[int, tuple[str, str]] = {}
    for x, sign, text in [*((x, "^", text) for x, text in marks), *((x, "!", "") for x in nonfinite_at)]:
        place = position(x, *x_limits, canvas.columns)
        if place is not None:  # of several in one cell the last stays: `!`, or the latest change
            column = frame.left + place * canvas.width // canvas.columns
            signs[column] = (sign, text or signs.get(column, ("", ""))[1])
    for column, (sign, _) in signs.items():
        if column in frame.labelled:
            canvas.write(frame.height - 1, column - frame.left, sign, "mark")
        else:
            letters[column] = Span(sign, "mark")
    if below:  # the labels have a row of their own, so here is room for words
        _write_texts(letters, frame.left, {column: printable(text, ascii_only=canvas.ascii_only) for column, (_, text) in signs.items()})
    return [merge(letters), *([Span(text, "axis")] for text in below)]


def _write_texts(letters: list[Span], left: int, texts: dict[int, str]) -> None:
    """Write what each mark means to its right, or else to its left, over ticks but not over other marks.

    Longer ones, which say more, come first, and of those of one length the latest.
    """
    free = set(range(left, len(letters))) - set(texts)
    for column, text in sorted(texts.items(), key=lambda mark: (cells(mark[1]), mark[0]), reverse=True):
        width = cells(text)
        start = next((start for start in (column + 1, column - width) if free.issuperset(range(start, start + width))), None)
        if text and start is not None:
            letters[start : start + width] = [Span(text, "mark"), *[Span("")] * (width - 1)]
            free.difference_update(range(start - 1, start + width + 1))


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
