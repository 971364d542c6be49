"""One chart or preview of the run screen."""

from __future__ import annotations

from textual.events import Click, Resize
from textual.message import Message

from workbench.charts.rows import Row, Rows, Span, fit, wrap
from workbench.tui.messages import SlotSeen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted


class SlotView(Painted):
    """Paints a slot; the chosen one has its name marked."""

    class Chosen(Message):
        """The slot was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class Resized(Message):
        """There is room for another drawing."""

    def __init__(self, look: Look, place: int) -> None:
        super().__init__(look)
        self.place = place
        self.seen: SlotSeen | None = None
        self._is_chosen = False

    def show(self, seen: SlotSeen | None, chosen: bool) -> None:
        """Show this, or nothing."""
        self.seen, self._is_chosen = seen, chosen
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        self.post_message(self.Resized())

    def on_click(self, event: Click) -> None:
        self.post_message(self.Chosen(self.place))

    def compose_rows(self, width: int, height: int) -> Rows:
        if self.seen is None or not self.seen.rows:
            return []
        rows = self.seen.rows
        return [_marked(rows[0]), *rows[1:]] if self._is_chosen else rows


class Waiting(Painted):
    """Stands where the charts will be, until the worker has said which there are."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="waiting")
        self._lines: tuple[tuple[str, str], ...] = ()

    def tell(self, *lines: tuple[str, str]) -> None:
        """Lines of text and ink, shown in the middle."""
        self._lines = lines
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        ascii_only = self.look.ascii_only
        rows: Rows = []
        for text, ink in self._lines:
            parts = wrap(text, max(1, width - 2), ascii_only=ascii_only)
            rows += [[Span(fit(part.strip(), width, align="center", ascii_only=ascii_only), ink)] for part in parts]
            rows.append([Span("")])
        blank: Rows = [[Span("")]] * max(0, (height - len(rows)) // 2)
        return [*blank, *rows]


def _marked(row: Row) -> Row:
    return [span._replace(ink="cursor") if span.ink == "title" else span for span in row]
