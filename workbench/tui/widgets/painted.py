"""A widget that paints rows of styled text, and of a new frame only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from workbench.charts.rows import Row, Rows, Span, fill, printable
from workbench.tui.theme import Look, style


class Painted(Widget):
    """Shows rows; which, is for a subclass (`compose_rows`) or for whoever calls `paint` to say.

    An error while drawing becomes a card here and stays here: the rest of the screen goes on.
    """

    DEFAULT_CSS = """
    Painted { height: 1fr; width: 1fr; }
    """
    ALLOW_SELECT = False

    def __init__(self, look: Look, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look
        self.rows: Rows = []
        self._strips: list[Strip] = []

    def compose_rows(self, width: int, height: int) -> Rows | None:
        """The rows for this size; None where somebody else paints them."""
        return None

    def redraw(self) -> None:
        """Ask for the rows again and paint what changed."""
        width, height = self.size
        if width < 1 or height < 1:
            return
        try:
            rows = self.compose_rows(width, height)
        except Exception as error:  # noqa: BLE001 - one broken panel must not take the screen down
            rows = card(error, width, height, self.look.ascii_only)
        if rows is not None:
            self.paint(rows)

    def paint(self, rows: Rows) -> None:
        """Show rows from now on; they are cut or padded to the widget's size."""
        width, height = self.size
        rows = fill(rows, width, height)
        old, self.rows = self.rows, rows
        if len(old) != len(rows) or len(self._strips) != len(rows):
            self._strips = [self._strip(row) for row in rows]
            self.refresh()
            return
        changed = [y for y, (before, now) in enumerate(zip(old, rows, strict=True)) if before != now]
        for y in changed:
            self._strips[y] = self._strip(rows[y])
        if changed:
            self.refresh(*(Region(left, y, right - left, 1) for y in changed for left, right in [changed_cells(old[y], rows[y], width)]))

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else self._strip([Span(" " * self.size.width)])

    def on_resize(self, event: Resize) -> None:
        self._strips, rows = [], self.rows
        self.redraw()
        if not self._strips and rows:
            self.paint(rows)

    def _strip(self, row: Row) -> Strip:
        return Strip(
            [Segment(text, style(ink, front, back, self.look.colours, self.look.theme)) for text, ink, front, back in row], self.size.width
        )


def changed_cells(before: Row, now: Row, width: int) -> tuple[int, int]:
    """The first cell that differs between two rows, and the one behind the last."""
    old, new = _cells(before), _cells(now)
    if len(old) != width or len(new) != width:  # wide characters: the whole row
        return 0, width
    left = next((x for x in range(width) if old[x] != new[x]), 0)
    right = next((x for x in range(width, left, -1) if old[x - 1] != new[x - 1]), left + 1)
    return left, right


def card(error: Exception, width: int, height: int, ascii_only: bool) -> Rows:
    """What stands where a panel could not be drawn."""
    words = [("this panel could not be drawn", "error"), (f"{type(error).__name__}: {error}", "muted")]
    return fill([[Span(" " + printable(text, ascii_only=ascii_only), ink)] for text, ink in words], width, height)


def _cells(row: Sequence[Span]) -> list[tuple[str, Span]]:
    found: list[tuple[str, Span]] = []
    for span in row:
        if not span.text.isascii() and cell_len(span.text) != len(span.text):
            return []
        style_of = span._replace(text="")
        found += [(character, style_of) for character in span.text]
    return found
