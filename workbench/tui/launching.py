"""Starting runs and asking the helper that knows torch, each in a thread: both wait for processes."""

from __future__ import annotations

import math
import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.tui.messages import Answered, Begun, Refused, SweepBegun, Tried, TryingOn

if TYPE_CHECKING:
    from workbench.launching.ask import Helper
    from workbench.trying.plan import Kind
    from workbench.tui.editing.form import Form

_START_SECONDS = 10.0  # at most, for a start under way when the user leaves: the helper may still import torch
_TRIAL_SECONDS = 0.1  # between two looks at a trial
Post = Callable[[Message], object]


class Launcher:
    """One helper at a time: it answers questions until a start turns it into a worker; then there is a new one."""

    def __init__(self, root: Path, post: Post) -> None:
        self._root, self._post = root, post
        self._helper: Helper | None = None
        self._questions: dict[str, Mapping[str, Any]] = {}  # the newest of each kind; older ones nobody waits for
        self._asking: threading.Thread | None = None
        self._lock = threading.Lock()
        self._starting: list[threading.Thread] = []
        self._begun: list[str] = []
        self._trial: threading.Thread | None = None
        self._trial_ends = threading.Event()

    def warm(self) -> None:
        """Have a helper import torch, so that an answer or a start is quick."""
        with self._lock:
            if self._helper is None:
                from workbench.launching.ask import Helper

                self._helper = Helper()
                self._helper.start()

    @property
    def is_warm(self) -> bool:
        return self._helper is not None and self._helper.ready

    @property
    def is_asking(self) -> bool:
        """Whether a thread waits for the helper."""
        return self._asking is not None and self._asking.is_alive()

    def ask(self, kind: str, about: Mapping[str, Any]) -> None:
        """Ask a question; `Answered` or `Refused` tells. A newer one of its kind replaces one that still waits."""
        self.warm()
        with self._lock:
            self._questions[kind] = about
            if not self.is_asking:
                self._asking = threading.Thread(target=self._answer, name="asking", daemon=True)
                self._asking.start()

    def start(self, form: Form, *, queue: bool = False) -> None:
        """Start a run with the settings of a form, or queue it behind those that train; `Begun` or `Refused` tells.

        Raises:
            WorkbenchError: a setting is not what it may be.
        """
        recipe, preset, config, command = form.recipe, form.preset.name, form.config(), form.command()
        origin, changed = form.origin, form.changed
        parent = origin.run_id if origin else None

        def begin() -> str:
            from workbench.launching import fork, launch
            from workbench.runs.store import Store

            helper = None if queue else self._take_helper()
            if origin and origin.is_fork:
                planned = fork.plan(Store(self._root).folder(origin.run_id), recipe, origin.step, changed)
                return fork.start(Store(self._root), planned, command_line=command, queue=queue, helper=helper).id
            return launch.start(
                Store(self._root), recipe, preset, config, parent=parent, command_line=command, queue=queue, helper=helper
            ).id

        self._in_thread("start", begin, self._look_after)

    def resume(self, run_id: str) -> None:
        """Start another attempt at an ended run; `Begun` or `Refused` tells."""

        def begin() -> str:
            from workbench.launching import launch
            from workbench.runs.store import Store

            launch.resume(Store(self._root).folder(run_id), helper=self._take_helper())
            return run_id

        self._in_thread("resume", begin)

    def sweep(self, text: str) -> None:
        """Begin a sweep by what would be typed behind `workbench sweep`; `SweepBegun` or `Refused` tells."""
        from workbench.launching import sweep

        def work() -> None:
            try:
                self._post(SweepBegun(sweep.begin(shlex.split(text), self._root)))
            except ValueError as error:  # a quotation mark that is not closed
                self._post(Refused("", WorkbenchError(str(error).lower(), "")))
            except WorkbenchError as error:
                self._post(Refused("", error))

        thread = threading.Thread(target=work, name="sweep", daemon=True)
        self._starting = [*(one for one in self._starting if one.is_alive()), thread]
        thread.start()

    def try_out(self, form: Form, kind: Kind) -> None:
        """Conduct a trial with the settings of a form; `TryingOn` tells how it goes, `Tried` or `Refused` how it went."""
        from workbench.events.types import PhaseChanged
        from workbench.launching.trial import Trial

        self.end_trial()
        recipe, preset, config = form.recipe, form.preset.name, form.config()
        ends = self._trial_ends = threading.Event()
        helper = None if self.is_asking else self._take_helper()  # what it was asked is still wanted

        def work() -> None:
            try:
                with Trial(self._root, recipe, preset, config, kind, helper=helper) as trial:
                    while (found := trial.result()) is None and not ends.wait(_TRIAL_SECONDS):
                        for event in trial.poll():
                            if isinstance(event, PhaseChanged):
                                self._post(TryingOn(f"{event.phase} ..."))
                if found is not None:
                    self._post(Tried(found))
            except WorkbenchError as error:
                self._post(Refused("trial", error))

        self._trial = threading.Thread(target=work, name="trial", daemon=True)
        self._trial.start()

    def end_trial(self) -> None:
        """Let a trial that still goes on end by itself, soon."""
        self._trial_ends.set()

    def leave(self) -> list[str]:
        """Let starts that are under way happen, and the helper go; returns the runs that were started."""
        self.end_trial()
        for thread in (*self._starting, *([self._trial] if self._trial else [])):
            thread.join(_START_SECONDS)
        if self._helper is not None and not self.is_asking:
            self._helper.close()
        return self._begun

    def _take_helper(self) -> Helper | None:
        with self._lock:
            helper, self._helper, self._questions = self._helper, None, {}
        return helper

    def _answer(self) -> None:
        while True:
            with self._lock:
                helper = self._helper
                if not self._questions or helper is None:
                    self._asking = None
                    return
                kind = next(iter(self._questions))
                about = self._questions.pop(kind)
            try:
                self._post(Answered(kind, about, helper.ask(kind, **about)))
            except WorkbenchError as error:
                self._post(Refused(kind, error))

    def _look_after(self, run_id: str) -> None:
        """Wait for the first step of a new run: one that is refused as wrong use leaves no folder, and `Refused` says why."""
        from workbench.launching.awaiting import await_start
        from workbench.runs.folder import RunFolder
        from workbench.tui.editing.readiness import in_form_words

        folder = RunFolder(self._root / run_id)
        try:
            await_start(folder, seconds=math.inf)
        except WorkbenchError as error:
            if not folder.path.exists():
                self._begun.remove(run_id)
                self._post(Refused("start", WorkbenchError(error.message, in_form_words(error.hint)), run_id))

    def _in_thread(self, what: str, begin: Callable[[], str], then: Callable[[str], None] | None = None) -> None:
        def work() -> None:
            try:
                run_id = begin()
                self._begun.append(run_id)
                self._post(Begun(run_id))
            except WorkbenchError as error:
                self._post(Refused(what, error))
            else:
                if then:
                    threading.Thread(target=then, args=(run_id,), name="looking after", daemon=True).start()

        thread = threading.Thread(target=work, name=what, daemon=True)
        self._starting = [*(one for one in self._starting if one.is_alive()), thread]
        thread.start()
