"""A run as it is now: its small files, and its log read on from where it was read last."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from pydantic import TypeAdapter, ValidationError

from workbench.events.reader import EventReader
from workbench.events.types import Event, Metrics
from workbench.runs.folder import Checkpoint, Labels, RunFolder, RunRecord, read_json, replace_file
from workbench.runs.state import RunState, apply
from workbench.runs.status import Status, status

_FORMAT = 1
_LEFT_OUT = {"series", "ghosts", "log"}
_states: TypeAdapter[RunState] | None = None


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

    def __post_init__(self) -> None:
        self.record = self.folder.record()
        self.reader = EventReader(self.folder.events)
        self.state = RunState()
        self._restarts = 0
        if self.brief:
            self._from_summary()
        self.refresh()

    def poll(self, seconds: float = 0.1) -> list[Event]:
        """Read new events for at most `seconds` and apply them; returns them. `behind` says whether there is more."""
        deadline = time.monotonic() + seconds
        fresh: list[Event] = []
        while events := self._step():
            fresh += events
            if time.monotonic() > deadline:
                break
        return fresh

    def read_all(self) -> Feed:
        """Read to the end of the log, without keeping the events."""
        while self._step():
            pass
        self.refresh()
        return self

    def refresh(self) -> Status:
        """Look at labels and liveness again."""
        self.labels = self.folder.labels()
        self.status = status(self.folder, self.state, created_at=self.record.created_at)
        return self.status

    def checkpoints(self) -> list[Checkpoint]:
        return self.folder.saved_checkpoints(verify=not self.brief)

    @property
    def behind(self) -> bool:
        return self.reader.behind

    def _step(self) -> list[Event]:
        events = self.reader.poll()
        if self.reader.restarts != self._restarts:
            self._restarts, self.state = self.reader.restarts, RunState()
        for event in _joined(events):
            apply(event, self.state)
        return events

    def _from_summary(self) -> None:
        value = read_json(self.folder.summary)
        offset = value.get("offset")
        if value.get("format") != _FORMAT or not isinstance(offset, int) or offset > _size(self.folder):
            return
        try:
            self.state = _adapter().validate_python(value["state"])
        except (ValidationError, KeyError):
            self.state = RunState()
            return
        self.reader.offset = offset


def _joined(events: list[Event]) -> Iterator[Event]:
    """The same events with neighbouring groups of steps as one, which halves the time that a long log takes to read."""
    group: Metrics | None = None
    for event in events:
        if isinstance(event, Metrics):
            if group is not None and group.values.keys() == event.values.keys():
                group.steps.extend(event.steps)
                group.at.extend(event.at)
                for key, column in group.values.items():
                    column.extend(event.values[key])
                continue
            if group is not None:
                yield group
            group = Metrics.model_construct(
                steps=list(event.steps), at=list(event.at), values={key: list(column) for key, column in event.values.items()}
            )
            continue
        if group is not None:
            yield group
            group = None
        yield event
    if group is not None:
        yield group


def read_state(folder: RunFolder) -> RunState:
    """What a run's log adds up to, without a look at its lock: for the worker, who would drop the lock by looking."""
    reader, state = EventReader(folder.events), RunState()
    while events := reader.poll():
        for event in _joined(events):
            apply(event, state)
    return state


def write_summary(folder: RunFolder, state: RunState, offset: int) -> None:
    """Keep what the log says up to `offset`, so that lists need not read it whole.

    Raises:
        WorkbenchError: it cannot be written.
    """
    adapter = _adapter()
    kept = RunState(**{item.name: getattr(state, item.name) for item in fields(state) if item.name not in _LEFT_OUT})
    body = adapter.dump_json(kept, exclude=_LEFT_OUT)
    replace_file(folder.summary, b'{"format":%d,"offset":%d,"state":%s}' % (_FORMAT, offset, body), durable=False)


def _adapter() -> TypeAdapter[RunState]:
    global _states
    if _states is None:
        _states = TypeAdapter(RunState)
    return _states


def _size(folder: RunFolder) -> int:
    try:
        return os.stat(folder.events).st_size
    except OSError:
        return 0


def open_run(folder: RunFolder) -> Feed:
    """A run with all its series, read to the end of its log."""
    return Feed(folder).read_all()
