"""Writes rows of cells where the terminal shows others, in few bytes."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.tui.wire.frames import Cell
from workbench.tui.wire.moves import move
from workbench.tui.wire.styles import PLAIN, Style, change, on_blank

Row = Sequence[Cell | None]  # None: a cell of which nothing is known, or asked
_ERASED = 4  # blanks for which erasing costs less than writing them
_STEPPED = 12  # the same in the middle of a row, where the cursor has to be moved on
_DISPUTED = "\U0001f000"  # from here on are pictures, of which terminals differ about the width


class Pen:
    """Where the cursor stands and in what style it writes, and what has been written so far.

    Args:
        erases_in_colour: the terminal fills what it erases with the colour behind the text (`bce` in terminfo).
    """

    def __init__(self, columns: int, *, erases_in_colour: bool, at: tuple[int, int] | None) -> None:
        self._columns, self._erases_in_colour = columns, erases_in_colour
        self._x: int | None = at[0] if at else None
        self._y: int | None = at[1] if at else None
        self._style = PLAIN
        self._written: list[str] = []
        self.size = 0  # bytes written

    @property
    def text(self) -> str:
        return "".join(self._written)

    def rest(self, at: tuple[int, int] | None) -> None:
        """Leave the terminal's own style behind, and the cursor at a cell."""
        self._wear(PLAIN)
        if at:
            self._to(*at)

    def row(self, y: int, old: Row, new: Row) -> None:
        """Turn a row of the terminal into another one."""
        if not (_is_simple(old) and _is_simple(new)):
            self._whole(y, new)
            return
        changed = [x for x, (was, cell) in enumerate(zip(old, new, strict=True)) if cell is not None and was != cell]
        if not changed:
            return
        tail = self._tail(new, changed)
        runs = self._blanks(new, changed, tail)
        skipped = -1
        for x in changed:
            if x < skipped:
                continue
            cell = new[x]
            assert cell is not None
            if x == tail:
                self._near(x, y, old)
                self._blank(cell[1], "\x1b[K")
                return
            self._near(x, y, old)
            if x in runs:
                skipped = x + runs[x]
                self._blank(cell[1], f"\x1b[{runs[x]}X")
            else:
                self._cell(cell)

    def _tail(self, new: Row, changed: list[int]) -> int:
        """Where the rest of a row can be erased; beyond the row where it cannot, or where that saves nothing."""
        last = new[-1]
        if not self._can_erase(last):
            return self._columns
        begin = self._columns - 1
        while begin and new[begin - 1] == last:
            begin -= 1
        among = [x for x in changed if x >= begin]
        return among[0] if len(among) >= _ERASED else self._columns

    def _blanks(self, new: Row, changed: list[int], tail: int) -> dict[int, int]:
        """Where long blanks begin that have changed, and how long each is."""
        found: dict[int, int] = {}
        begin, length = -1, 0
        for x in (*changed, self._columns):
            if length and (x != begin + length or x >= tail or new[x] != new[begin]):
                if length >= _STEPPED:
                    found[begin] = length
                length = 0
            if x >= tail:
                break
            if length:
                length += 1
            elif self._can_erase(new[x]):
                begin, length = x, 1
        return found

    def _can_erase(self, cell: Cell | None) -> bool:
        """Whether erasing gives this cell."""
        return cell is not None and cell[0] == " " and not cell[1].attributes and (self._erases_in_colour or not cell[1].back)

    def _blank(self, style: Style, sequence: str) -> None:
        if on_blank(self._style) != style:
            self._wear(style)
        self._write(sequence)

    def _near(self, x: int, y: int, old: Row) -> None:
        """Move to a cell; over a few known ones by writing them again, where that is shorter."""
        if (self._x, self._y) == (x, y):
            return
        way = move(self._x, self._y, x, y)
        if self._y == y and self._x is not None and 0 < x - self._x <= len(way):
            between = old[self._x : x]
            if all(cell is not None and self._fits(cell) for cell in between):
                again = "".join(cell[0] for cell in between if cell)
                if len(again.encode()) <= len(way):
                    way = again
        self._write(way)
        self._x, self._y = x, y

    def _fits(self, cell: Cell) -> bool:
        """Whether a cell can be written in the style that is on."""
        return cell[1] == (on_blank(self._style) if cell[0] == " " else self._style)

    def _whole(self, y: int, new: Row) -> None:
        """Write every cell: where characters are wide, or combine, terminals may differ about what the old ones covered."""
        for x, cell in enumerate(new):
            if cell is None or not cell[0]:
                continue
            self._to(x, y)
            self._cell(cell, 2 if x + 1 < len(new) and (beside := new[x + 1]) is not None and not beside[0] else 1)
            if len(cell[0]) > 1 or cell[0] >= _DISPUTED:
                self._x = None

    def _cell(self, cell: Cell, width: int = 1) -> None:
        if not self._fits(cell):
            self._wear(cell[1])
        self._write(cell[0])
        assert self._x is not None
        self._x += width
        if self._x >= self._columns:
            self._x = None  # whether it stands in the last column or will wrap depends on the terminal

    def _to(self, x: int, y: int) -> None:
        if (self._x, self._y) != (x, y):
            self._write(move(self._x, self._y, x, y))
            self._x, self._y = x, y

    def _wear(self, style: Style) -> None:
        if style != self._style:
            self._write(change(self._style, style))
            self._style = style

    def _write(self, text: str) -> None:
        self._written.append(text)
        self.size += len(text) if text.isascii() else len(text.encode())


def _is_simple(row: Row) -> bool:
    return all(cell is None or len(cell[0]) == 1 for cell in row)
