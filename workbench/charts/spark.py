"""A series in one row of text: its course, not its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from workbench.charts.axis import LARGEST

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-'"
_STEEP = 2  # levels between neighbours from which ASCII draws a slope


def spark(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    r"""The course of `values` in exactly `width` cells: `▇▃▂▁` or `\_.-`, and `!` where a value is not finite.

    Fewer values than cells leave the rest blank, so a run that has just begun looks like one. Of more, each cell shows
    the mean of its share.
    """
    if width <= 0 or not values:
        return " " * max(0, width)
    shown = _shares(values, width)
    steps = _ASCII if ascii_only else _BLOCKS
    levels = _levels(shown, len(steps))
    letters = ["!" if level is None else steps[level] for level in levels]
    if ascii_only:
        for index, (here, after) in enumerate(pairwise(levels)):
            if here is None or after is None:
                continue
            if here - after >= _STEEP:
                letters[index] = "\\"
            elif after - here >= _STEEP:
                letters[index + 1] = "/"
    return "".join(letters).ljust(width)


def _shares(values: Sequence[float], count: int) -> list[float]:
    """At most `count` numbers for all values: the mean of each share, or what is not finite in it."""
    if len(values) <= count:
        return list(values)
    shares: list[float] = []
    for index in range(count):
        share = values[index * len(values) // count : (index + 1) * len(values) // count]
        shares.append(sum(value / len(share) for value in share))  # divided first: the sum of large values overflows
    return shares


def _levels(values: Sequence[float], count: int) -> list[int | None]:
    """Which of `count` levels each value is on, None for one that is not finite; a constant is on the middle one."""
    finite = [max(-LARGEST, min(LARGEST, value)) for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    if high <= low:
        return [count // 2 - 1 if math.isfinite(value) else None for value in values]
    top = count - 1
    return [round(top * (min(max(value, low), high) - low) / (high - low)) if math.isfinite(value) else None for value in values]
