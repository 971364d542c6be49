"""A page of text to scroll."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Rows, Span, fill, plain
from workbench.tui.screens.base import FAR, WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading, page_of


def scrolling(name: str) -> list[Binding]:
    """The keys of a page."""
    return [
        Binding("up", "scroll(-1)", "scroll", key_display="arrows", id=f"{name}.up", tooltip="one line up"),
        Binding("down", "scroll(1)", "down", show=False, id=f"{name}.down", tooltip="one line down"),
        Binding("pageup", "page(-1)", "page up", show=False, id=f"{name}.pageup", tooltip="a page up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, id=f"{name}.pagedown", tooltip="a page down"),
        Binding("home", f"scroll(-{FAR})", "first line", show=False, id=f"{name}.home", tooltip="the first line"),
        Binding("end", f"scroll({FAR})", "last line", show=False, id=f"{name}.end", tooltip="the last line"),
        Binding("escape", "back", "back", id=f"{name}.back", tooltip="back to the screen before"),
        Binding("question_mark", "help", "help", id=f"{name}.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id=f"{name}.leave", tooltip="leave; runs go on training"),
    ]


Lines = Rows | Callable[[int], Rows]  # for a width


class Text(Painted):
    """Lines below a heading, from `top` on."""

    def __init__(self, look: Look, title: str, lines: Lines) -> None:
        super().__init__(look, id="text")
        self.title, self.lines, self.top, self.found = title, lines, 0, ""

    def scroll_by(self, lines: int) -> None:
        self.top += lines
        self.redraw()

    def turn(self, pages: int) -> None:
        """Scroll by what is in sight, less a line to go on from."""
        self.scroll_by(pages * page_of(self.size.height - 1))

    def find(self, word: str) -> None:
        """Only entries that have a word in them; all again for an empty one."""
        self.found, self.top = word, 0
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        lines = self.lines(width) if callable(self.lines) else self.lines
        if self.found:
            found = [entry for entry in _entries(lines) if self.found.lower() in " ".join(" ".join(plain(entry)).split()).lower()]
            lines = [row for entry in found for row in entry] or [[Span(" nothing has it", "muted")]]
        self.top = max(0, min(self.top, len(lines) - (height - 1)))
        last = min(len(lines), self.top + height - 1)
        where = f"{self.top + 1}-{last} of {len(lines)}" if len(lines) > height - 1 else ""
        where = f"found: {self.found}{', ' if where else ''}{where}" if self.found else where
        return [heading(self.title, where, width, self.look, focused=True), *fill(lines[self.top : last], width, height - 1)]


def _entries(lines: Rows) -> list[Rows]:
    """The rows that belong together: from one that begins with a key, or is blank, to the next."""
    found: list[Rows] = []
    for row in lines:
        if not found or row[0].ink == "key" or not plain([row])[0].strip():
            found.append([])
        found[-1].append(row)
    return found


class Page(WorkScreen):
    """Shows lines that do not change."""

    BINDINGS: ClassVar[list[BindingType]] = [*scrolling("page")]

    def __init__(self, title: str, lines: Lines) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Text(self.bench.look, self._title, self._lines)
            yield self.key_bar()

    def action_scroll(self, lines: int) -> None:
        self.query_one(Text).scroll_by(lines)

    def action_page(self, by: int) -> None:
        self.query_one(Text).turn(by)
