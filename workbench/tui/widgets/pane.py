"""A part of a screen with a heading, in which a cursor moves over lines."""

from __future__ import annotations

from textual.events import Click, Hide, MouseScrollDown, MouseScrollUp
from textual.message import Message

from workbench.charts.rows import Row, Span, cells, cut, fit, pad
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted

_RULES = 4  # cells around what stands at the end of a heading
_LEAST_END = 8


class Pane(Painted, can_focus=True):
    """A focusable list. A subclass gives `lines` and `head`; the pane keeps the cursor in sight."""

    title = ""
    head_rows = 0  # rows of column heads below the heading

    class Moved(Message):
        """The cursor stands elsewhere."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(look, id=id)
        self.cursor = 0
        self.top = 0

    @property
    def count(self) -> int:
        """How many lines the cursor can stand on."""
        return 0

    def body_height(self, height: int) -> int:
        """Rows that lines can take."""
        return height - 1 - self.head_rows

    def heading_right(self) -> str:
        """What stands at the right end of the heading."""
        return ""

    def move(self, by: int) -> None:
        """Move the cursor; it stops at both ends."""
        self.place(self.cursor + by)

    def turn(self, pages: int) -> None:
        """Move the cursor by as many lines as are in sight."""
        self.move(pages * page_of(self.body_height(self.size.height)))

    def find(self, word: str, *, typing: bool = False) -> None:
        """Show or go to what has a word in it; a word that is still typed may find nothing yet."""

    def place(self, cursor: int) -> None:
        """Put the cursor on a line."""
        cursor = max(0, min(self.count - 1, cursor))
        if cursor != self.cursor:
            self.cursor = cursor
            self.redraw()
            self.post_message(self.Moved(self))

    def window(self, height: int) -> range:
        """The lines that are in sight, the cursor among them."""
        height = max(1, height)
        self.top = max(0, min(self.top, self.cursor, self.count - height))
        self.top = max(self.top, self.cursor - height + 1)
        return range(self.top, min(self.count, self.top + height))

    def heading(self, width: int) -> Row:
        """The pane's first row."""
        return heading(self.title, self.heading_right(), width, self.look, focused=self.has_focus)

    @property
    def cursor_ink(self) -> str:
        return "cursor" if self.has_focus else "resting"

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.redraw()

    def on_hide(self, event: Hide) -> None:
        """Keep the keys: what has them is shown, here or at once, and Textual 8.2 tells of the layout before that."""
        if self.screen.focused is self:
            event.prevent_default()

    def line_at(self, y: int) -> int:
        """The line in row `y` of the pane; negative for none."""
        return self.top + y - 1 - self.head_rows if y > self.head_rows else -1

    def on_click(self, event: Click) -> None:
        line = self.line_at(event.y)
        if 0 <= line < self.count:
            self.place(line)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.move(-1)


def page_of(rows: int) -> int:
    """By how much a page key goes on where so many rows are in sight: one of them stays, to go on from."""
    return max(1, rows - 1)


def heading(title: str, right: str, width: int, look: Look, *, focused: bool = False) -> Row:
    """` TITLE ───────── right ─`."""
    rule = look.marks.rule
    left = f" {title} "
    room = width - cells(left) - _RULES
    end = f" {cut(right, room, ascii_only=look.ascii_only)} {rule}" if right and room > _LEAST_END else ""
    left = fit(left, min(cells(left), width), ascii_only=look.ascii_only)
    middle = rule * max(0, width - cells(left) - cells(end))
    return [Span(left, "focus" if focused else "title"), Span(middle, "rule"), Span(end, "muted")]


def inked(row: Row, ink: str, width: int) -> Row:
    """The row in one ink: the line that the cursor stands on."""
    return [Span("".join(span.text for span in pad(row, width)), ink)]
