"""The thread that writes down what a script logs, in groups, and answers requests: the script itself only appends to a list."""

from __future__ import annotations

import math
import os
import platform
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from workbench import __version__
from workbench.events.reader import read_events
from workbench.events.types import LoopStarted, Metrics, RunEnded, RunStarted
from workbench.events.writer import EventWriter
from workbench.recipe import Goal
from workbench.recording.charting import LONGEST_KEY, MOST_KEYS, declare
from workbench.recording.last_words import LastWords
from workbench.recording.talk import Talk
from workbench.runs import locking, status
from workbench.runs.folder import RunFolder
from workbench.runs.reading.state import RunState
from workbench.session.journal import FLUSH_SECONDS, Journal
from workbench.session.requests import answer_at_end

MOST_WAITING = 500_000  # rows, should the thread not get a turn
_LARGEST_STEP = 2**53
_LEAVE_SECONDS = 10.0  # for the thread to write its last group; a disk that hangs must not keep a script from ending

Row = tuple[float, int, dict[str, Any]]  # when, step, values


class Scribe:
    """Holds the lock of a script's run and writes its log, from a thread of its own until `end`.

    Raises:
        OSError: the run's folder cannot be written.
    """

    def __init__(self, folder: RunFolder, goals: Mapping[str, Goal], *, steps_total: int | None, steps_per_epoch: int) -> None:
        self.rows: deque[Row] = deque()
        self.left_out: dict[str, int] = {}  # why -> how many values
        self._lock = locking.hold(folder)
        self._last_words = LastWords(folder)
        self._journal = Journal(folder, EventWriter(folder.events), RunState())
        self.talk = Talk(folder, self._journal)
        self._goals = dict(goals)
        self._last: dict[str, int] = {}  # of each key, its newest step
        self._told: set[str] = set()
        self._step = 0
        self._steps = 0  # how many were logged
        self._newest = -1
        self._cpu_started = time.process_time()
        self._over = threading.Event()
        self._journal.write(_started(), commit=True)
        self._journal.write(declare((), self._goals))
        self._journal.write(
            LoopStarted(at=time.time(), step=0, elapsed_seconds=0.0, steps_total=steps_total, steps_per_epoch=steps_per_epoch,
                        epochs_total=None, examples_per_step=1, unit="steps")
        )  # fmt: skip
        self._thread = threading.Thread(target=self._work, name="workbench", daemon=True)
        self._thread.start()

    def end(self, state: Literal["finished", "stopped", "failed"], reason: str, *, detail: str = "", exit_code: int = 0) -> None:
        """Write what is left and the end of the run; the script goes on without it."""
        self.talk.close()
        self._over.set()
        self._thread.join(_LEAVE_SECONDS)
        if self._thread.is_alive():
            return
        self._write_rows()
        ended = RunEnded(
            at=time.time(), state=state, step=self._step, reason=reason, detail=detail, exit_code=exit_code,
            cpu_seconds=round(self._cpu_seconds(), 3),
        )  # fmt: skip
        self._journal.write(ended, commit=True)
        answer_at_end(self._journal, ended)
        self._journal.summarise(now=True)
        if self._journal.close():
            folder = self._journal.folder
            why = f"the disk is full, and {max(0, self._steps - _steps_in(folder)):,} of {self._steps:,} steps are not in the log"
            self._last_words.say(state, f"{reason}; {why}", exit_code)
            print(f"workbench: {folder.id}: {why}", file=sys.stderr)
        else:
            self._last_words.unneeded()
        if self._lock is not None:
            os.close(self._lock)

    def is_mine(self, thread: threading.Thread) -> bool:
        """Whether this is the thread that writes, which cannot wait for its own end."""
        return thread is self._thread

    def _work(self) -> None:
        while not self._over.wait(FLUSH_SECONDS):
            try:
                self._write_rows()
                self._journal.measure(self._step, self._cpu_seconds())
                self.talk.answer(self._step)
                self._journal.summarise()
            except Exception as error:  # noqa: BLE001  recording may go wrong in any way; the script must not hear of it but once
                self._leave_out(f"{type(error).__name__}: {error}")

    def _write_rows(self) -> None:
        fresh = len(self._last)
        kept = []
        while self.rows:
            at, step, values = self.rows.popleft()
            if not 0 <= step <= _LARGEST_STEP:
                self._leave_out("a step is a whole number from 0", len(values))
                continue
            kept.append((at, step, {key: value for key, value in _named(values) if self._takes(key, step)}))
        if len(self._last) > fresh:
            self._journal.write(declare(self._last, self._goals))
        for at, step, values in kept:
            if values:
                self._journal.log(step, values, at=at)
                self._step = max(self._step, step)
                self._steps += step != self._newest
                self._newest = step
        self._journal.flush()
        for why in self.left_out.keys() - self._told:
            self._told.add(why)
            self._journal.notice(f"left out: {why}")

    def _takes(self, key: str, step: int) -> bool:
        """Whether a key may log at a step: steps of one key never go back, for series are read from left to right."""
        last = self._last.get(key)
        if last is None and len(self._last) >= MOST_KEYS:
            self._leave_out(f"more than {MOST_KEYS} different keys")
            return False
        if last is not None and step < last:
            self._leave_out(f"{key} at a step before one that it had logged")
            return False
        self._last[key] = step
        return True

    def _leave_out(self, why: str, count: int = 1) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + count

    def _cpu_seconds(self) -> float:
        return time.process_time() - self._cpu_started


def _steps_in(folder: RunFolder) -> int:
    """How many steps the log has."""
    return len({step for event in read_events(folder.events) if isinstance(event, Metrics) for step in event.steps})


def _started() -> RunStarted:
    """This process; of its libraries those that it has imported by now."""
    versions = {"workbench": __version__, "python": platform.python_version()}
    for name in ("torch", "jax", "tensorflow", "numpy"):
        if name in sys.modules:
            versions[name] = str(getattr(sys.modules[name], "__version__", ""))
    return RunStarted(
        at=time.time(), attempt=1, host=platform.node(), boot_id=status.boot_id(), pid=os.getpid(),
        process_started=status.process_started(os.getpid()) or 0.0, versions=versions,
    )  # fmt: skip


def _named(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(str(key)[:LONGEST_KEY] or "value", value) for key, value in values.items()]


def number(value: Any) -> Any:
    """A logged value as it may wait in a list: a float, or of a tensor on an accelerator a copy, which nothing waits for.

    NotImplemented for what is no number.
    """
    if isinstance(value, (int, float)):
        return math.inf if isinstance(value, int) and abs(value) > sys.float_info.max else float(value)
    if isinstance(value, (str, bytes)):
        return NotImplemented
    try:
        device = getattr(value, "device", None)
        if hasattr(value, "detach") and getattr(device, "type", "cpu") != "cpu" and value.numel() == 1:
            return value.detach().clone().reshape(())  # the script may add to it in place before it is read
        # By `item`, for `float` has torch warn of a gradient and numpy of a vector; and a warning may be an error.
        return float(value.item() if hasattr(value, "item") else value)
    except Exception:  # noqa: BLE001  a vector, None, a complex number: each library refuses in its own way
        return NotImplemented
