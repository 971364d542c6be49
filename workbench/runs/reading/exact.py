"""The values that were logged at a step or between two, read again from the log: what is kept of a long run is thinned, this is not."""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from workbench.events.codec import decode
from workbench.events.types import Evaluated, Event, LoopStarted, Metrics
from workbench.runs.reading.series import Series

_PIECE_BYTES = 128 * 1024  # of the log that one entry stands for, as long as there are few
_MOST_PIECES = 1024  # then neighbours merge; a log of 1 GB is looked up in pieces of 1 MB
_MOST_LOOKS = 4  # pieces that one question reads: a key that is logged seldom may lie far back
_MOST_BYTES = 4_000_000  # of the log that a part of a run may take: about 20 ms to read
_FINE = 4096  # buckets of a part of a run


_Bounds = tuple[int, int, int]
_Points = dict[str, tuple[list[int], list[float]]]  # steps that rise, and values


class Logged(NamedTuple):
    """A value and the step at which it was logged."""

    step: int
    value: float


@dataclass
class _Piece:
    start: int
    end: int
    first: int
    last: int

    @property
    def bounds(self) -> _Bounds:
        """What says which values it holds."""
        return self.start, self.end, self.last


@dataclass
class LogIndex:
    """Which steps stand where in a log. Noted as the log is read; `find` reads a bounded part of it again."""

    pieces: list[_Piece] = field(default_factory=list)
    _kept: dict[tuple[_Bounds, tuple[str, ...]], _Points] = field(default_factory=dict)  # of the pieces that were asked for last

    def note(self, start: int, end: int, events: Iterable[Event]) -> None:
        """Take in the events between two offsets. A later attempt hides the steps that it goes back behind."""
        steps: list[int] = []
        for event in events:
            if isinstance(event, LoopStarted):
                self._hide(event.step)
            elif isinstance(event, Metrics) and event.steps:
                steps += event.steps[0], event.steps[-1]
            elif isinstance(event, Evaluated):
                steps.append(event.step)
        if not steps:
            return
        newest = self.pieces[-1] if self.pieces else None
        if newest and end - newest.start <= _PIECE_BYTES and min(steps) > newest.first:
            newest.end, newest.last = end, max(newest.last, *steps)
        else:
            self.pieces.append(_Piece(start, end, min(steps), max(steps)))
        if len(self.pieces) > _MOST_PIECES:
            self._merge()

    def find(self, path: Path, keys: Sequence[str], step: int) -> dict[str, Logged]:
        """For each key its last value at or before a step; one that is not near is left out."""
        found: dict[str, Logged] = {}
        candidates = [piece for piece in self.pieces if piece.first <= step]
        for piece in reversed(candidates[-_MOST_LOOKS:]):
            missing = [key for key in keys if key not in found]
            if not missing:
                break
            found.update(_last(_read(path, piece), missing, min(step, piece.last)))
        return found

    def between(self, path: Path, keys: Sequence[str], low: float, high: float) -> dict[str, Series]:
        """What was logged between two steps, hardly thinned; nothing where that is too much of the log to be read at once."""
        pieces = [piece for piece in self.pieces if piece.first <= high and piece.last >= low]
        if not keys or sum(piece.end - piece.start for piece in pieces) > _MOST_BYTES:
            return {}
        wanted = [(piece.bounds, tuple(keys)) for piece in pieces]
        known, self._kept = self._kept, {}
        for place, piece in zip(wanted, pieces, strict=True):
            self._kept[place] = known.get(place) or _all(_read(path, piece), keys, piece.last)
        found = {key: Series(_FINE) for key in keys}
        for points in self._kept.values():
            for key, (steps, values) in points.items():
                found[key].extend(steps, values)
        return {key: series for key, series in found.items() if series.first}

    def _hide(self, step: int) -> None:
        self.pieces = [piece for piece in self.pieces if piece.first <= step]
        for piece in self.pieces:
            piece.last = min(piece.last, step)

    def _merge(self) -> None:
        merged = [
            _Piece(left.start, right.end, min(left.first, right.first), max(left.last, right.last))
            for left, right in zip(self.pieces[::2], self.pieces[1::2], strict=False)
        ]
        self.pieces = merged + self.pieces[len(merged) * 2 :]


def _last(events: Iterable[Event], keys: Sequence[str], step: int) -> dict[str, Logged]:
    found: dict[str, Logged] = {}
    for event in events:
        if isinstance(event, LoopStarted):
            found = {key: logged for key, logged in found.items() if logged.step <= event.step}
        elif isinstance(event, Metrics):
            place = bisect_right(event.steps, step) - 1
            if place >= 0:
                found.update({key: Logged(event.steps[place], event.values[key][place]) for key in keys if key in event.values})
        elif isinstance(event, Evaluated) and event.step <= step:
            found.update({key: Logged(event.step, event.values[key]) for key in keys if key in event.values})
    return found


def _all(events: Iterable[Event], keys: Sequence[str], last: int) -> _Points:
    """The finite values of each key up to a step, without those that a later attempt replaced."""
    found: _Points = {key: ([], []) for key in keys}
    for event in events:
        if isinstance(event, LoopStarted):
            _cut(found, event.step)
        elif isinstance(event, Metrics):
            for key in found.keys() & event.values.keys():
                _add(found[key], event.steps, event.values[key])
        elif isinstance(event, Evaluated):
            for key in found.keys() & event.values.keys():
                _add(found[key], [event.step], [event.values[key]])
    _cut(found, last)
    return {key: points for key, points in found.items() if points[0]}


def _add(points: tuple[list[int], list[float]], steps: Sequence[int], values: Sequence[float]) -> None:
    for step, value in zip(steps, values, strict=True):
        if math.isfinite(value) and (not points[0] or step > points[0][-1]):
            points[0].append(step)
            points[1].append(value)


def _cut(points: _Points, step: int) -> None:
    """Take away what lies behind a step."""
    for steps, values in points.values():
        keep = bisect_right(steps, step)
        del steps[keep:], values[keep:]


def _read(path: Path, piece: _Piece) -> list[Event]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            data = os.pread(descriptor, piece.end - piece.start, piece.start)
        finally:
            os.close(descriptor)
    except OSError:  # the log was moved away: the series still know about where the value was
        return []
    return [event for line in data.split(b"\n") if line and (event := decode(line)) is not None]
