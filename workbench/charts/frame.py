"""Axes, ticks and their labels, drawn by plotext: the only module that knows it.

plotext 5 is exact for a frame but not for the data: its cost grows with the points, an outlier beyond the limits costs
seconds and its logarithmic axis fails on a second build. So it draws an empty plot whose axes count cells, and the data
are drawn into its canvas elsewhere. plotext 6 has another API and aborts the process on a NaN; a move to it is this file.
"""

from __future__ import annotations

import importlib
import math
import re
from functools import lru_cache
from typing import NamedTuple

from workbench.charts.axis import Limits, labels, log_ticks, position, ticks
from workbench.charts.dots import Scale, grain

# A chart lower than this writes the labels of the x axis into the axis itself, which leaves a row more for the data.
_LABELS_APART_FROM = 14
_NARROWEST, _LOWEST = 6, 2  # a canvas that still shows a course, in cells
_MOST_Y_STEPS = 8
_CELLS_PER_X_LABEL = 10
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ASCII = str.maketrans("│─┤┬└", "|-|++")


class Frame(NamedTuple):
    """Axes and labels around an empty canvas.

    Attributes:
        rows: the text, every row as wide as asked for.
        left: the column at which the canvas begins; it begins in the first row and ends at the right edge.
        width: of the canvas, in cells.
        height: of the canvas, in cells.
        labelled: the columns of the x axis (row `height`) that hold a label instead of the line.
    """

    rows: tuple[str, ...]
    left: int
    width: int
    height: int
    labelled: frozenset[int]


@lru_cache(maxsize=64)
def draw(
    width: int, height: int, *, x_limits: Limits, y_limits: Limits, log: bool = False, percent: bool = False, ascii_only: bool = False,
    decades: bool = False,
) -> Frame | None:  # fmt: skip
    """The frame of a chart with usable limits, or None where no canvas would be left.

    With `percent`, values are shares of one and the y axis is labelled in percent; with `decades`, x are exponents of ten.

    Cached, because limits hold still: about 3 ms the first time for 60x15 cells on a 2-core machine, nothing after.
    """
    apart = height >= _LABELS_APART_FROM
    canvas_height = height - (2 if apart else 1)
    if canvas_height < _LOWEST:
        return None
    y_labels = _y_labels(y_limits, canvas_height, log, percent, ascii_only)
    gutter = max(map(len, y_labels.values()), default=0)
    canvas_width = width - gutter - 1
    if canvas_width < _NARROWEST:
        return None
    x_labels = _x_labels(x_limits, canvas_width, ascii_only, decades)
    rows = _plotted(canvas_width, canvas_height, gutter, x_labels, y_labels)
    if ascii_only:
        rows = [row.translate(_ASCII) for row in rows]
    labelled: frozenset[int] = frozenset()
    if not apart:
        words = rows.pop()
        labelled = frozenset(column for column, letter in enumerate(words) if letter != " ")
        rows[-1] = "".join(words[column] if column in labelled else letter for column, letter in enumerate(rows[-1]))
    return Frame(tuple(rows), gutter + 1, canvas_width, canvas_height, labelled)


def _y_labels(bounds: Limits, height: int, log: bool, percent: bool, ascii_only: bool) -> dict[int, str]:
    """Labels by the row, counted from the bottom as plotext does, in which the data of that value are drawn."""
    count = max(1, min(_MOST_Y_STEPS, height // 2))
    values = log_ticks(*bounds, count) if log else ticks(*bounds, count)
    _, down = grain(ascii_only)
    scale = Scale(bounds, height * down, log)
    placed: dict[int, str] = {}
    texts = [f"{label}%" for label in labels([100 * value for value in values], log)] if percent else labels(values, log)
    for value, label in zip(values, texts, strict=True):
        placed.setdefault(height - 1 - round(scale(value)) // down, label)
    return placed


def _x_labels(bounds: Limits, width: int, ascii_only: bool, decades: bool) -> dict[int, str]:
    count = max(1, width // _CELLS_PER_X_LABEL)
    values = _whole(bounds, count) if decades else ticks(*bounds, count)
    texts = [f"1e{value:g}" for value in values] if decades else labels(values)
    across, _ = grain(ascii_only)
    placed: dict[int, str] = {}
    for value, label in zip(values, texts, strict=True):
        place = position(value, *bounds, width * across)
        if place is not None:
            placed.setdefault(place // across, label)
    return placed


def _whole(bounds: Limits, count: int) -> list[float]:
    """At most `count` whole numbers between the limits, evenly apart."""
    first, last = math.ceil(bounds[0] - 1e-9), math.floor(bounds[1] + 1e-9)
    return [float(value) for value in range(first, last + 1, max(1, -(-(last - first + 1) // count)))]


def _plotted(width: int, height: int, gutter: int, x_labels: dict[int, str], y_labels: dict[int, str]) -> list[str]:
    """The rows of an empty plot whose axes count the cells of a canvas of `width` by `height`.

    The figure is private: plotext's module-level one is shared by everything in the process.
    """
    figure = importlib.import_module("plotext._figure")._figure_class()  # here: it costs 31 ms
    figure._limit_size(False, False)  # else the size of the terminal limits it
    figure.plotsize(gutter + 1 + width, height + 2)
    figure._set_size(gutter + 1 + width, height + 2)
    figure.theme("clear")
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.plot([0], [0], marker=" ")  # without data plotext draws no axes
    figure.xlim(0, width - 1)
    figure.ylim(0, height - 1)
    figure.xticks(list(x_labels), list(x_labels.values()))
    figure.yticks(list(y_labels), [label.rjust(gutter) for label in y_labels.values()])
    return [row.ljust(gutter + 1 + width) for row in _COLOUR.sub("", figure.build()).rstrip("\n").split("\n")]
