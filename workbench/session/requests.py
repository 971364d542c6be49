"""What people ask of a running worker, answered between two steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.events.types import Paused, RequestAnswered, Resumed, RunEnded
from workbench.recipe import Recipe
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.schema import describe
from workbench.session.journal import Journal

Number = int | float | None  # what a live setting may be
_LOOK_SECONDS = 0.05
_HEARTBEAT_SECONDS = 10.0


@dataclass
class Requests:
    """Carries out requests at step boundaries. `stopped_by` says who ended the run; empty while nobody did.

    Args:
        save: writes a checkpoint and returns an error in words, or nothing.
        change: gives a live setting another value; returns from when on where that is not at once, or raises why it cannot.
        settle: called before anything is answered: what was logged until then shall stand before it.
    """

    folder: RunFolder
    journal: Journal
    recipe: Recipe
    save: Callable[[], str]
    change: Callable[[str, Number, str], str]
    cpu_seconds: Callable[[], float]
    settle: Callable[[], None] = lambda: None
    stopped_by: str = ""
    signalled: str = ""  # set by the signal handlers
    _looked: float = 0.0
    _paused: bool = False

    @property
    def stopping(self) -> bool:
        return bool(self.stopped_by or self.signalled)

    @property
    def reason(self) -> str:
        """Why the run was ended, in words."""
        return f"stopped by {self.stopped_by}" if self.stopped_by else f"stopped by {self.signalled}"

    def handle(self, step: int) -> float:
        """Answer what waits; returns how many seconds the run was paused for."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS and not self.signalled:
            return 0.0
        self._answer_pending(step)
        if not self._paused:
            return 0.0
        begun = time.monotonic()
        while self._paused and not self.stopping:
            self.journal.measure(step, self.cpu_seconds(), every=_HEARTBEAT_SECONDS)
            time.sleep(_LOOK_SECONDS)
            self._answer_pending(step)
        return time.monotonic() - begun

    def _answer_pending(self, step: int) -> None:
        self._looked = time.monotonic()
        pending = control.pending(self.folder)
        if pending:
            self.settle()
        for request in pending:
            if request.kind == "stop":  # answered when the end of the run is in the log
                self.stopped_by = self.stopped_by or request.by
            else:
                accepted, message = self._carry_out(request, step)
                answer(self.journal, request, step, accepted, message)

    def _carry_out(self, request: control.Request, step: int) -> tuple[bool, str]:
        match request.kind:
            case "pause":
                if self._paused:
                    return True, "it was paused already"
                self._paused = True
                self.journal.write(Paused(at=time.time(), step=step, by=request.by))
                return True, f"paused at step {step:,}"
            case "resume":
                if not self._paused:
                    return True, "it was not paused"
                self._paused = False
                self.journal.write(Resumed(at=time.time(), step=step, by=request.by))
                return True, f"resumed at step {step:,}"
            case "save":
                error = self.save()
                return not error, error or f"saved a checkpoint at step {step:,}"
            case "set":
                return self._set(request)
            case _:
                return False, f"unknown request {request.kind}"

    def _set(self, request: control.Request) -> tuple[bool, str]:
        live = {setting.name: setting for setting in describe(self.recipe.config) if setting.live}
        try:
            values = [(live[name], live[name].parse(str(text))) for name, text in request.arguments.items()]
        except KeyError as error:
            return False, f"setting {error} cannot be changed while the run trains; these can: {', '.join(live)}"
        except WorkbenchError as error:
            return False, error.message
        said = []
        for setting, value in values:
            try:
                said.append(f"{setting.name} is {setting.text(value)}{self.change(setting.name, _as_number(value), request.by)}")
            except WorkbenchError as error:
                return False, "; ".join([*said, error.message])
        return True, ", ".join(said)


def answer(journal: Journal, request: control.Request, step: int, accepted: bool, message: str) -> None:
    """Say in the log, durably, what became of a request, and take it away."""
    said = RequestAnswered(at=time.time(), step=step, request=request.id, kind=request.kind, accepted=accepted, message=message)
    journal.write(said, commit=True)
    control.withdraw(journal.folder, request)


def answer_at_end(journal: Journal, ended: RunEnded) -> None:
    """Answer whoever still waits: the end of the run is in the log now."""
    for request in control.pending(journal.folder):
        if request.kind == "stop":
            answer(journal, request, ended.step, True, f"{ended.state} at step {ended.step:,}")
        else:
            answer(journal, request, ended.step, False, f"the run has {ended.state}")


def _as_number(value: object) -> Number:
    return value if isinstance(value, (int, float)) else None
