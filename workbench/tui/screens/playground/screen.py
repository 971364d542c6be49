"""Playground: what a run has learnt, to be used: draw, type, give a prompt, walk. Torch is asked for in the helper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key

from workbench.charts.rows import Rows, Span
from workbench.tui.messages import Answered, Refused
from workbench.tui.screens.base import WorkScreen
from workbench.tui.screens.playground.answering import Answering
from workbench.tui.screens.playground.naming import Naming
from workbench.tui.screens.playground.panel import Panel
from workbench.tui.screens.playground.prompting import Prompting
from workbench.tui.screens.playground.walking import Walking
from workbench.tui.screens.playground.writing import Writing
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Foot
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading
from workbench.tui.widgets.slot_view import Waiting

_PANELS: dict[str, type[Panel]] = {
    "names": Naming, "writes": Writing, "continues": Prompting, "draws": Walking, "answers": Answering,
}  # fmt: skip
_QUESTION = "use"
_MOST_EARLY = 200


class Title(Painted):
    """Which run and which of its weights answer."""

    DEFAULT_CSS = """
    Title { height: 1; }
    """

    def __init__(self, look: Look, run_id: str) -> None:
        super().__init__(look, id="title")
        self._run_id = run_id
        self.said = ""

    def tell(self, said: str) -> None:
        self.said = said
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        return [heading(f"PLAYGROUND {self._run_id}", self.said, width, self.look, focused=True)]


class Playground(WorkScreen):
    """Asks what the model can be asked, and shows the panel for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", "move", key_display="arrows", id="playground.up", tooltip="up; a larger top-k; the class before"),
        Binding("down", "move(0, 1)", "down", show=False, id="playground.down", tooltip="down; a smaller top-k; the next class"),
        Binding("left", "move(-1, 0)", "left", show=False, id="playground.left", tooltip="left; a lower temperature; back on the way"),
        Binding("right", "move(1, 0)", "right", show=False, id="playground.right", tooltip="right; a higher temperature; on on the way"),
        Binding("space", "press", "pen", id="playground.pen", tooltip="lower the pen, and the arrows draw; lift it again"),
        Binding("backspace", "clear", "clear", key_display="bksp", id="playground.clear", tooltip="rub out the drawing"),
        Binding("enter", "type", "type", id="playground.type", tooltip="type a word, a prompt (tab: temperature, top-k), or a file"),
        Binding("v", "another", "view", id="playground.view", tooltip="another held-out image or word, another draw, two other points"),
        Binding("escape", "back", "back", id="playground.back", tooltip="back to the screen before"),
        Binding("question_mark", "help", "help", id="playground.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="playground.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.panel: Panel | None = None
        self._early: list[tuple[str, str | None]] = []  # keys that came before it

    def compose(self) -> ComposeResult:
        look = self.bench.look
        self.title_row, self.waiting, self.foot = Title(look, self.run_id), Waiting(look), Foot(look)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.title_row
            yield self.waiting
            yield self.foot
            yield self.key_bar()

    def on_mount(self) -> None:
        phase = "loading its model ..." if self.bench.launcher.is_warm else "importing torch, then loading its model ..."
        self.waiting.tell((self.run_id, "title"), (phase, ""))
        self.show_keys()
        self._ask({"do": "about"})

    # What arrives

    async def on_answered(self, message: Answered) -> None:
        about = message.about
        if message.question != _QUESTION or about.get("folder") != self._folder:
            return
        if about["do"] == "about":
            await self._show(message)
            return
        if said := message.answer.get("said"):
            self.title_row.tell(str(said))
        if self.panel:
            self.foot.say()
            self.panel.heard(about, message.answer)

    def on_refused(self, message: Refused) -> None:
        if message.what != _QUESTION:
            return
        if self.panel is None:
            self.waiting.tell(
                (self.run_id, "title"), (message.error.message, "error"), (message.error.hint, ""), ("esc goes back", "muted")
            )
        else:
            self.say(f"{message.error.message}   {message.error.hint}", "error")

    def on_panel_wants(self, message: Panel.Wants) -> None:
        self._ask(message.question)

    def on_panel_says(self, message: Panel.Says) -> None:
        self.say(message.text, message.ink)

    def on_foot_done(self, message: Foot.Done) -> None:
        self.set_focus(None)
        if self.panel and any(message.answers.values()):
            self.panel.typed(*message.answers.values())

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("move", "press", "clear", "another", "type"):
            can_type = action != "type" or bool(self.panel and self.panel.questions())
            return self.panel is not None and self.panel.can(action) and can_type
        return True

    def on_key(self, event: Key) -> None:
        """Keep what is typed while the model is loaded, for the panel that will take it."""
        if self.panel is None and len(self._early) < _MOST_EARLY:
            self._early.append((event.key, event.character))

    def action_help(self) -> None:
        """The keys that do something for this kind of model."""
        meanings = self.panel.meanings if self.panel else {}
        common = {"back", "help", "leave"}
        told = [(key, str(key.id).partition(".")[2]) for key in self.keys]
        self.bench.open_help(
            [replace(key, tooltip=meanings.get(name, key.tooltip)) for key, name in told if name in meanings or name in common]
        )

    def action_move(self, right: int, down: int) -> None:
        if self.panel:
            self.panel.move(right, down)

    def action_press(self) -> None:
        if self.panel:
            self.panel.press()

    def action_clear(self) -> None:
        if self.panel:
            self.panel.clear()

    def action_another(self) -> None:
        if self.panel:
            self.panel.another()

    def action_type(self) -> None:
        if self.panel:
            self.foot.ask(*self.panel.questions())

    def _ask(self, question: Mapping[str, Any]) -> None:
        """Ask the model; a newer question replaces one that still waits."""
        self.bench.launcher.ask(_QUESTION, {**question, "folder": self._folder})

    @property
    def _folder(self) -> str:
        return str((self.bench.root / self.run_id).absolute())

    async def _show(self, message: Answered) -> None:
        """The panel for what the model is."""
        self.title_row.tell(str(message.answer["said"]))
        self.panel = _PANELS[str(message.answer["kind"])](self.bench.look, message.answer)
        await self.waiting.remove()
        await self.query_one("#all").mount(self.panel, after=self.title_row)
        self.foot.show([[Span(f" {self.panel.keys_in_words}", "muted")]])
        self.show_keys()
        self.panel.begin()
        self._take_early()

    def _take_early(self) -> None:
        """The keys that came too early, one by one: what one of them opens takes the next."""
        if self._early:
            self.app.post_message(Key(*self._early.pop(0)))
            # From the app a key goes to the screen, and from there back to the app, which acts; the next one follows behind it.
            self.app.call_later(self.call_later, self.app.call_later, self._take_early)
