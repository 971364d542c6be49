"""A matrix as shaded cells: confusion and attention matrices, gradient norms per layer over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from workbench.charts.axis import LARGEST
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, merge, printable
from workbench.units import compact

Matrix = Sequence[Sequence[float | None]]

_ASCII_SHADES = " .:-=+*#%@"
_SHADES = " ░▒▓█"
_GREYS = 24  # that 256 colours have; more levels would only cost bytes
_FAINT = 133  # the grey of a dot that stands for nothing
_CELL = 6  # columns without values, where rows are low: wider ones look like bars
_WIDEST_CELL = 12
_MOST_LABEL = 1 / 3  # of the width
_NARROWEST_WITH_LABELS = 8
_CELL_SHAPE = 2  # times as many columns as rows: then a cell is about a square
_READABLE = 3  # cells of a column from which its label is cut to fit instead of being written over the next ones


def render(
    matrix: Matrix,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
    values: bool = True,
    log: bool = False,
    greys: bool = True,
) -> Rows:
    """Draw a cell for each value: None is left blank, what is not finite is `!`.

    Rows and columns for which there is no room are joined with their neighbours, of which the greatest value is shown:
    a single exploding layer stays visible.

    Args:
        row_labels: one for each row, or none; likewise for columns.
        values: write the numbers where all of them fit.
        log: shade by the logarithm, from the least positive value; zero and below are the darkest.
        greys: shade by grey backgrounds; if not (one colour), by characters. ASCII always uses characters.
    """
    columns = max(map(len, matrix), default=0)
    if not columns or width < 1 or height < 1:
        return fill([], width, height)
    names = [printable(label, ascii_only=ascii_only) for label in row_labels]
    gutter = min(max(map(cells, names), default=0) + 1, int(_MOST_LABEL * width)) if names and width >= _NARROWEST_WITH_LABELS else 0
    headed = bool(column_labels) and height > 1
    groups, starts = _groups(len(matrix), height - headed), _groups(columns, width - gutter)
    pooled = [[_pool(matrix, rows, places) for places in starts] for rows in groups]
    texts = _texts(pooled)
    room = (width - gutter) // len(starts)
    longest = max(cells(text) for row in texts for text in row)
    whole = len(groups) == len(matrix) and len(starts) == columns  # the number of a joined cell would be misread
    written = values and whole and longest < room
    tallest = (height - headed) // len(groups) if not written or (greys and not ascii_only) else 1  # else there is nothing to shade
    cell = min(room, max(longest + 2 if written else _CELL, min(_WIDEST_CELL, _CELL_SHAPE * tallest)))
    tall = max(1, min(tallest, cell // _CELL_SHAPE))
    shade = _shader(pooled, log)
    centred = written and cell > longest + 2
    if centred:
        texts = [[text.rjust(longest).center(cell) for text in row] for row in texts]
    drawn: Rows = []
    if headed:
        shown = [column_labels[place.start] if place.start < len(column_labels) else "" for place in starts]
        drawn.append([Span(" " * gutter), Span(_header(shown, cell, width - gutter, centred or not written, ascii_only), "axis")])
    for rows, line, words in zip(groups, pooled, texts, strict=True):
        name = names[rows.start] if rows.start < len(names) else ""
        for part in range(tall):
            middle = part == (tall - 1) // 2
            row: Row = [Span(fit(name if middle else "", gutter - 1) + " " if gutter else "", "axis")]
            for value, text in zip(line, words, strict=True):
                row.append(_cell(value, (text if middle else "") if written else None, cell, shade, ascii_only, greys))
            drawn.append(merge(row))
    return fill(drawn, width, height)


def _groups(count: int, room: int) -> list[range]:
    """`count` places shared out over at most `room`."""
    room = max(1, min(count, room))
    return [range(index * count // room, (index + 1) * count // room) for index in range(room)]


def _pool(matrix: Matrix, rows: range, columns: range) -> float | None:
    found = [matrix[row][column] for row in rows for column in columns if column < len(matrix[row])]
    known = [value for value in found if value is not None]
    return next((value for value in known if not math.isfinite(value)), max(known, default=None))


def _texts(matrix: Matrix) -> list[list[str]]:
    """What is written in each cell: shares with two decimals, zero as a dot so that the pattern shows."""
    known = [value for row in matrix for value in row if value is not None and math.isfinite(value)]
    shares = all(0 <= value <= 1 for value in known) and not all(value == int(value) for value in known)

    def text(value: float | None) -> str:
        if value is None:
            return ""
        if shares and math.isfinite(value):
            value = round(value, 2)
        written = f"{value:.2f}".lstrip("0") if shares and 0 < value < 1 else compact(value)
        return "." if written == "0" else written

    return [[text(value) for value in row] for row in matrix]


def _shader(matrix: Matrix, log: bool) -> Callable[[float], float]:
    """A function from a finite value to its shade between 0 and 1."""

    def measure(value: float) -> float:
        return math.log(value) if log else max(-LARGEST, min(LARGEST, value))

    known = [value for row in matrix for value in row if value is not None and math.isfinite(value) and (value > 0 or not log)]
    high = max(map(measure, known), default=0.0)
    low = min(map(measure, known), default=0.0) if log else min(0.0, *map(measure, known), 0.0)

    def shade(value: float) -> float:
        if log and value <= 0:
            return 0.0
        if high <= low:
            return 1.0 if log else 0.0
        return (measure(value) - low) / (high - low)

    return shade


def _cell(value: float | None, text: str | None, width: int, shade: Callable[[float], float], ascii_only: bool, greys: bool) -> Span:
    if value is None:
        return Span(" " * width)
    if not math.isfinite(value):
        return Span("!".rjust(width), "mark")
    part = shade(value)
    if ascii_only or not greys:
        if text is not None:
            return Span(text.rjust(width))
        shades = _ASCII_SHADES if ascii_only else _SHADES
        level = max(round(part * (len(shades) - 1)), int(part > 0))  # one error in a thousand is still an error
        return Span(shades[level] * width)
    grey = max(round(part * (_GREYS - 1)), int(part > 0)) * 255 // (_GREYS - 1)
    front = _FAINT if text and text.strip() == "." and grey < 128 else 255 if grey < 128 else 0
    return Span((text or "").rjust(width), "", front, grey)


def _header(labels: Sequence[str], cell: int, width: int, centred: bool, ascii_only: bool) -> str:
    """Labels above their columns; where columns are narrower than labels, only those that do not run into another."""
    names = [printable(label, ascii_only=ascii_only) for label in labels]
    if cell >= _READABLE:
        return "".join(" " + fit(name, cell - 1, align="center" if centred else "right") for name in names)
    if max(map(cells, names)) <= cell:
        return "".join(fit(name, cell, align="right") for name in names)
    line = ""
    for index, name in enumerate(names):
        blank = index * cell - cells(line)
        if (blank > 0 or not line) and index * cell + cells(name) <= width:
            line += " " * blank + name
    return line
