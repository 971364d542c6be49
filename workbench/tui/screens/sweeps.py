"""Sweeps: many runs of one plan, how far each is, the best so far; stopped and resumed with a key."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.tui.messages import Refused, SweepBegun, SweepsChanged, SweepsSeen, SweepsWish, Wish
from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

_PAGE = 10
_TYPED = 200  # cells to type into, as far as there are


class Sweeps(WorkScreen):
    """Holds which sweep is looked at; the polling thread reads and draws."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "select(-1)", "sweep", key_display="arrows", id="sweeps.up", tooltip="the sweep above"),
        Binding("down", "select(1)", "sweep below", show=False, id="sweeps.down", tooltip="the sweep below"),
        Binding(
            "s",
            "start",
            "start",
            id="sweeps.start",
            tooltip="begin a sweep: recipe, what varies, --seeds, --trials, as on the command line",
        ),
        Binding("x", "stop", "stop", id="sweeps.stop", tooltip="stop what trains, with checkpoints, and begin nothing more"),
        Binding("r", "resume", "resume", id="sweeps.resume", tooltip="go on with it on this machine; what has finished is not repeated"),
        Binding("C", "beside", "compare", id="sweeps.beside", tooltip="compare its runs"),
        Binding("enter", "open", "watch", id="sweeps.open", tooltip="watch the run that trains, else the newest"),
        Binding("pagedown", f"scroll({_PAGE})", "scroll", key_display="pgdn", id="sweeps.pagedown", tooltip="the table down"),
        Binding("pageup", f"scroll(-{_PAGE})", "table up", show=False, id="sweeps.pageup", tooltip="the table up"),
        Binding("escape", "back", "back", id="sweeps.back", tooltip="back to the screen before"),
        Binding("question_mark", "help", "help", id="sweeps.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id="sweeps.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, recipe: str) -> None:
        super().__init__()
        self._recipe = recipe
        self._asked = SweepsWish(0, 0)
        self._seen: SweepsSeen | None = None

    def compose(self) -> ComposeResult:
        self.board, self.foot = Painted(self.bench.look, id="sweeps"), Foot(self.bench.look)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.board
            yield self.foot
            yield self.key_bar()

    def on_mount(self) -> None:
        self.show_keys()

    def wish(self) -> Wish:
        width, height = self.board.size
        if width < 1 or height < 2:
            return Wish()
        return Wish(sweeps=replace(self._asked, width=width, height=height - 1))

    # What arrives

    def on_sweeps_changed(self, message: SweepsChanged) -> None:
        if message.seen.wish != self.wish().sweeps:
            self.tell_wish()
            return
        self._seen = message.seen
        count = len(message.seen.sweeps)
        title = f"SWEEPS {count}" if count else "SWEEPS"
        self.board.paint(
            [heading(title, "newest first" if count > 1 else "", self.board.size.width, self.bench.look, focused=True), *message.seen.rows]
        )
        self.show_keys()

    def on_refused(self, message: Refused) -> None:
        if not message.what:  # a key of here
            self.say(f"{message.error.message}   {message.error.hint}", "error")

    def on_sweep_begun(self, message: SweepBegun) -> None:
        self.say(f"{message.name} has begun; it goes on when this is closed", "good")
        self._change(selected=0, top=0)

    def on_foot_done(self, message: Foot.Done) -> None:
        if message.text:
            self.bench.launcher.sweep(message.text)
            self.say("beginning ...", "good")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        name, state = self._here
        here = {
            "stop": state in ("running", "interrupted"),
            "resume": bool(name) and state in ("stopped", "interrupted"),
            "beside": len(self._runs) > 1,
            "open": bool(self._runs),
            **dict.fromkeys(("select", "scroll"), bool(name)),
        }
        return here.get(action, True)

    def action_select(self, by: int) -> None:
        count = len(self._seen.sweeps) if self._seen else 1
        self._change(selected=max(0, min(count - 1, self._asked.selected + by)), top=0)

    def action_scroll(self, by: int) -> None:
        most = max(0, (self._seen.height if self._seen else 1) - 1)
        self._change(top=max(0, min(most, self._asked.top + by)))

    def action_start(self) -> None:
        self.foot.ask(Question("workbench sweep", f"{self._recipe} lr=1e-3,3e-3 --seeds 3", cells=_TYPED))

    def action_stop(self) -> None:
        name, _ = self._here
        again, resume = self.key_for("x"), self.key_for("r")
        if self.confirm("x", name, f"{again} again stops {name}: what trains saves and ends; {resume} goes on with it"):
            self.bench.jobs.stop_sweep(name)
            self.say(f"stopping {name} ...", "good")

    def action_resume(self) -> None:
        name, _ = self._here
        self.bench.jobs.resume_sweep(name)
        self.say(f"going on with {name} ...", "good")

    def action_beside(self) -> None:
        self.bench.open_comparison(self._runs)

    def action_open(self) -> None:
        self.bench.open_run(self._runs[-1])

    @property
    def _here(self) -> tuple[str, str]:
        """Name and state of the sweep that the pointer is at."""
        known = self._seen.sweeps if self._seen else ()
        return known[min(self._asked.selected, len(known) - 1)] if known else ("", "")

    @property
    def _runs(self) -> tuple[str, ...]:
        known = self._seen.runs if self._seen else ()
        return known[min(self._asked.selected, len(known) - 1)] if known else ()

    def _change(self, *, selected: int | None = None, top: int) -> None:
        self._asked = replace(self._asked, top=top, selected=self._asked.selected if selected is None else selected)
        self.tell_wish()
