"""What is drawn and written over the lines of a chart: tags, arrows at its edges, a threshold, notes, the cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from workbench.charts.axis import Limits, position
from workbench.charts.dots import Canvas, Path, Scale
from workbench.charts.rows import cells, cut, printable

_LEAST_LABEL = 4  # cells of the label of a threshold that still say something


class Point(NamedTuple):
    """A value to point out on a line."""

    x: float
    y: float
    ink: str


def write_tag(canvas: Canvas, path: Path, tag: str, ink: str) -> None:
    """A letter over the newest value of a line."""
    end = next((column for column in reversed(range(len(path))) if path[column] is not None), None)
    reach = None if end is None else path[end]
    if end is not None and reach is not None and 0 <= reach[2] < canvas.rows:
        row, column = round(reach[2]) * canvas.height // canvas.rows, end * canvas.width // canvas.columns
        canvas.write(min(row, canvas.height - 1), column, tag, ink)


def draw_arrows(canvas: Canvas, path: Path) -> None:
    """An arrow where a line leaves the canvas; of many cells in a row only the first has one."""
    up, down = ("^", "v") if canvas.ascii_only else ("▲", "▼")
    above = {column * canvas.width // canvas.columns for column, reach in enumerate(path) if reach and reach[0] < -0.5}
    below = {column * canvas.width // canvas.columns for column, reach in enumerate(path) if reach and reach[1] > canvas.rows - 0.5}
    for cells_out, row, sign in ((above, 0, up), (below, canvas.height - 1, down)):
        for cell in cells_out:
            if cell - 1 not in cells_out:
                canvas.write(row, cell, sign, "mark")


def draw_threshold(canvas: Canvas, row: int, label: str) -> None:
    """A broken line across the canvas, and what it is."""
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


def write_note(canvas: Canvas, note: str) -> None:
    """Write it in the first row that is free at the right end, from the top."""
    width = cells(note) + 1
    column = canvas.width - width
    row = next((row for row in range(canvas.height) if canvas.is_free(row, column, width)), None)
    if row is not None:
        canvas.write(row, column, f" {note}", "muted")


def draw_points(canvas: Canvas, points: Sequence[Point], x_limits: Limits, scale: Scale) -> None:
    """A dot on each value that lies within the limits, over its line."""
    for point in points:
        column = position(point.x, *x_limits, canvas.columns)
        if column is not None and math.isfinite(point.y):
            row = round(scale(point.y)) * canvas.height // canvas.rows
            if 0 <= row < canvas.height:
                canvas.write(row, column * canvas.width // canvas.columns, "@" if canvas.ascii_only else "●", point.ink)


def draw_cursor(canvas: Canvas, cursor: float, x_limits: Limits) -> None:
    """A vertical line at an x, where that lies between the limits."""
    column = position(cursor, *x_limits, canvas.width)
    if column is not None:
        for row in range(canvas.height):
            canvas.rule(row, column, "|" if canvas.ascii_only else "┊", "mark")
