"""What a terminal shows and what it ought to show: frames in, the few bytes that lead from one to the other out."""

from __future__ import annotations

import re

from workbench.tui.wire.frames import Cell, NotUnderstood, Piece, pieces
from workbench.tui.wire.pen import Pen
from workbench.tui.wire.styles import on_blank

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # of an update that the terminal shows at once
_SETS = re.compile(  # what changes no cell: modes of mouse, focus, paste, keys, cursor and wrapping; questions; the pointer; the bell
    r"(?:\x1b\[\?(?:1000|1003|1004|1006|1015|1016|2004|2048|25|7)[hl]|\x1b\[\?\d+\$p|\x1b\[[<>=]\d*u|\x1b\]22;[a-z-]*(?:\x07|\x1b\\)|\x07)+"
)
_OTHER_SCREEN = re.compile(r"\x1b\[\?1049[hl]")


class ScreenMemory:
    """Takes what Textual would write and gives what is worth sending.

    A frame that is fed before the one before it was sent replaces it, so however slow the terminal is, what is sent
    next is what is newest. Whatever is not understood is passed on as it is, and nothing is known of the screen behind
    it, so that the next frame is sent whole.
    """

    def __init__(self, columns: int = 0, rows: int = 0, *, erases_in_colour: bool = False) -> None:
        self._erases_in_colour = erases_in_colour
        self._passed: list[str] = []
        self._at_once = False
        self._stands: tuple[int, int] | None = None  # the cursor, in the terminal
        self._columns = self._rows = 0
        self.resize(columns, rows)

    @property
    def is_ahead(self) -> bool:
        """Whether there is something to send."""
        return bool(self._passed or self._changed) or self._cursor != self._stands

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has this many cells; what it shows is not known any more. Without a size everything is passed on."""
        self._columns, self._rows = columns, rows
        self.forget()

    def forget(self) -> None:
        """Know nothing of what is shown, and want nothing."""
        self._shown = self._unknown()
        self._stands = None
        self.let_go()

    def let_go(self) -> None:
        """Want nothing of what was fed and is not sent yet."""
        self._wanted = self._unknown()
        self._changed: set[int] = set()
        self._cursor = self._stands  # where it is wanted

    def _unknown(self) -> list[list[Cell | None]]:
        return [[None] * self._columns for _ in range(self._rows)]

    def feed(self, text: str) -> None:
        """Take what Textual writes: one frame, or sequences that set modes."""
        if text in (BEGIN, END):
            self._at_once = True
        elif _SETS.fullmatch(text):
            self._passed.append(text)
        elif _OTHER_SCREEN.fullmatch(text):  # with it goes what was wanted on this one
            self._passed.append(text)
            self.forget()
        elif not self._columns or not self._paint(text):
            rest = self.changes()
            self._passed += [rest, text]
            self.forget()

    def changes(self, limit: int | None = None) -> str:
        """What to send now: everything, or whole rows up to about so many bytes. Empty where nothing is left."""
        passed, self._passed = self._passed, []
        pen = Pen(self._columns, erases_in_colour=self._erases_in_colour, at=self._stands)
        rows = 0
        for y in sorted(self._changed):
            if limit is not None and pen.size >= limit:
                break
            shown, wanted = self._shown[y], self._wanted[y]
            pen.row(y, shown, wanted)
            self._shown[y] = [was if cell is None else cell for was, cell in zip(shown, wanted, strict=True)]
            self._changed.discard(y)
            rows += 1
        pen.rest(self._cursor)
        self._stands = self._cursor
        if not pen.size:
            return "".join(passed)
        painted = f"{BEGIN}{pen.text}{END}" if self._at_once and rows > 1 else pen.text
        return "".join([*passed, painted])

    def _paint(self, frame: str) -> bool:
        """Want what a frame paints; False where it is not understood, and nothing of it is wanted."""
        try:
            painted = list(pieces(frame))
        except NotUnderstood:
            return False
        for piece in painted:
            if piece.cells:
                self._want(piece)
                self._cursor = None
            else:
                self._cursor = (piece.x, piece.y)
        return True

    def _want(self, piece: Piece) -> None:
        x, y, cells = piece
        if y >= self._rows or x >= self._columns:
            return
        row = self._wanted[y]
        end = min(x + len(cells), self._columns)
        if row[x:end] == list(cells[: end - x]):
            return
        for cut in (x, end):  # half of a wide character is left: it becomes a blank
            if cut < self._columns and (cell := row[cut]) is not None and not cell[0]:
                row[cut - 1 if cut == x else cut] = (" ", on_blank(cell[1]))
        row[x:end] = cells[: end - x]
        if end - x < len(cells) and not cells[end - x][0]:
            row[end - 1] = (" ", on_blank(cells[end - x][1]))
        self._changed.add(y)
