"""A matrix as shaded cells: confusion and attention matrices, gradient norms per layer over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import takewhile

from workbench.charts.axis import LARGEST
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, merge, printable
from workbench.units import compact

Matrix = Sequence[Sequence[float | None]]

_ASCII_SHADES = " .:-=+*#%@"
_SHADES = " ░▒▓█"
_GREYS = 24  # that 256 colours have; more levels would only cost bytes
_FAINT = 133  # the grey of a dot that stands for nothing
_CELL = 6  # columns without values, where rows are low: wider ones look like bars
_WIDEST_CELL = 24
_MOST_LABEL = 1 / 3  # of the width
_NARROWEST_WITH_LABELS = 8
_CELL_SHAPE = 2  # times as many columns as rows: then a cell is about a square
_STRETCHED = 2  # times as wide as a square, where there is room besides
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

    Where there are more rows than room and greys to shade with, two share a row of text, one above the other. Rows and columns
    for which there is still no room are joined with their neighbours, of which the greatest value is shown: a single exploding
    layer stays visible. Labels say which: `2,3` for two in a row of text, `2-5` for those that are joined.

    Args:
        row_labels: one for each row, or none; likewise for columns.
        values: write the numbers where all of them fit.
        log: shade by the logarithm, from the least positive value; zero and below are the darkest.
        greys: shade by grey backgrounds; if not (one colour), by characters. ASCII always uses characters.
    """
    columns = max(map(len, matrix), default=0)
    if not columns or width < 1 or height < 1:
        return fill([], width, height)
    greys = greys and not ascii_only
    headed = bool(column_labels) and height > 1
    halved = greys and len(matrix) > height - headed
    groups = _groups(len(matrix), (height - headed) * (2 if halved else 1))
    names = [_joined(row_labels, rows, ascii_only) for rows in groups] if row_labels else []
    lines = [_pair(names[at : at + 2], width) for at in range(0, len(names), 2)] if halved else names
    gutter = min(max(map(cells, lines), default=0) + 1, int(_MOST_LABEL * width)) if lines and width >= _NARROWEST_WITH_LABELS else 0
    starts = _groups(columns, width - gutter)
    pooled = [[_pool(matrix, rows, places) for places in starts] for rows in groups]
    texts = _texts(pooled)
    room = (width - gutter) // len(starts)
    longest = max(cells(text) for row in texts for text in row)
    whole = len(groups) == len(matrix) and len(starts) == columns  # the number of a joined cell would be misread
    written = values and whole and longest < room and not halved
    tallest = 1 if halved else (height - headed) // len(groups) if not written or greys else 1  # else there is nothing to shade
    cell = min(room, max(longest + 2 if written else 0, _CELL, min(_WIDEST_CELL, _STRETCHED * _CELL_SHAPE * tallest)))
    tall = max(1, min(tallest, cell // _CELL_SHAPE))
    shade = _shader(pooled, log)
    centred = written and cell > longest + 2
    if centred:
        texts = [[" " + fit(text, cell - 1, align="center") for text in row] for row in texts]
    drawn: Rows = []
    if headed:
        shown = [_joined(column_labels, place, ascii_only) for place in starts]
        drawn.append([Span(" " * gutter), Span(_header(shown, cell, width - gutter, centred or not written), "axis")])
    if halved:
        drawn += _halves(pooled, names, gutter, cell, shade)
        return fill(drawn, width, height)
    for place, (line, words) in enumerate(zip(pooled, texts, strict=True)):
        for part in range(tall):
            middle = part == (tall - 1) // 2
            row: Row = [Span(fit(names[place] if middle and names else "", gutter - 1) + " " if gutter else "", "axis")]
            for value, text in zip(line, words, strict=True):
                row.append(_cell(value, (text if middle else "") if written else None, cell, shade, ascii_only, greys))
            drawn.append(merge(row))
    return fill(drawn, width, height)


def _halves(pooled: Matrix, names: Sequence[str], gutter: int, cell: int, shade: Callable[[float], float]) -> Rows:
    """Two rows of the matrix in each row of text: the upper and the lower half of its cells."""
    rows: Rows = []
    for at in range(0, len(pooled), 2):
        upper, lower = pooled[at], pooled[at + 1] if at + 1 < len(pooled) else [None] * len(pooled[at])
        row: Row = [Span(fit(_pair(names[at : at + 2], gutter - 1), gutter - 1) + " " if gutter else "", "axis")]
        row += [_half(above, below, cell, shade) for above, below in zip(upper, lower, strict=True)]
        rows.append(merge(row))
    return rows


def _pair(names: Sequence[str], width: int) -> str:
    """`0,1`, `unit 0,8`, `unit 0-15`: what both begin with is said once; of long names as much of each as there is room for."""
    if len(names) < 2:
        return "".join(names)
    shared = _shared(*names)
    pair = f"{names[0]},{names[1][shared:]}"
    if cells(pair) <= width or width <= 2:
        return pair
    span = f"{names[0].partition('-')[0]}-{names[1][shared:].rpartition('-')[2]}"
    if shared and cells(span) <= width:
        return span
    first = fit(names[0], (width - 1) // 2).rstrip()
    return f"{first},{fit(names[1], width - 1 - cells(first)).rstrip()}"


def _shared(first: str, last: str) -> int:
    """How many letters two names begin with alike, before a number or a word in which they differ."""
    alike = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))).rstrip("0123456789")
    numbers = all(name[len(alike) :][:1].isdigit() for name in (first, last))
    while alike and alike[-1].isalnum() and not numbers:
        alike = alike[:-1]
    return len(alike)


