"""The data area of a chart as a grid of dots: eight to a cell in braille, one marker to a cell in ASCII."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import accumulate
from typing import NamedTuple

from workbench.charts.axis import Limits
from workbench.charts.rows import Row, Span, cells, merge

Column = tuple[float, float, float]  # of a sub-column: the least, the greatest, and the one that stands for all (last or mean)
Reach = tuple[float, float, float]  # the same as rows from the top: top, bottom, course
Path = list[Reach | None]

BLANK_BRAILLE = 0x2800
BRAILLE_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # by column and row of the cell
_WINDOW = 3**0.5  # of a share: two such means in a row spread as far as a decay by that share to both sides
_GENTLE = 4  # dots a column that a slope may rise within the gap of a dashed line: one cell high for each half of a cell
_CHECKERS = 0x01 | 0x04 | 0x10 | 0x80  # every other dot; the pattern goes on unbroken from cell to cell
# By column of the cell, first and last row: the bits of a vertical bar.
_BARS = tuple(tuple(tuple(sum(bits[first : last + 1]) for last in range(4)) for first in range(4)) for bits in BRAILLE_BITS)


class Layer(IntEnum):
    """What covers what, from the back to the front."""

    RULES = 0
    BANDS = 1
    LINES = 2
    WORDS = 3


class Pen(NamedTuple):
    """How a line is drawn.

    Attributes:
        marker: what ASCII draws for each cell.
        dashes: which sub-columns braille draws, so that series differ without colour.
    """

    ink: str
    marker: str
    dashes: tuple[bool, ...] = (True,)


class Scale:
    """Turns a value into a row of dots, counted from the top and not yet rounded."""

    def __init__(self, bounds: Limits, rows: int, log: bool) -> None:
        low, high = map(math.log10, bounds) if log else bounds
        self._log = log
        self._high = high
        self._least, self._most = low - (high - low), high + (high - low)
        self._scale = (rows - 1) / (high - low)

    def __call__(self, value: float) -> float:
        """The row; an outlier is held one height of the chart beyond the edge, which keeps the numbers small."""
        if self._log:
            value = math.log10(value) if value > 0 else self._least
        if value < self._least:
            value = self._least
        elif value > self._most:
            value = self._most
        return (self._high - value) * self._scale


class Canvas:
    """Cells in layers: rules, bands, lines, words. Each later layer hides the one before, cell by cell."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self.width = width
        self.height = height
        self.ascii_only = ascii_only
        across, down = grain(ascii_only)
        self.columns = width * across
        self.rows = height * down
        self._layers: list[list[dict[int, tuple[str, str]]]] = [[{} for _ in range(height)] for _ in Layer]  # text and ink by column

    def draw(self, path: Iterable[Reach | None], pen: Pen, layer: Layer = Layer.LINES, *, stippled: bool = False) -> None:
        """Draw a vertical bar of dots for each sub-column; stippled, every other dot but always both ends."""
        for column, reach in enumerate(path):
            if reach is not None:
                self._bar(column, round(reach[0]), round(reach[1]), pen, layer, stippled)

    def point(self, column: int, row: int, pen: Pen) -> None:
        """Draw a single value, in braille as two by two dots: one alone is easily overlooked."""
        size = 1 if self.ascii_only else 2
        for beside in range(size):
            self._bar(min(column + beside, self.columns - 1), row, row + size - 1, pen, Layer.LINES)

    def rule(self, row: int, column: int, letter: str, ink: str) -> None:
        """Put one narrow character behind the data."""
        self._layers[Layer.RULES][row][column] = (letter, ink)

    def is_free(self, row: int, column: int, width: int) -> bool:
        """Whether no data and no words stand in these cells."""
        over = [self._layers[layer][row] for layer in (Layer.BANDS, Layer.LINES, Layer.WORDS)]
        return 0 <= column <= self.width - width and not any(at in line for line in over for at in range(column, column + width))

    def write(self, row: int, column: int, text: str, ink: str) -> None:
        """Write over the data, unless it would not fit or meet other words."""
        words = self._layers[Layer.WORDS][row]
        taken = range(column, column + cells(text))
        if not 0 <= column <= self.width - len(taken) or any(at in words for at in taken):
            return
        words.update(dict.fromkeys(taken, ("", ink)))
        words[column] = (text, ink)

    def row(self, index: int) -> Row:
        """One row of cells, exactly `width` wide."""
        line: dict[int, tuple[str, str]] = {}
        for layer in self._layers:
            line.update(layer[index])
        spans: Row = []
        letters: list[str] = []
        ink, end = "", 0
        for column, (letter, colour) in sorted(line.items()):
            if colour != ink:
                spans.append(Span("".join(letters), ink))
                letters, ink = [], colour
            letters += " " * (column - end), letter
            end = column + 1
        letters.append(" " * (self.width - end))
        return merge([*spans, Span("".join(letters), ink)])

    def _bar(self, column: int, top: int, bottom: int, pen: Pen, layer: Layer, stippled: bool = False) -> None:
        first_dot, last_dot = max(top, 0), min(bottom, self.rows - 1)
        lines = self._layers[layer]
        if self.ascii_only:
            for row in range(first_dot, last_dot + 1):
                lines[row][column] = (pen.marker, pen.ink)
            return
        cell, bars = column >> 1, _BARS[column & 1]
        first, last = first_dot >> 2, last_dot >> 2
        for row in range(first, last + 1):
            start, stop = first_dot & 3 if row == first else 0, last_dot & 3 if row == last else 3
            bits = bars[start][stop]
            if stippled:
                bits &= _CHECKERS
                bits |= bars[start][start] if row == first else 0
                bits |= bars[stop][stop] if row == last else 0
            if bits:
                before = lines[row].get(cell)  # the dots of an earlier line stay; only the colour of the cell is the later one's
                lines[row][cell] = (chr((ord(before[0]) if before else BLANK_BRAILLE) | bits), pen.ink)


