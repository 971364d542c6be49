"""A batch as the model sees it: images after augmentation with their labels, texts, sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Rows, Span, printable
from workbench.tui.messages import Answered, Refused
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

if TYPE_CHECKING:
    from workbench.views.drawing import Loaded


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
            self.loaded, width, height - 1, ascii_only=self.look.ascii_only, colours=self.look.colours, page=self.page
        )
        where = f"{self.page % pages + 1} of {pages}" if pages > 1 else ""
        return [heading(self.title, where, width, self.look, focused=True), *rows]


class Batch(WorkScreen):
    """Asks the helper that knows torch, and shows what it answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "view", id="batch.view", tooltip="the next page"),
        Binding("escape", "back", "back", id="batch.back", tooltip="back to the settings"),
        Binding("q", "leave", "leave", id="batch.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, title: str, about: Mapping[str, Any]) -> None:
        super().__init__()
        self._title, self._about = title, about

    def compose(self) -> ComposeResult:
        self.examples = Examples(self.bench.look, self._title)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.examples
            yield self.key_bar()

    def on_answered(self, message: Answered) -> None:
        if message.question == "batch" and message.about == self._about:
            self.examples.show(message.answer)

    def on_refused(self, message: Refused) -> None:
        if message.what == "batch":
            self.examples.words = f"{message.error.message}   {message.error.hint}"
            self.examples.redraw()

    def action_view(self) -> None:
        self.examples.page += 1
        self.examples.redraw()
