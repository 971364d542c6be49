"""Axes, ticks and their labels, drawn by plotext: the only module that knows it.

plotext 5 is exact for a frame but not for the data: its cost grows with the points, an outlier beyond the limits costs
seconds and its logarithmic axis fails on a second build. So it draws an empty plot whose axes count cells, and the data
are drawn into its canvas elsewhere. plotext 6 has another API and aborts the process on a NaN; a move to it is this file.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from workbench.charts.axis import Limits, aligned, labels, position, ticks
from workbench.charts.dots import Scale, grain

# A chart lower than this writes the labels of the x axis into the axis itself, which leaves a row more for the data.
_LABELS_APART_FROM = 14
_NARROWEST, _LOWEST = 6, 2  # a canvas that still shows a course, in cells
_CELLS_PER_X_LABEL = 7
_BASES = (1, 2, 2.5, 5)  # steps between them
_BETWEEN = 2  # cells from one label to the next, at least
_LOG = "log"  # stands beside the x axis, where no label of the y axis is
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ASCII = str.maketrans("│─┤┬└", "|-|++")
_UNTICKED = str.maketrans("┬", "─")


class Frame(NamedTuple):
    """Axes and labels around an empty canvas.

    Attributes:
        rows: the text, every row as wide as asked for.
        left: the column at which the canvas begins; it begins in the first row and ends at the right edge.
        width: of the canvas, in cells.
        height: of the canvas, in cells.
        labelled: the columns of the x axis (row `height`) that hold a label instead of the line.
        y_limits: of the canvas, which reach a little further than those asked for: a tick then is whole rows from the next.
    """

    rows: tuple[str, ...]
    left: int
    width: int
    height: int
    labelled: frozenset[int]
    y_limits: Limits


@lru_cache(maxsize=64)
def draw(
    width: int, height: int, *, x_limits: Limits, y_limits: Limits, log: bool = False, unit: str = "", x_unit: str = "",
    whole: bool = False, ascii_only: bool = False, decades: bool = False,
) -> Frame | None:  # fmt: skip
    """The frame of a chart with usable limits, or None where no canvas would be left.

    Cached, because limits hold still: about 3 ms the first time for 60x15 cells on a 2-core machine, nothing after.

    Args:
        unit: "%" for shares of one, labelled in percent, or "bytes"; others are left to the title.
        x_unit: written behind the last label of the x axis.
        whole: values of y are whole numbers.
        decades: x are exponents of ten.
    """
    apart = height >= _LABELS_APART_FROM
    canvas_height = height - (2 if apart else 1)
    if canvas_height < _LOWEST:
        return None
    y_limits, values = aligned(y_limits, canvas_height, grain(ascii_only)[1], log=log, whole=whole)
    y_labels = _y_labels(y_limits, values, canvas_height, log, unit, ascii_only)
    gutter = max([*map(len, y_labels.values()), len(_LOG) if log else 0])
    canvas_width = width - gutter - 1
    if canvas_width < _NARROWEST:
        return None
    x_labels = _x_labels(x_limits, canvas_width, ascii_only, decades, x_unit)
    rows = _plotted(canvas_width, canvas_height, gutter, [label.tick for label in x_labels], y_labels)[: canvas_height + 1]
    if log:
        rows[canvas_height] = _LOG.rjust(gutter) + rows[canvas_height][gutter:]
    if not apart:  # every tick has its label in its place
        rows[-1] = _written(rows[-1].translate(_UNTICKED), gutter + 1, x_labels)
    if ascii_only:
        rows = [row.translate(_ASCII) for row in rows]
    if apart:
        rows.append(_written(" " * width, gutter + 1, x_labels))
        return Frame(tuple(rows), gutter + 1, canvas_width, canvas_height, frozenset(), y_limits)
    labelled = frozenset(gutter + 1 + label.start + place for label in x_labels for place in range(len(label.text)))
    return Frame(tuple(rows), gutter + 1, canvas_width, canvas_height, labelled, y_limits)


def _y_labels(bounds: Limits, values: Sequence[float], height: int, log: bool, unit: str, ascii_only: bool) -> dict[int, str]:
    """Labels by the row, counted from the bottom as plotext does, in which the data of that value are drawn."""
    _, down = grain(ascii_only)
    scale = Scale(bounds, height * down, log)
    texts = labels([100 * value for value in values] if unit == "%" else values, log)
    ending = {"%": "%", "bytes": "B"}.get(unit, "")
    placed: dict[int, str] = {}
    for value, label in zip(values, texts, strict=True):
        placed.setdefault(height - 1 - round(scale(value)) // down, label + (ending if value or unit == "%" else ""))
    return placed


class _Label(NamedTuple):
    tick: int  # the cell of its value
    start: int
    text: str


def _x_labels(bounds: Limits, width: int, ascii_only: bool, decades: bool, unit: str) -> list[_Label]:
    """As many labels as stand side by side, the last with the unit behind it."""
    placed: list[_Label] = []
    for count in range(max(1, width // _CELLS_PER_X_LABEL), 0, -1):
        placed = _placed(bounds, width, grain(ascii_only)[0], count, decades, unit)
        if placed and _between(placed) >= _BETWEEN:
            return placed
    return placed[-1:]


def _between(labels: Sequence[_Label]) -> float:
    """The cells between the two labels that are nearest to each other."""
    return min((after.start - before.start - len(before.text) for before, after in pairwise(labels)), default=math.inf)


def _placed(bounds: Limits, width: int, across: int, count: int, decades: bool, unit: str) -> list[_Label]:
    """The labels of at most `count` steps, each below its tick as far as the edges allow."""
    values = _whole(bounds, count) if decades else ticks(*bounds, count, _BASES)
    texts = [f"1e{value:g}" for value in values] if decades else labels(values)
    placed = []
    for value, text in zip(values, texts, strict=True):
        place = position(value, *bounds, width * across)
        if place is not None:
            words = f"{text} {unit}" if unit and value == values[-1] else text
            start = max(0, min(place // across - len(text) // 2, width - len(words)))
            placed.append(_Label(place // across, start, words[:width]))
    return placed


def _written(row: str, left: int, labels: Sequence[_Label]) -> str:
    for label in labels:
        start = left + label.start
        row = row[:start] + label.text + row[start + len(label.text) :]
    return row


def _whole(bounds: Limits, count: int) -> list[float]:
    """At most `count` whole numbers between the limits, evenly apart."""
    first, last = math.ceil(bounds[0] - 1e-9), math.floor(bounds[1] + 1e-9)
    return [float(value) for value in range(first, last + 1, max(1, -(-(last - first + 1) // count)))]


def _plotted(width: int, height: int, gutter: int, x_ticks: Sequence[int], y_labels: dict[int, str]) -> list[str]:
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
    figure.xticks(list(x_ticks), [" "] * len(x_ticks))
    figure.yticks(list(y_labels), [label.rjust(gutter) for label in y_labels.values()])
    return [row.ljust(gutter + 1 + width) for row in _COLOUR.sub("", figure.build()).rstrip("\n").split("\n")]
