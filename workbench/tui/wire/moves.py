"""The shortest way of a terminal's cursor from one cell to another."""

from __future__ import annotations

from functools import lru_cache

_LINES = 3  # rows down to which line ends are tried


@lru_cache(4096)
def move(x: int | None, y: int | None, to_x: int, to_y: int) -> str:
    """A sequence that moves the cursor, from a cell of which column or row may not be known.

    Line ends are sent with their carriage return, so that it does not matter whether the terminal's line adds one.
    """
    ways = [_absolute(to_x, to_y)]
    if y is not None:
        down = to_y - y
        if x is not None:
            ways.append(_by(down, "B", "A") + _by(to_x - x, "C", "D"))
        if down == 0:
            ways.append("\r" + _by(to_x, "C", "D"))
        elif 0 < down <= _LINES:
            ways.append("\r" + "\n" * down + _by(to_x, "C", "D"))
    return min(ways, key=len)


def _absolute(x: int, y: int) -> str:
    if x:
        return f"\x1b[{y + 1};{x + 1}H"
    return f"\x1b[{y + 1}H" if y else "\x1b[H"


def _by(cells: int, ahead: str, back: str) -> str:
    if not cells:
        return ""
    count = abs(cells)
    return f"\x1b[{count if count > 1 else ''}{ahead if cells > 0 else back}"
