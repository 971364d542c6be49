"""Looking for a learning rate: the loss over a rising rate, and the value that follows from it, to be taken into the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Rows, Span, wrap
from workbench.tui.messages import RateTaken, Refused, Tried, TryingOn
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

if TYPE_CHECKING:
    from workbench.tui.editing.form import Form

_LEAST_CURVE = 6  # rows


class Curve(Painted):
    """What the test does so far; then its curve, and below it what follows."""

    def __init__(self, look: Look, title: str) -> None:
        super().__init__(look, id="curve")
        self.title = title
        self.words = ["starting a test of rising learning rates ..."]
        self.ink = "muted"
        self.found: Mapping[str, Any] | None = None

    def tell(self, *words: str, ink: str = "muted") -> None:
        self.words, self.ink = [*filter(None, words)], ink
        self.redraw()

    def show(self, found: Mapping[str, Any]) -> None:
        from workbench.views import trying

        self.found, self.words, self.ink = found, trying.rate_words(found), ""
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        ascii_only = self.look.ascii_only
        said: Rows = [[Span(part, self.ink)] for text in self.words for part in wrap(f" {text}", width, ascii_only=ascii_only)]
        head = heading(self.title, "", width, self.look, focused=True)
        if self.found is None:
            return [head, *said]
        from workbench.views import trying

        room = max(_LEAST_CURVE, height - len(said) - 2)
        return [head, *trying.curve(self.found, width, room, ascii_only=ascii_only), [Span("")], *said]


class Finding(WorkScreen):
    """Runs a range test with the settings of a form; leaving it ends the test."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take it over", id="finding.take", tooltip="the named rate becomes the form's lr"),
        Binding("escape", "back", "back", id="finding.back", tooltip="back to the settings; a test that still runs ends"),
        Binding("question_mark", "help", "help", id="finding.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="finding.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self.rate: float | None = None

    def compose(self) -> ComposeResult:
        self.curve = Curve(self.bench.look, f"LEARNING RATE {self._form.recipe.name}/{self._form.preset.name}")
        yield self.too_small()
        with Vertical(id="all"):
            yield self.curve
            yield self.key_bar()

    def on_mount(self) -> None:
        self.bench.launcher.try_out(self._form, "lr")
        self.show_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.rate is not None if action == "take" else True

    def on_trying_on(self, message: TryingOn) -> None:
        if self.curve.found is None:
            self.curve.tell(message.words)

    def on_tried(self, message: Tried) -> None:
        self.rate = message.found["lr"]
        self.curve.show(message.found)
        self.show_keys()

    def on_refused(self, message: Refused) -> None:
        if message.what == "trial":
            self.curve.tell(message.error.message, message.error.hint, ink="error")

    def action_take(self) -> None:
        if self.rate is not None:
            rate = self.rate
            self.action_back()
            self.bench.post_message(RateTaken(rate))

    def action_back(self) -> None:
        self.bench.launcher.end_trial()
        super().action_back()
