"""The terminal user interface: it holds the screens, and passes on what the polling thread and the helper tell."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.driver import Driver
from textual.events import Resize
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from workbench.errors import WorkbenchError
from workbench.tui import terminal
from workbench.tui.doors import Doors
from workbench.tui.launching import Launcher
from workbench.tui.messages import Begun, Checked, News, RecipesFound, Refused, RunChanged, RunsChanged, RunSeen, Scrubbed, Told, Wish
from workbench.tui.polling.poller import Poller
from workbench.tui.polling.run_jobs import RunJobs
from workbench.tui.screens.base import WorkScreen
from workbench.tui.screens.bench.screen import Bench
from workbench.tui.theme import Look
from workbench.tui.theme import theme as painted
from workbench.tui.wire.sender import thrifty

if TYPE_CHECKING:
    from workbench.recipe import Recipe
    from workbench.tui.editing.form import Form
    from workbench.views.plots.view import ChartStyle

_HANG_UP_SECONDS = 1.0
CLEARED = "\x1b[2J"
_UNFOCUSED = 4  # times slower while another window has the keyboard, where the terminal says so


class Workbench(Doors):
    """The app. Screens call its methods; widgets never do."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss",
        "screens/bench/screen.tcss",
        "screens/run/screen.tcss",
        "screens/run/zoom.tcss",
        "screens/compare.tcss",
        "screens/sweeps.tcss",
        "screens/playground/screen.tcss",
    ]
    TITLE = "workbench"

    def __init__(
        self,
        root: Path,
        look: Look,
        *,
        run_id: str | None = None,
        launcher: Launcher | None = None,
        find: Callable[[], Mapping[str, Recipe]] | None = None,
        seconds: float | None = None,
        keys: Mapping[str, str] | None = None,
        bell: bool = True,
        slots: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(ansi_color=look.is_few or None)
        self.root, self.look = root, look
        self._harmless = terminal.Harmless(look.ascii_only)
        self.recipes: Mapping[str, Recipe] = {}
        self.live: dict[str, bool] = {}  # runs seen since the start, and whether they were alive
        self._opened = run_id
        self.launcher = launcher or Launcher(root, self.post_message)
        self._seconds = seconds or terminal.refresh_seconds()
        self._poller = Poller(
            root,
            self.post_message,
            look,
            seconds=self._seconds,
            find=find,
            clock=clock,
            behind=lambda: terminal.is_behind(self._driver),
            first=slots,
        )
        self.jobs = RunJobs(self._poller.do)
        self.register_theme(painted(look.theme))
        self.theme = "ansi-dark" if look.is_few else f"workbench-{look.theme}"
        self.own_keys = _normal(keys) if keys else {}
        self.set_keymap(self.own_keys)
        self._bell = bell
        self._hard_exit: threading.Timer | None = None
        self._measuring: Timer | None = None
        self._slots = slots or {}
        self.set_class(look.ascii_only, "-ascii")
        self.animation_level = "none"

    # Coming and going

    def get_default_screen(self) -> Screen[None]:
        return Bench()

    def on_mount(self) -> None:
        if self._opened:
            self.open_run(self._opened)
        if not self.is_headless:
            terminal.leave_on_signals(self.leave)
            hung_up = terminal.HangUp()
            self.set_interval(_HANG_UP_SECONDS, lambda: self.leave() if hung_up() else None)
        self.app_resume_signal.subscribe(self, lambda _: self.call_later(self.action_repaint))
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What the first paint need not wait for."""
        gc.freeze()  # what is imported stays: a collection between two keys need not walk it
        gc.enable()
        self._poller.start()
        self.look_again()

    def leave(self) -> None:
        """Leave, within two seconds whatever the terminal does. Runs are not touched."""
        if not self.is_headless:
            self._hard_exit = terminal.hard_exit_soon()
        self._poller.leave()
        terminal.drop_backlog(self._driver)
        self.exit()

    def finish(self) -> list[str]:
        """Behind the last paint: let a start that is under way happen, let the helper go; which runs go on."""
        if self._hard_exit:
            self._hard_exit.cancel()
        for run_id in self.launcher.leave():
            self.live[run_id] = True
        return [run_id for run_id, is_live in self.live.items() if is_live]

    @property
    def is_waiting(self) -> bool:
        """Whether a thread still waits for the helper, which must not hold up the end."""
        return self.launcher.is_asking

    def action_leave(self) -> None:
        self.leave()

    def action_repaint(self) -> None:
        if self._driver is not None:
            self._driver.write(CLEARED)  # something else has drawn on the terminal: what it shows is not known
        self._paint_all()

    def _paint_all(self) -> None:
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def on_resize(self, event: Resize) -> None:
        terminal.forget(self._driver)
        if event.size == self.size and self.screen_stack:  # there and back again, of which Textual 8.2 paints nothing
            self._paint_all()

    def on_app_blur(self) -> None:
        self._poller.seconds = self._seconds * _UNFOCUSED

    def on_app_focus(self) -> None:
        self._poller.seconds = self._seconds

    def get_driver_class(self) -> type[Driver]:
        return thrifty(super().get_driver_class())

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._harmless, *super().get_line_filters()]  # one instance: strips remember what a filter made of them

    # What is told is passed on to every open screen

    def on_recipes_found(self, message: RecipesFound) -> None:
        self.recipes = message.recipes
        self._pass_on(message)
        if self._slots and message.recipes:
            from workbench.tui.checking import wrong_slots

            for wrong in wrong_slots(self._slots, message.recipes)[:1]:
                self._pass_on(Refused("slots", WorkbenchError(f"[slots] in the settings file: {wrong}")))
        self.warm()

    def on_runs_changed(self, message: RunsChanged) -> None:
        self._note({run.id: run.is_live for run in message.runs if run.is_live or run.id in self.live})
        self._pass_on(message)

    def on_run_changed(self, message: RunChanged) -> None:
        if message.seen.is_live or message.seen.id in self.live:
            self._note({message.seen.id: message.seen.is_live})
        self._pass_on(message)

    def on_scrubbed(self, message: Scrubbed) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, WorkScreen):
                screen.scrub_to(message.run_id, message.step)

    def _note(self, seen: Mapping[str, bool]) -> None:
        """Remember which runs live; ring when one has ended, however it did."""
        if self._bell and any(self.live.get(run_id) and not is_live for run_id, is_live in seen.items()):
            self.bell()
        self.live.update(seen)

    def on_begun(self, message: Begun) -> None:
        self.live[message.run_id] = True
        self._pass_on(message)

    def on_told(self, message: Told) -> None:
        if self.screen_stack and isinstance(self.screen, WorkScreen):
            self.screen.say(message.text, "good")

    @on(News)
    def _pass_on(self, message: Message) -> None:
        for screen in self.screen_stack:
            screen.post_message(message)

    # What screens ask for

    def look_again(self) -> None:
        """Look at what the topmost screen wants that wants anything; one that was just opened has no widgets yet, and asks later."""
        for screen in reversed(self.screen_stack):
            wish = screen.wish() if isinstance(screen, WorkScreen) and screen.is_mounted else None
            if wish is not None:
                self._poller.watch(wish)
                return
        self._poller.watch(Wish())

    def remember(self, metric: str, style: ChartStyle) -> None:
        """Draw the charts of a metric so, also in other runs and next time."""
        self._poller.remember(metric, style)

    def warm(self) -> None:
        """Have a helper ready, unless a run was just started and needs the machine."""
        if self.recipes and self.screen_stack and isinstance(self.screen, Bench):  # none is left once it leaves
            self.launcher.ask("device", {})

    def measure(self, form: Form, *, after: float) -> None:
        """Ask for the layers of a form's model, and for the sizes of its data, once it has stood still for a moment."""
        if self._measuring:
            self._measuring.stop()
        self._measuring = self.set_timer(after, lambda: self._measure(form))

    def _measure(self, form: Form) -> None:
        # Else a run was just started and needs the machine; Bench asks again when it is back.
        if self.screen_stack and isinstance(self.screen, Bench):
            self.ask_about(form, "layers", "contents")

    def check(self, form: Form) -> None:
        """Look whether the data of a form are here; `Checked` tells."""
        from workbench.paths import data_folder
        from workbench.tui.editing import readiness

        asked, values = readiness.asked(form), dict(form.values)
        self._poller.do(lambda store: Checked(asked, readiness.lack_of_data(values, data_folder())))

    def start(self, form: Form) -> None:
        """Start a run and watch it from the first moment.

        Raises:
            WorkbenchError: a setting is not what it may be.
        """
        from workbench.tui.screens.run.screen import RunScreen

        self.launcher.start(form)
        phase = "starting a worker" if self.launcher.is_warm else "importing torch"  # in the helper, which becomes the worker
        self.push_screen(RunScreen(None, title=f"{form.recipe.name}/{form.preset.name}", phase=phase))

    def fork(self, seen: RunSeen, step: int) -> None:
        """Back to Bench, with the form filled for a fork of a run at the step of one of its checkpoints."""
        while not isinstance(self.screen, Bench):
            self.pop_screen()
        self.screen.begin_fork(seen.id, step, seen.checkpoints[step])

    def queue(self, form: Form) -> None:
        """Let a run start by itself once its device is free.

        Raises:
            WorkbenchError: a setting is not what it may be.
        """
        self.launcher.start(form, queue=True)

    def resume(self, run_id: str) -> None:
        self.launcher.resume(run_id)

    def read_settings(self, path: Path, form: Form) -> None:
        """Read the settings in a file, of the form's recipe where it does not name another; `SettingsRead` or `Refused` tells."""
        from workbench.tui.editing import files

        self._poller.do(lambda store: files.read(path, self.recipes, form))

    def write_settings(self, path: Path, form: Form, *, replace: bool = False) -> None:
        """Write a form's settings to a file; `SettingsWritten` or `Refused` tells."""
        from workbench.tui.editing import files

        message = files.writer(path, form, replace=replace)
        self._poller.do(lambda store: message())


def _normal(keys: Mapping[str, str]) -> dict[str, str]:
    from workbench.tui.checking import normal  # only who has keys of their own waits for it

    return normal(keys)
