"""What people ask of a script's run: stop and pause, as far as the script asks `should_stop`."""

from __future__ import annotations

import time

from workbench.events.types import Paused, Resumed
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.session.journal import Journal
from workbench.session.requests import answer

_PATIENCE_SECONDS = 10.0  # after which a script that never asked is taken for one that never will
_LOOK_SECONDS = 0.05
_NEVER_ASKS = "its script has not called run.should_stop() yet, which is where it would stop or wait"
_REFUSED = {"save": "a script saves its own checkpoints", "set": "the settings of a script are its own"}


class Talk:
    """Requests on one side, the script's question on the other: each attribute is written by one thread only."""

    def __init__(self, folder: RunFolder, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._asks = self._waits = False  # written by the script
        self._pausing = self._paused = self._over = False  # written by the scribe
        self._seen: dict[str, float] = {}
        self.stopped_by = ""

    def should_stop(self) -> bool:
        """The script's question; waits here as long as the run is paused."""
        self._asks = True
        while self._pausing and not self.stopped_by and not self._over:
            self._waits = True
            time.sleep(_LOOK_SECONDS)
        self._waits = False
        return bool(self.stopped_by)

    def close(self) -> None:
        """Let go of a script that waits: nobody would wake it any more."""
        self._over = True

    def answer(self, step: int) -> None:
        """Carry out what is asked, as far as the script lets it; the rest waits for the next look."""
        for request in control.pending(self._folder):
            self._seen.setdefault(request.id, time.monotonic())
            if request.kind in _REFUSED:
                answer(self._journal, request, step, False, _REFUSED[request.kind])
            elif request.kind == "resume":
                self._resume(request, step)
            elif not self._asks:
                if time.monotonic() - self._seen[request.id] > _PATIENCE_SECONDS:
                    answer(self._journal, request, step, False, _NEVER_ASKS)
            elif request.kind == "stop":  # answered when the end of the run is in the log
                self.stopped_by = self.stopped_by or request.by or "somebody"
            else:
                self._pause(request, step)

    def _pause(self, request: control.Request, step: int) -> None:
        self._pausing = True
        if not self._waits:
            return  # until the script asks again
        if not self._paused:
            self._paused = True
            self._journal.write(Paused(at=time.time(), step=step, by=request.by))
        answer(self._journal, request, step, True, f"paused at step {step:,}")

    def _resume(self, request: control.Request, step: int) -> None:
        was_paused, self._paused, self._pausing = self._paused, False, False
        if was_paused:
            self._journal.write(Resumed(at=time.time(), step=step, by=request.by))
        answer(self._journal, request, step, True, f"resumed at step {step:,}" if was_paused else "it was not paused")