def grain(ascii_only: bool) -> tuple[int, int]:
    """Dots in a cell, across and down."""
    return (1, 1) if ascii_only else (2, 4)


def measured(columns: Sequence[Column | None], scale: Scale) -> Path:
    """The columns as rows of dots; one with a number that is not finite counts as empty."""
    isfinite = math.isfinite
    return [(scale(column[1]), scale(column[0]), scale(column[2])) if column and all(map(isfinite, column)) else None for column in columns]


def smoothed(path: Path, share: float) -> Path:
    """An average of what stands around each column, twice, over windows that shrink evenly towards the left end.

    As far to the left as to the right, it does not lag behind a steep start, and the first value stays what it is. At the
    right end, where a run goes on and one last noisy value would be drawn as a leap, it is the straight line through as many
    columns. The window is a share of the width and not a number of points, so a few points far apart stay where they are.
    """
    reach = round(_WINDOW * share * len(path))
    known = [(column, each[2]) for column, each in enumerate(path) if each is not None]
    columns, values = [column for column, _ in known], [value for _, value in known]
    for _ in range(2):
        values = _averaged(columns, values, reach)
    averaged: Path = [None] * len(path)
    for column, value in zip(columns, values, strict=True):
        averaged[column] = (value, value, value)
    return averaged


def _averaged(columns: Sequence[int], values: Sequence[float], reach: int) -> list[float]:
    """For each point the mean of those within `reach` columns, near the left end of half of what that is away: there it is steepest."""
    sums = [0.0, *accumulate(values)]
    means, first, last = [], 0, 0
    for place, column in enumerate(columns):
        near = min(reach, (column - columns[0]) // 2)
        beyond = max(0, column + near - columns[-1])  # columns that are missing at the right are made up for at the left
        while columns[first] < column - near - beyond:
            first += 1
        while first and columns[first - 1] >= column - near - beyond:
            first -= 1
        last = max(last, place)
        while last + 1 < len(columns) and columns[last + 1] <= column + near:
            last += 1
        while columns[last] > column + near:
            last -= 1
        mean = (sums[last + 1] - sums[first]) / (last + 1 - first)
        if beyond:
            mean = _on_line(columns[first : last + 1], values[first : last + 1], mean, column)
        means.append(mean)
    return means


def _on_line(columns: Sequence[int], values: Sequence[float], mean: float, column: int) -> float:
    """Where the straight line through some points is at a column, but not beyond all of them."""
    middle = sum(columns) / len(columns)
    spread = sum((each - middle) ** 2 for each in columns)
    if not spread:
        return mean
    slope = sum((each - middle) * value for each, value in zip(columns, values, strict=True)) / spread
    return max(min(values), min(max(values), mean + slope * (column - middle)))


def connected(path: Path) -> Path:
    """The path without gaps between its columns: straight lines across empty ones, bars that touch across steps."""
    bridged = _bridged(path)
    joined = bridged[:]
    for column in range(1, len(bridged)):
        before, here = bridged[column - 1], bridged[column]
        if before is None or here is None:
            continue
        top, bottom, course = here
        joined[column] = (min(top, before[1] + 1), max(bottom, before[0] - 1), course)
    return joined


def dashed(path: Path, dashes: Sequence[bool]) -> Path:
    """Only the columns that the pattern draws, the first and the newest; an extreme that it leaves out is drawn in the next one."""
    if all(dashes):
        return path
    drawn: Path = [None] * len(path)
    known = [column for column, reach in enumerate(path) if reach is not None]
    before: Reach | None = None
    gap: list[Reach] = []
    for column in known:
        reach = path[column]
        assert reach is not None
        if dashes[column % len(dashes)] or column in (known[0], known[-1]):
            drawn[column] = _carried(before, gap, reach)
            before, gap = reach, []
        else:
            gap.append(reach)
    return drawn


def _carried(before: Reach | None, gap: Sequence[Reach], here: Reach) -> Reach:
    """A column with what was left out before it, but for a gentle slope from the one to the other, which a gap does not hide."""
    if before is None or not gap:
        return here
    top, bottom = min(reach[0] for reach in gap), max(reach[1] for reach in gap)
    if bottom - top <= _GENTLE * len(gap):
        top = here[0] if top >= min(before[0], here[0]) else top
        bottom = here[1] if bottom <= max(before[1], here[1]) else bottom
    return min(top, here[0]), max(bottom, here[1]), here[2]


def _bridged(path: Path) -> Path:
    bridged = path[:]
    before: int | None = None
    for column, reach in enumerate(path):
        if reach is None:
            continue
        start = None if before is None else path[before]
        if before is not None and start is not None:
            middle = (reach[0] + reach[1]) / 2
            for between in range(before + 1, column):
                row = start[2] + (middle - start[2]) * (between - before) / (column - before)
                bridged[between] = (row, row, row)
        before = column
    return bridged
