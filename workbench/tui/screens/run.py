"""Run: one run's status, its charts and previews, its log, and what may be asked of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical

from workbench.charts.rows import Span
from workbench.errors import WorkbenchError
from workbench.tui.messages import Asked, Begun, Refused, RunChanged, RunSeen, RunWish, Wish
from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.slot_view import SlotView, Waiting

if TYPE_CHECKING:
    from workbench.recipe import Recipe
    from workbench.schema import Setting

MOST_SLOTS = 6


class RunScreen(WorkScreen):
    """Watches one run, from the moment that its start was asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "pause", id="run.pause", tooltip="pause, or go on after a pause"),
        Binding("p", "go_on", "go on", id="run.go_on", tooltip="go on after a pause"),
        Binding("x", "stop", "stop", id="run.stop", tooltip="stop: it finishes the step, saves and ends"),
        Binding("r", "resume", "resume", id="run.resume", tooltip="another attempt, from the newest good checkpoint"),
        Binding("w", "save", "save", id="run.save", tooltip="write a checkpoint now"),
        Binding("c", "change", "change lr", id="run.change", tooltip="change the learning rate or another live setting"),
        Binding("enter", "zoom", "zoom", id="run.zoom", tooltip="the chosen chart or preview on the whole screen"),
        Binding("left", "choose(-1, 0)", "left", show=False, id="run.left", tooltip="choose the chart to the left"),
        Binding("right", "choose(1, 0)", "right", show=False, id="run.right", tooltip="choose the chart to the right"),
        Binding("up", "choose(0, -1)", "up", show=False, id="run.up", tooltip="choose the chart above"),
        Binding("down", "choose(0, 1)", "down", show=False, id="run.down", tooltip="choose the chart below"),
        Binding("v", "view", "view", id="run.view", tooltip="the next preview: worst examples, confusion matrix, filters"),
        Binding("l", "log", "log", id="run.log", tooltip="the whole log"),
        Binding("m", "model", "model", show=False, id="run.model", tooltip="the layers with shapes and parameters"),
        Binding("i", "notes", "notes", show=False, id="run.notes", tooltip="what the recipe is, its equations, what to watch"),
        Binding("escape", "back", "bench", id="run.back", tooltip="back to recipes and runs; this run goes on"),
        Binding("question_mark", "help", "help", id="run.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="run.leave", tooltip="leave; the run goes on training"),
    ]

    def __init__(self, run_id: str | None, *, title: str = "", phase: str = "opening") -> None:
        super().__init__()
        self.run_id = run_id
        self.seen: RunSeen | None = None
        self._title = run_id or title
        self._phase = phase
        self._chosen = 0
        self._turn = 0
        self._shape = (2, 2)
        self._asked: dict[str, str] = {}  # request -> kind, until it is answered

    def compose(self) -> ComposeResult:
        look = self.bench.look
        self.status, self.waiting, self.foot = Painted(look, id="status"), Waiting(look), Foot(look)
        self.slots = [SlotView(look, place) for place in range(MOST_SLOTS)]
        self.board = Grid(*self.slots, id="board")
        yield self.too_small()
        with Vertical(id="all"):
            yield self.status
            yield self.waiting
            yield self.board
            yield self.foot
            yield self.key_bar()

    def on_mount(self) -> None:
        self.board.display = False
        self._wait(self._title, self._phase)
        self.show_keys()

    def fit_to(self, columns: int, rows: int) -> None:
        across = 1 if columns < 64 else 2 if columns < 150 else 3
        down = 1 if rows < 17 else 2 if across > 1 else 3
        self._shape = (across, down)
        self.board.styles.grid_size_columns = across
        self.board.styles.grid_size_rows = down
        for slot in self.slots:
            slot.display = slot.place < across * down
        self._chosen = min(self._chosen, across * down - 1)

    def wish(self) -> Wish:
        if self.run_id is None:
            return Wish()
        boxes = tuple((slot.size.width, slot.size.height) for slot in self.slots if slot.display and self.board.display)
        log = (self.foot.size.width, self.foot.size.height, 0)
        return Wish(run=RunWish(self.run_id, self.size.width, boxes or ((1, 1),), log, self._turn))

    # What arrives

    def on_begun(self, message: Begun) -> None:
        if self.run_id is None or self.run_id == message.run_id:
            self.run_id = message.run_id
            self.say()
            self.tell_wish()

    def on_run_changed(self, message: RunChanged) -> None:
        seen = message.seen
        if not self.is_for_this(message):
            return
        if self.seen is None:
            self.say()  # whatever kept it from being read is over
        self.seen = seen
        self.status.paint(seen.status)
        if not seen.slots:
            self._wait(seen.id, seen.phase or "starting a worker")
        elif not self.board.display:
            self.board.display, self.waiting.display = True, False  # the slots tell their sizes now
        else:
            self._show_slots()
        self._show_foot(seen)
        self._hear(seen)
        self.show_keys()

    def on_asked(self, message: Asked) -> None:
        self._asked[message.request] = message.kind
        self.say(f"asked to {message.kind} ...")

    def on_refused(self, message: Refused) -> None:
        self.say(f"{message.error.message}   {message.error.hint}", "error")
        if self.run_id is None:
            self.waiting.tell(
                (self._title, "title"), (message.error.message, "error"), (message.error.hint, ""), ("esc goes back", "muted")
            )

    def on_foot_done(self, message: Foot.Done) -> None:
        if message.text is not None and self.run_id:
            self.bench.ask(self.run_id, "set", **{message.label: message.text})

    def on_slot_view_resized(self) -> None:
        self.tell_wish()

    def on_slot_view_chosen(self, message: SlotView.Chosen) -> None:
        self._chosen = message.place
        self._show_slots()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        live = self.seen is not None and self.seen.is_live
        paused = self.seen is not None and self.seen.state == "paused"
        here = {
            "pause": live and not paused,
            "go_on": paused,
            "resume": self.seen is not None and not live,
            **dict.fromkeys(("stop", "save", "change"), live),
            **dict.fromkeys(("zoom", "view", "choose"), self.seen is not None and bool(self.seen.slots)),
            **dict.fromkeys(("log", "model", "notes"), self.seen is not None),
        }
        return here.get(action, True)

    def action_pause(self) -> None:
        self.bench.ask(str(self.run_id), "pause")

    def action_go_on(self) -> None:
        self.bench.ask(str(self.run_id), "resume")

    def action_stop(self) -> None:
        if self.confirm("x", str(self.run_id), "x again to stop: it saves and ends; esc to leave it training"):
            self.bench.ask(str(self.run_id), "stop")

    def action_resume(self) -> None:
        self.say("starting another attempt ...")
        self.bench.resume(str(self.run_id))

    def action_save(self) -> None:
        self.bench.ask(str(self.run_id), "save")

    def action_change(self) -> None:
        asked = questions(self.seen, self.bench.recipes.get(self.seen.recipe)) if self.seen else []
        if asked:
            self.foot.ask(*asked)

    def action_zoom(self) -> None:
        slot = self.slots[self._chosen].seen
        if slot and self.run_id:
            self.bench.open_zoom(self.run_id, slot.name)

    def action_choose(self, right: int, down: int) -> None:
        across, rows = self._shape
        x, y = self._chosen % across, self._chosen // across
        self._chosen = max(0, min(across - 1, x + right)) + across * max(0, min(rows - 1, y + down))
        self._show_slots()

    def action_view(self) -> None:
        self._turn += 1
        self.tell_wish()

    def action_log(self) -> None:
        self.bench.open_log(str(self.run_id))

    def action_model(self) -> None:
        if self.seen:
            layers = self.seen.layers
            self.bench.open_model(layers, sum(int(layer.get("parameters") or 0) for layer in layers))

    def action_notes(self) -> None:
        recipe = self.bench.recipes.get(self.seen.recipe) if self.seen else None
        if recipe:
            self.bench.open_notes(recipe)

    # Painting

    def _wait(self, title: str, phase: str) -> None:
        self.waiting.tell((title, "title"), (f"{phase} ...", ""), ("q leaves at any time: a run goes on by itself", "muted"))

    def _show_slots(self) -> None:
        shown = self.seen.slots if self.seen else ()
        for slot in self.slots:
            slot.show(shown[slot.place] if slot.place < len(shown) else None, slot.place == self._chosen)

    def _show_foot(self, seen: RunSeen) -> None:
        notice = [[Span(f" {text}", ink)] for text, ink in seen.notice]
        room = max(0, self.foot.size.height - len(notice))
        self.foot.show([*seen.log[len(seen.log) - min(room, len(seen.log)) :], *notice])

    def _hear(self, seen: RunSeen) -> None:
        """Say what became of what was asked."""
        for request in [request for request in self._asked if request in seen.answers or not seen.is_live]:
            kind = self._asked.pop(request)
            accepted, message = seen.answers.get(request, (seen.state == "stopped", ""))
            self.say(f"{message or kind}", "good") if accepted else self.say(f"refused to {kind}: {message or seen.state}", "error")


def questions(seen: RunSeen, recipe: Recipe | None) -> list[Question]:
    """What may be changed while the run trains, the learning rate first."""
    from workbench.schema import describe

    live = [setting for setting in describe(recipe.config) if setting.live] if recipe else []
    return [Question(setting.name, setting.text(seen.settings.get(setting.name)), partial(wrong, setting)) for setting in live]


def wrong(setting: Setting, text: str) -> str:
    """What is wrong with a text for a setting; empty where nothing is."""
    try:
        setting.parse(text)
    except WorkbenchError:
        return f"expected {setting.expected}"
    return ""
