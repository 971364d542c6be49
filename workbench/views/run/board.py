"""How many charts a screen shows at a time: as many as there are, as long as each stays readable."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from workbench.views.run.slots import Slot

_LEAST_WIDTH, _LEAST_HEIGHT = 38, 8  # of a chart that is readable, title included
_MOST = 3  # side by side, and below each other
_SHAPE = 4.0  # cells across for one down: where a course shows best


def shape(count: int, width: int, height: int) -> tuple[int, int]:
    """Columns and rows of a board of `width` by `height` cells: at least one chart, four at 80x17, at most nine."""
    most_across, most_down = _most(width, height)
    wanted = max(1, min(count, most_across * most_down))
    grids = [
        (across, down)
        for across in range(1, most_across + 1)
        for down in range(1, most_down + 1)
        if across * down >= wanted and (across - 1) * down < wanted and across * (down - 1) < wanted
    ]

    def badness(grid: tuple[int, int]) -> tuple[int, float]:
        across, down = grid
        return across * down - wanted, abs(math.log(max(1, width) / across / max(1.0, height / down) / _SHAPE))

    return min(grids, key=badness)


def pages(count: int, width: int, height: int) -> list[range]:
    """Which charts stand on which page: as many as fit on each but the last, which shares its room among what is left."""
    across, down = _most(width, height)
    each = across * down
    return [range(start, min(count, start + each)) for start in range(0, max(1, count), each)]


def _most(width: int, height: int) -> tuple[int, int]:
    """How many charts fit side by side and below each other."""
    return max(1, min(_MOST, (width + 1) // _LEAST_WIDTH)), max(1, min(_MOST, height // _LEAST_HEIGHT))


def pattern(wanted: str) -> re.Pattern[str]:
    """What somebody looks for: a regular expression, or where it is none the text itself; case does not matter."""
    try:
        return re.compile(wanted, re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(wanted), re.IGNORECASE)


def wrong_pattern(wanted: str) -> str:
    """What is wrong with a regular expression; empty where nothing is."""
    try:
        re.compile(wanted)
    except re.error as error:
        return f"no regular expression: {error.msg}"
    return ""


def matching(found: list[Slot], wanted: str) -> list[Slot]:
    """The charts and previews whose name or title has it, and of the others the lines and layers that have it in theirs."""
    if not wanted:
        return found
    look = pattern(wanted)
    return [slot for each in found if (slot := _narrowed(each, look)) is not None]


def narrowed(slot: Slot, wanted: str) -> Slot:
    """A chart with the lines or layers that are looked for; all of it, where that is all of it or nothing."""
    return (_narrowed(slot, pattern(wanted)) or slot) if wanted else slot


def _narrowed(slot: Slot, look: re.Pattern[str]) -> Slot | None:
    if look.search(slot.name) or look.search(slot.title):
        return slot
    metrics = tuple(key for key in slot.metrics if look.search(key))
    return replace(slot, metrics=metrics) if metrics else None
