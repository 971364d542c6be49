"""Line charts of metrics over steps; `title` makes the row above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from workbench.charts.axis import Limits, position, usable
from workbench.charts.dots import Canvas, Column, Layer, Path, Pen, Scale, connected, dashed, measured, smoothed
from workbench.charts.frame import Frame, draw
from workbench.charts.rows import Row, Rows, Span, cells, cut, fill, fit, merge, printable
from workbench.charts.spark import spark
from workbench.charts.title import DASHES, SERIES, Reading, Style, dashes, legend, title

__all__ = ["Columns", "Line", "Mark", "Reading", "Style", "extent", "legend", "render", "title"]

_BAND_MARKER = ":"
_SAMPLED = 400  # places at which the least value above zero is looked for
_BESIDE = 5  # cells that a mark may stand from its place where a label or another mark has that
_EXPLAINED_FROM = 5  # rows, from which letters on the axis are explained in the chart
_LEAST_LABEL = 4  # cells of the label of a threshold that still say something
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


class Mark(NamedTuple):
    """Something that was done during the run, on the x axis.

    Attributes:
        words: written beside it where the axis has room, with `^` in place of the letter.
        meaning: of the letter, in a word.
    """

    x: float
    letter: str
    words: str = ""
    meaning: str = ""


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
    ghosts: Sequence[Columns] = (),
    cursor: float | None = None,
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
        path = measured(ghost.columns(canvas.columns, *x_limits), scale)
        canvas.draw(dashed(connected(path), _GHOST_PEN.dashes), _GHOST_PEN, Layer.BANDS)
    for line, path in reversed([*zip(lines, paths, strict=True)]):  # of two that end in one cell, the one on top has its letter
        _write_tag(canvas, line, path)
    if mark_outside or log:
        for path in paths:
            _mark_outside(canvas, path)
    if threshold is not None and y_limits[0] <= threshold <= y_limits[1]:
        _draw_threshold(canvas, round(scale(threshold)) * canvas.height // canvas.rows, threshold_label)
    feet, bare = _feet(frame, x_limits, canvas.columns, marks, nonfinite_at, ascii_only)
    for note in [*notes, *(bare if canvas.height >= _EXPLAINED_FROM else [])]:
        _write_note(canvas, printable(note, ascii_only=ascii_only))
    if cursor is not None:
        _draw_cursor(canvas, cursor, x_limits)
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


def _write_tag(canvas: Canvas, line: Line, path: Path) -> None:
    end = next((column for column in reversed(range(len(path))) if path[column] is not None), None)
    reach = None if end is None else path[end]
    if line.tag and end is not None and reach is not None and 0 <= reach[2] < canvas.rows:
        row, column = round(reach[2]) * canvas.height // canvas.rows, end * canvas.width // canvas.columns
        canvas.write(min(row, canvas.height - 1), column, line.tag, line.ink or f"series{(line.place or 0) % SERIES}")


def _mark_outside(canvas: Canvas, path: Path) -> None:
    """An arrow where a line leaves the canvas; of many cells in a row only the first has one."""
    up, down = ("^", "v") if canvas.ascii_only else ("▲", "▼")
    above = {column * canvas.width // canvas.columns for column, reach in enumerate(path) if reach and reach[0] < -0.5}
    below = {column * canvas.width // canvas.columns for column, reach in enumerate(path) if reach and reach[1] > canvas.rows - 0.5}
    for cells_out, row, sign in ((above, 0, up), (below, canvas.height - 1, down)):
        for cell in cells_out:
            if cell - 1 not in cells_out:
                canvas.write(row, cell, sign, "mark")


def _draw_threshold(canvas: Canvas, row: int, label: str) -> None:
    dash = "- " if canvas.ascii_only else "╌"
    for column in range(canvas.width):
        canvas.rule(row, column, dash[column % len(dash)], "threshold")
    label = printable(label, ascii_only=canvas.ascii_only)
    for text in dict.fromkeys([label, cut(label, 12, ascii_only=canvas.ascii_only)]):
        width = cells(text) + 2
        ends = [canvas.width - width, *range(canvas.width - width)]
        for beside in (row, row - 1, row + 1):  # on the line, else just above or below it
            for column in ends:
                if text and 0 <= beside < canvas.height and canvas.is_free(beside, column, width):
                    canvas.write(beside, column, f" {text} ", "threshold")
                    return
    if len(label) >= _LEAST_LABEL:  # a broken line that nothing explains is worse than a few hidden dots
        text = cut(label, canvas.width // 3, ascii_only=canvas.ascii_only)
        canvas.write(row, canvas.width - cells(text) - 1, f"{text} ", "threshold")


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


def _feet(
    frame: Frame, x_limits: Limits, columns: int, marks: Sequence[Mark], nonfinite_at: Sequence[float], ascii_only: bool
) -> tuple[Rows, list[str]]:
    """The rows below the canvas with the marks on the axis, and what those letters mean that no words explain there."""
    axis, *below = frame.rows[frame.height :]
    letters = [Span(letter, "axis") for letter in axis]
    signs: dict[int, Mark] = {}
    everything = [*(Mark(x, "!") for x in nonfinite_at), *marks]
    for mark in sorted(everything, key=lambda mark: mark.letter != "!"):
        place = position(mark.x, *x_limits, columns)
        if place is None:
            continue
        wanted = frame.left + place * frame.width // columns
        same = signs.get(wanted)
        if same and same.letter == mark.letter == "!":
            signs[wanted] = same if same.words else mark
            continue
        column = next((at for at in around(wanted, frame.left, len(letters)) if at not in frame.labelled and at not in signs), None)
        if column is not None:
            signs[column] = mark
            letters[column] = Span(printable(mark.letter, ascii_only=ascii_only), "mark")
    words = {column: printable(mark.words, ascii_only=ascii_only) for column, mark in signs.items()}
    told = _write_texts(letters, frame.left, words) if below else set()  # the labels have a row of their own: here is room
    bare = {mark.letter: mark.meaning for column, mark in sorted(signs.items()) if column not in told and mark.meaning}
    notes = ["  ".join(f"{letter} {meaning}" for letter, meaning in bare.items())] if bare else []
    return [merge(letters), *([Span(text, "axis")] for text in below)], notes


def around(column: int, left: int, right: int) -> list[int]:
    """The place itself, then those beside it."""
    near = [column, *(column + side * distance for distance in range(1, _BESIDE + 1) for side in (1, -1))]
    return [at for at in near if left <= at < right]


def _write_texts(letters: list[Span], left: int, texts: dict[int, str]) -> set[int]:
    """Write what each mark means to its right, or else to its left, over ticks but not over other marks; returns which.

    Longer ones, which say more, come first, and of those of one length the latest.
    """
    free = set(range(left, len(letters))) - set(texts)
    told = set()
    for column, text in sorted(texts.items(), key=lambda mark: (cells(mark[1]), mark[0]), reverse=True):
        width = cells(text)
        start = next((start for start in (column + 1, column - width) if free.issuperset(range(start, start + width))), None)
        if text and start is not None:
            letters[start : start + width] = [Span(text, "mark"), *[Span("")] * (width - 1)]
            free.difference_update(range(start - 1, start + width + 1))
            told.add(column)
            if letters[column].text != "!":
                letters[column] = Span("^", "mark")
    return told


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
