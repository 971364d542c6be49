"""Run: one run's status, its charts and previews, its log, and what may be asked of it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key

from workbench.tui.messages import Begun, Refused, RunChanged, RunSeen, RunWish, Wish
from workbench.tui.screens.pages.log import wrong_pattern
from workbench.tui.screens.run import foot
from workbench.tui.screens.run.keys import KEYS
from workbench.tui.screens.run.steering import FORK, Steering
from workbench.tui.screens.run.zoom import HISTOGRAMS
from workbench.tui.widgets.board import Board
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.slot_view import SlotView, Waiting
from workbench.tui.window import scrubbed

_FIND = "find"


class RunScreen(Steering):
    """Watches one run, from the moment that its start was asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, run_id: str | None, *, title: str = "", phase: str = "opening") -> None:
        super().__init__(run_id)
        self._title = run_id or title
        self._phase = phase
        self._foot_height = 4
        self._has_charts = False
        self._find = ""
        self._turn = 0
        self._step: int | None = None  # of the previews; None is the newest
        self._uses_next = False  # the Playground was asked for before the run was read

    def compose(self) -> ComposeResult:
        look = self.bench.look
        self.status, self.waiting, self.foot = Painted(look, id="status"), Waiting(look), Foot(look)
        self.board = Board(look)
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
        self._foot_height = foot.usual_height(rows)
        self.foot.styles.height = self._foot_height
        self._arrange(self.board.count)

    def _arrange(self, count: int) -> None:
        columns, rows = self.size
        self.board.lay_out(count, columns, rows - 3 - self._foot_height)  # status and keys, as screen.tcss says

    def wish(self) -> Wish:
        if self.run_id is None:
            return Wish()
        log = (self.foot.size.width, self.foot.size.height, 0)
        boxes = self.board.boxes or ((1, 1),)
        wish = RunWish(self.run_id, self.size.width, boxes, log, first=self.board.first, find=self._find, turn=self._turn, step=self._step)
        return Wish(run=wish)

    # What arrives

    def on_begun(self, message: Begun) -> None:
        if self.run_id is None or self.run_id == message.run_id:
            self.run_id = message.run_id
            self.say()
            self.tell_wish()

    def on_run_changed(self, message: RunChanged) -> None:
        seen = message.seen
        if not self.is_for_this(message):
            self.tell_wish()
            return
        if self.seen is None:
            self.say()  # whatever kept it from being read is over
        self.seen = seen
        if len(seen.names) != self.board.count and seen.names:
            self._arrange(len(seen.names))
            self.tell_wish()
        self.status.paint(seen.status)
        self._has_charts = self._has_charts or bool(seen.slots)
        if not seen.slots and not self._find:
            self._wait(seen.id, seen.phase or "starting a worker")
        elif not self.board.display:
            self.board.display, self.waiting.display = True, False  # the slots tell their sizes now
        else:
            self.board.show(seen.slots)
        self._show_foot(seen)
        self.hear(seen)
        self.show_keys()
        if self._uses_next:
            self._uses_next = False
            if seen.has_recipe:
                self.action_use()

    def on_refused(self, message: Refused) -> None:
        if message.run_id and message.run_id == self.run_id:  # it left no folder: there is nothing to look at any more
            self.run_id = None
            self.board.display, self.waiting.display = False, True
            self.tell_wish()
        elif self.run_id is None and message.what != "start":
            return
        self.say(f"{message.error.message}   {message.error.hint}", "error")
        if self.run_id is None:
            self.waiting.tell(
                (self._title, "title"), (message.error.message, "error"), (message.error.hint, ""), ("esc goes back", "muted")
            )

    def on_foot_typed(self, message: Foot.Typed) -> None:
        if self.foot.label == _FIND:
            self._look_for(message.text)

    def on_foot_done(self, message: Foot.Done) -> None:
        if message.label == _FIND:
            self._look_for(message.text or "")
        elif message.label == FORK:
            if message.text is not None and self.seen:
                self.bench.fork(self.seen, int(message.text.replace(",", "")))
        elif message.text is not None and self.run_id:
            self.set_live(message.answers)

    def on_slot_view_resized(self) -> None:
        self.tell_wish()

    def on_slot_view_chosen(self, message: SlotView.Chosen) -> None:
        self._choose(self.board.first + message.place)

    # Keys

    def on_key(self, event: Key) -> None:
        self._uses_next = False  # what all screens do with a key, theirs does, too

    def offered(self) -> list[Binding]:
        """The keys that do something at once."""
        return [binding for binding in super().offered() if self.seen is not None or binding.action != "use"]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if (can := self.can_ask(action)) is not None:
            return can
        here = {
            **dict.fromkeys(("zoom", "view", "choose", "page"), self.seen is not None and bool(self.seen.slots or self._find)),
            "find": self._has_charts,  # also right behind a find that has found nothing, whose end was not drawn yet
            "histograms": self.seen is not None and any(name in self.seen.names for name in HISTOGRAMS),
            "use": self.seen.has_recipe if self.seen else self.run_id is not None,  # it waits until the run is read
            "model": self.seen is not None and bool(self.seen.layers or self.seen.has_recipe),
            "notes": self.seen is not None and self.seen.has_recipe,
            **dict.fromkeys(("log", "health"), self.seen is not None),
        }
        return here.get(action, True)

    def action_zoom(self) -> None:
        slot = self.board.chosen_slot
        if slot and self.run_id:
            self.bench.open_zoom(self.run_id, slot.name, self._step, self._find)

    def action_choose(self, right: int, down: int) -> None:
        self._choose(self.board.beside(right, down))

    def action_page(self, by: int) -> None:
        if (place := self.board.page(by)) is not None:
            self._choose(place)

    def action_find(self) -> None:
        self.foot.ask(Question(_FIND, self._find, wrong_pattern))

    def action_scrub(self, by: int) -> None:
        """Show the previews as they were when the one before, or behind, was saved."""
        shown = next((slot for slot in (self.seen.slots if self.seen else ()) if slot.steps), None)
        if shown:
            self._step = scrubbed(shown.steps, self._step or shown.step, by)  # also faster than they are drawn
            self.tell_wish()

    def scrub_to(self, run_id: str, step: int | None) -> None:
        if run_id == self.run_id:
            self._step = step  # the next wish tells

    def action_live(self) -> None:
        self._step = None
        self.tell_wish()

    def action_histograms(self) -> None:
        found = [name for name in HISTOGRAMS if self.seen and name in self.seen.names]
        if found and self.run_id:
            self.bench.open_zoom(self.run_id, found[0], self._step)

    def action_back(self) -> None:
        if self._find:
            self._look_for("")
        else:
            super().action_back()

    def action_view(self) -> None:
        self._turn += 1
        self.tell_wish()

    def action_health(self) -> None:
        if self.seen:
            self.bench.open_health(self.seen.health)

    def action_use(self) -> None:
        if self.seen is None:
            self._uses_next = True
            self.say("the Playground opens as soon as the run is read; any other key calls it off")
        else:
            self.bench.open_playground(str(self.run_id))

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

    def _choose(self, place: int) -> None:
        if self.board.choose(place):
            self.tell_wish()
        else:
            self.board.show(self.seen.slots if self.seen else ())

    def _look_for(self, text: str) -> None:
        if text != self._find:
            self._find, self.board.chosen = text, 0
            self.tell_wish()

    def _show_foot(self, seen: RunSeen) -> None:
        width, rows = self.size
        said = foot.said_by(seen, width, ascii_only=self.bench.look.ascii_only)
        wanted = foot.height_for(seen, said, rows)
        if wanted != self._foot_height:
            self._foot_height = wanted
            self.foot.styles.height = wanted
            self._arrange(self.board.count)
            self.call_after_refresh(self.tell_wish)
        self.foot.show(foot.foot_rows(seen, said, wanted))
