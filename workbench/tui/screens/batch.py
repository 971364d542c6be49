"""A batch as the model sees it: images after augmentation with their labels, texts, sequences."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from workbench.charts.rows import Rows, Span, cells, printable
from workbench.tui.messages import Answered, Refused
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

if TYPE_CHECKING:
    from workbench.views.drawing import Loaded

_ENOUGH = 24  # images in sight, from which larger ones show more than more of them
_HEADING_SPARE = 8  # cells around title and place in a heading


class Examples(Painted):
    """As many examples as are legible, in pages."""

    def __init__(self, look: Look, title: str) -> None:
        super().__init__(look, id="examples")
        self.title, self.page = title, 0
        self.words = "asking for a batch; the first time this waits for torch ..."
        self.loaded: Loaded | None = None

    def show(self, answer: Mapping[str, Any]) -> None:
        """Show the answer to `batch`."""
        from workbench.views import drawing

        loaded = drawing.parse(str(answer.get("kind")), answer)
        if loaded.problem:
            self.words = "the batch cannot be shown"
        else:
            self.loaded = loaded
            self.title = printable(str(answer.get("title") or self.title), ascii_only=self.look.ascii_only)
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        if self.loaded is None:
            return [heading(self.title, "", width, self.look, focused=True), [Span(f" {self.words}", "muted")]]
        from workbench.views import drawing

        rows, pages = drawing.draw(
            self.loaded, width, height - 1, ascii_only=self.look.ascii_only, colours=self.look.colours, page=self.page, enough=_ENOUGH
        )
        where = f"page {self.page % pages + 1} of {pages}" if pages > 1 else ""
        title = self.title if cells(self.title) + cells(where) + _HEADING_SPARE <= width else self.title.partition(",")[0]
        return [heading(title, where, width, self.look, focused=True), *rows]


class Balance(Painted):
    """How classes, tokens or lengths are spread over the training split and over the batch."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="balance")
        self.contents: Mapping[str, Any] = {}
        self.words = "counting ..."

    def show(self, answer: Mapping[str, Any]) -> None:
        self.contents, self.words = answer, "" if answer.get("examples") else "the recipe does not tell how much there is"
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        from workbench.views import contents

        ascii_only = self.look.ascii_only
        head = heading("DATA", "", width, self.look)
        if self.words:
            return [head, *([Span(f" {line}", "muted")] for line in textwrap.wrap(self.words, max(8, width - 2)))]
        said: Rows = [[Span(f" {line}")] for line in textwrap.wrap(contents.sizes(self.contents), max(8, width - 2))]
        tallies = self.contents["tallies"]
        rows: Rows = [head, *said]
        for place, tally in enumerate(tallies):
            room = (height - len(rows)) // (len(tallies) - place) - 1
            if room > 2:
                shown = contents.tally(tally, width - 2, min(room, len(tally["labels"]) + 2), ascii_only=ascii_only)
                rows += [[], *([Span(" "), *row] for row in shown)]
        return rows


class Batch(WorkScreen):
    """Asks the helper that knows torch, and shows what it answers: examples and, beside them, how they are spread."""

    DEFAULT_CSS = """
    Batch Balance { width: 34; }
    Batch.-wide Balance { width: 44; }
    Batch.-broad Balance { width: 60; }
    Batch.-narrow Horizontal { layout: vertical; }
    Batch.-narrow Balance { width: 1fr; height: 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "view", id="batch.view", tooltip="the next page of examples"),
        Binding("pageup", "page(-1)", "page up", show=False, id="batch.pageup", tooltip="a page up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="batch.pagedown", tooltip="a page down"),
        Binding("escape", "back", "back", id="batch.back", tooltip="back to the settings"),
        Binding("question_mark", "help", "help", id="batch.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="batch.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, title: str, about: Mapping[str, Any]) -> None:
        super().__init__()
        self._title, self._about = title, about

    def compose(self) -> ComposeResult:
        self.examples, self.balance = Examples(self.bench.look, self._title), Balance(self.bench.look)
        yield self.too_small()
        with Vertical(id="all"):
            with Horizontal():
                yield self.examples
                yield self.balance
            yield self.key_bar()

    def on_answered(self, message: Answered) -> None:
        if message.question == "batch" and message.about == self._about:
            self.examples.show(message.answer)
        elif message.question == "contents" and message.about == self._about:
            self.balance.show(message.answer)

    def on_refused(self, message: Refused) -> None:
        if message.what == "batch":
            self.examples.words = f"{message.error.message}   {message.error.hint}"
            self.examples.redraw()
        elif message.what == "contents":
            self.balance.words = message.error.message
            self.balance.redraw()

    def action_view(self) -> None:
        self.action_page(1)

    def action_page(self, by: int) -> None:
        self.examples.page += by
        self.examples.redraw()