def _half(above: float | None, below: float | None, width: int, shade: Callable[[float], float]) -> Span:
    if any(value is not None and not math.isfinite(value) for value in (above, below)):
        return Span("!".rjust(width), "mark")
    front = None if above is None else _grey(shade(above))
    back = None if below is None else _grey(shade(below))
    if front is None:
        return Span(" " * width) if back is None else Span("▄" * width, "", back)
    return Span(" " * width, "", None, front) if front == back else Span("▀" * width, "", front, back)


def _joined(labels: Sequence[str], places: range, ascii_only: bool) -> str:
    """The label of a place, or of several: `2-5`, `layer3-5`."""
    first, last = (labels[place] if place < len(labels) else "" for place in (places.start, places.stop - 1))
    if first and last and len(places) > 1:
        first = f"{first}-{last[_shared(first, last) :]}"
    return printable(first, ascii_only=ascii_only)


def _groups(count: int, room: int) -> list[range]:
    """`count` places shared out over at most `room`."""
    room = max(1, min(count, room))
    return [range(index * count // room, (index + 1) * count // room) for index in range(room)]


def _pool(matrix: Matrix, rows: range, columns: range) -> float | None:
    found = [matrix[row][column] for row in rows for column in columns if column < len(matrix[row])]
    known = [value for value in found if value is not None]
    return next((value for value in known if not math.isfinite(value)), max(known, default=None))


def _texts(matrix: Matrix) -> list[list[str]]:
    """What is written in each cell: shares with two decimals; zero as a dot, where it is the least there can be."""
    known = [value for row in matrix for value in row if value is not None and math.isfinite(value)]
    counts = all(value >= 0 for value in known)
    shares = all(0 <= value <= 1 for value in known) and not all(value == int(value) for value in known)

    def text(value: float | None) -> str:
        if value is None:
            return ""
        if shares and math.isfinite(value):
            value = round(value, 2)
        written = f"{value:.2f}".lstrip("0") if shares and 0 < value < 1 else compact(value)
        return "." if written == "0" and counts else written

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
    if not greys:
        if text is not None:
            return Span(text.rjust(width))
        shades = _ASCII_SHADES if ascii_only else _SHADES
        level = max(round(part * (len(shades) - 1)), int(part > 0))  # one error in a thousand is still an error
        return Span(shades[level] * width)
    grey = _grey(part)
    front = _FAINT if text and text.strip() == "." and grey < 128 else 255 if grey < 128 else 0
    return Span((text or "").rjust(width), "", front, grey)


def _grey(part: float) -> int:
    return max(round(part * (_GREYS - 1)), int(part > 0)) * 255 // (_GREYS - 1)


def _header(names: Sequence[str], cell: int, width: int, centred: bool) -> str:
    """Labels above their columns; where columns are narrower than labels, only those that do not run into another."""
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
