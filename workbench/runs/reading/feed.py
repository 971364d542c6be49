"""A run as it is now: its small files, and its log read on from where it was read last."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from workbench.clean import clean_tree, is_harmless_json
from workbench.events.reader import EventReader
from workbench.events.types import Event, LoopStarted
from workbench.runs import lineage
from workbench.runs.files import read_bytes, replace_file
from workbench.runs.folder import Checkpoint, Labels, RunFolder, RunRecord
from workbench.runs.reading.apply import apply_all
from workbench.runs.reading.clipping import SETTING, Clipping, as_norm
from workbench.runs.reading.exact import LogIndex
from workbench.runs.reading.state import RunState
from workbench.runs.status import Status, status

_FORMAT = 3
# What a list does not show. A later attempt needs what is known of the checkpoints; the log is then read from its beginning.
_LEFT_OUT = {"series", "ghosts", "times", "log", "at_checkpoint", "settings_at_checkpoint", "answers"}
_UNREAD = Status("unknown", "its log is being read")


@dataclass
class _Summary:
    """summary.json: the state up to `offset` in the log."""

    format: int
    offset: int
    state: RunState


@dataclass
class Feed:
    """Follows one run. `poll` reads what is new; the rest are plain attributes.

    A feed begun with `brief=True` starts from summary.json and holds no series: a list of runs needs no more.
    """

    folder: RunFolder
    brief: bool = False
    record: RunRecord = field(init=False)
    labels: Labels = field(init=False)
    state: RunState = field(init=False)
    status: Status = field(init=False)
    reader: EventReader = field(init=False)
    index: LogIndex = field(init=False, default_factory=LogIndex)
    clipping: Clipping = field(init=False)

    def __post_init__(self) -> None:
        self.record = self.folder.record()
        self.labels = Labels() if self.brief else self.folder.labels()  # a brief look refreshes at once
        self.reader = EventReader(self.folder.events)
        self._begin()
        self.status = _UNREAD
        self._restarts = 0
        self._late: list[Event] = []  # applied, and not yet returned by `poll`
        self._is_summarised = False
        if self.brief:
            self._from_summary()

    def poll(self, seconds: float = 0.1) -> list[Event]:
        """Read new events for at most `seconds` and apply them; returns them. `behind` says whether there is more."""
        deadline = time.monotonic() + seconds
        fresh, self._late = self._late, []
        while True:
            fresh += self._step()
            if not self.behind or time.monotonic() > deadline:
                return fresh

    def read_all(self, now: float | None = None) -> Feed:
        """Read to the end of the log, without keeping the events, and judge the run as it is `now`."""
        self._step()
        while self.behind:
            self._step()
        self.refresh(now)
        self._late = []
        return self

    def refresh(self, now: float | None = None) -> Status:
        """Look at labels and liveness again."""
        if not self.record.created_at:  # the run was only just claimed
            self.record = self.folder.record()
        self.labels = self.folder.labels()
        self.status = self._judge(now)
        if self.status.state in ("died", "unknown"):
            # Its last words may have come between the last look at the log and this one at its lock.
            self._late = self.poll()
            self.status = _UNREAD if self.behind else self._judge(now)
        return self.status

    def checkpoints(self, *, verify: bool = True) -> list[Checkpoint]:
        return self.folder.saved_checkpoints(verify=verify and not self.brief)

    @cached_property
    def earlier(self) -> tuple[RunState, ...]:
        """Of a fork: what its parent was like until then, the parent of that one, and so on; reads their logs once."""
        return tuple(lineage.state_at(parent, fork.step, fork.attempt) for parent, fork in lineage.ancestry(self.folder))

    @property
    def behind(self) -> bool:
        return self.reader.behind

    def _judge(self, now: float | None) -> Status:
        created_at = self.record.created_at or self.folder.claimed_at
        return status(self.folder, self.state, created_at=created_at, host=self.record.host, now=now)

    def _step(self) -> list[Event]:
        start = self.reader.offset
        events = self.reader.poll()
        if self._is_summarised and any(isinstance(event, LoopStarted) for event in events):
            self._is_summarised = False
            self.reader, self.state, self._restarts = EventReader(self.folder.events), RunState(), 0
            events = self.reader.poll()
        if self.reader.restarts != self._restarts:
            self._restarts, start = self.reader.restarts, 0
            self._begin()
        apply_all(events, self.state)
        if not self.brief:
            self.index.note(start, self.reader.offset, events)
            self.clipping.note(events)
        return events

    def _begin(self) -> None:
        """Know nothing of the log."""
        self.state, self.index = RunState(), LogIndex()
        self.clipping = Clipping(as_norm(self.record.settings.get(SETTING)))

    def _from_summary(self) -> None:
        summary = _read_summary(self.folder.summary)
        if summary is None or summary.format != _FORMAT or not _begins_a_line(self.folder.events, summary.offset):
            return
        self.state, self.reader.offset, self._is_summarised = summary.state, summary.offset, True


def read_state(folder: RunFolder) -> RunState:
    """What a run's log adds up to, without a look at its lock: for the worker, who would drop the lock by looking."""
    state = RunState()
    for events in EventReader(folder.events).rest():
        apply_all(events, state)
    return state


def write_summary(folder: RunFolder, state: RunState, offset: int) -> None:
    """Keep what the log says up to `offset`, so that lists need not read it whole.

    Raises:
        WorkbenchError: it cannot be written.
    """
    kept = RunState(**{item.name: getattr(state, item.name) for item in fields(state) if item.name not in _LEFT_OUT})
    body = _adapter().dump_json(_Summary(_FORMAT, offset, kept), exclude={"state": _LEFT_OUT})
    replace_file(folder.summary, body, durable=False)


def _read_summary(path: Path) -> _Summary | None:
    """A summary, or None where there is none that can be used."""
    try:
        data = read_bytes(path)
        return _adapter().validate_json(data) if is_harmless_json(data) else _adapter().validate_python(clean_tree(json.loads(data)))
    except (OSError, ValueError, RecursionError):  # ValidationError is a ValueError
        return None


def _adapter() -> TypeAdapter[_Summary]:
    global _summaries
    if _summaries is None:
        _summaries = TypeAdapter(_Summary)
    return _summaries


_summaries: TypeAdapter[_Summary] | None = None


def _begins_a_line(path: Path, offset: int) -> bool:
    """Whether a log reaches to `offset` and has the end of a line before it."""
    if offset == 0:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.pread(descriptor, 1, offset - 1) == b"\n"
        finally:
            os.close(descriptor)
    except (OSError, OverflowError):
        return False


def open_run(folder: RunFolder) -> Feed:
    """A run with all its series, read to the end of its log."""
    return Feed(folder).read_all()
