"""A run's numbers as a table and its events as a list, read and written as a stream: a run of any length costs little memory."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.events.codec import encode
from workbench.events.reader import read_events
from workbench.events.types import EpochsChanged, Evaluated, Event, LoopStarted, Metrics, Paused, Resumed, RunEnded, Tested
from workbench.runs.folder import RunFolder
from workbench.runs.reading.epochs import Epochs, Stretch
from workbench.runs.reading.state import Clock

_NO_END = math.inf
Values = dict[str, float]


@dataclass(frozen=True)
class Row:
    """All numbers of one step; `epoch` is None where nobody knows how many steps make one.

    Attributes:
        at: when it was logged, in seconds since 1970.
        elapsed_seconds: of training and evaluation by then, without pauses.
    """

    step: int
    epoch: int | None
    elapsed_seconds: float
    at: float
    values: Values


def as_csv(folder: RunFolder) -> Iterator[str]:
    """Lines of a table: `step,epoch,elapsed_seconds,<metric keys...>`, one row a step, empty where nothing was logged.

    Values are those that were logged, digit for digit. Where a later attempt began behind an earlier step, its values
    replace what came after that step. Reads the log twice: first for the columns and what was replaced.
    """
    outline = _Outline.of(folder.events)
    yield _joined(["step", "epoch", "elapsed_seconds", *outline.keys])
    for row in _rows(folder.events, outline):
        texts = [_number(row.values[key]) if key in row.values else "" for key in outline.keys]
        yield f"{row.step},{'' if row.epoch is None else row.epoch},{row.elapsed_seconds:.3f},{','.join(texts)}\n"


def rows(folder: RunFolder) -> Iterator[Row]:
    """Every step's numbers in the order of steps, without those that a later attempt replaced."""
    return _rows(folder.events, _Outline.of(folder.events))


def as_json(folder: RunFolder) -> Iterator[str]:
    """One JSON list of all events, a piece of text for each."""
    before = "["
    for event in read_events(folder.events):
        yield before + "\n" + encode(event).decode().rstrip("\n")
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


@dataclass
class _Outline:
    """What must be known of a log before its first row can be written."""

    keys: list[str] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)  # of each attempt's loop: its last step that was not replaced
    late: dict[tuple[int, int], Values] = field(default_factory=dict)  # by loop and step: what was logged when later steps were already

    @classmethod
    def of(cls, log: Path) -> _Outline:
        outline = cls()
        keys: dict[str, None] = {}
        newest = 0
        for event in read_events(log):
            if isinstance(event, LoopStarted):
                outline.ends = [min(end, event.step) for end in outline.ends] + [_NO_END]
                newest = event.step
            if isinstance(event, Metrics) and event.steps and event.steps[0] >= newest and _rises(event.steps):
                keys.update(dict.fromkeys(event.values))  # the common case, without a look at each number
                newest = event.steps[-1]
                continue
            for step, row in _points(event):
                keys.update(dict.fromkeys(row))
                if step < newest:
                    outline.late.setdefault((len(outline.ends), step), {}).update(row)
                newest = max(newest, step)
        outline.keys = list(keys)
        return outline

    def keeps(self, loop: int, step: int) -> bool:
        """Whether what loop number `loop` (from 1; 0: before any) logged at a step was not replaced later."""
        return loop == 0 or step <= self.ends[loop - 1]


def _rows(log: Path, outline: _Outline) -> Iterator[Row]:
    clock = Clock()
    loop, epochs = 0, Epochs()
    row: Row | None = None  # of the newest step, to which later events may add
    late = {key: found for key, found in outline.late.items() if outline.keeps(*key)}
    for event in read_events(log):
        for at, (step, values) in zip(_times(event), _points(event), strict=True):
            if (row is not None and step < row.step) or not outline.keeps(loop, step):
                continue
            if row is None or step != row.step:
                if row is not None:
                    yield row
                epoch = epochs.number(step) if epochs else None
                row = Row(step, epoch, clock.read(at), at, dict(late.pop((loop, step), {})))
            row.values.update(values)
        if isinstance(event, LoopStarted):
            loop += 1
            epochs = Epochs.of(event.stretches or [(0, 0, event.steps_per_epoch, event.examples_per_step)])
            clock.start(event.at, event.elapsed_seconds)
        elif isinstance(event, EpochsChanged):
            epochs.begin(Stretch(event.step, event.epoch, max(1, event.steps_per_epoch), event.examples_per_step))
        elif isinstance(event, Paused | RunEnded):
            clock.stop(event.at)
        elif isinstance(event, Resumed):
            clock.start(event.at)
    if row is not None:
        yield row


def _points(event: Event) -> Iterator[tuple[int, Values]]:
    """(step, values) of an event that has numbers."""
    if isinstance(event, Metrics):
        keys = list(event.values)
        for step, values in zip(event.steps, zip(*event.values.values(), strict=True), strict=True):
            yield step, dict(zip(keys, values, strict=True))
    elif isinstance(event, Evaluated | Tested):
        yield event.step, event.values


def _times(event: Event) -> Iterator[float]:
    if isinstance(event, Metrics):
        yield from event.at
    elif isinstance(event, Evaluated | Tested):
        yield event.at


def _rises(steps: list[int]) -> bool:
    return all(map(int.__le__, steps, steps[1:]))


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _joined(texts: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(texts)
    return line.getvalue()
