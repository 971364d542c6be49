"""Appending events to a run's log so that a crash, a kill or a full disk never damages what is already there.

One `os.write` on an O_APPEND descriptor per line: of 100 `kill -9`, a buffered text file lost events in each, this in
none. When the disk fills, even one write is cut short; the next line then begins with a newline, so that the torn
record is one unreadable line and never glued to a good one.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from pathlib import Path

from workbench.events.codec import lines
from workbench.events.types import Event

MOST_WAITING_BYTES = 32 << 20


class EventWriter:
    """The one writer of a run's log. Writing never raises into training.

    Lines that the disk had no room for wait in memory, in order, and are written before the next ones. What exceeds
    `MOST_WAITING_BYTES` is counted in `lost`; commit points (start, checkpoint, answer, end) are few and wait in any case.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._torn = self._ends_torn()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.lost = 0
        self.failure: OSError | None = None  # why the last write did not succeed; None when it did

    @property
    def waiting(self) -> int:
        """Lines that are not in the file yet."""
        return len(self._waiting)

    def write(self, event: Event, *, commit: bool = False) -> bool:
        """Append one event; True when all so far are in the file (and, with `commit`, on the disk)."""
        lost = self.lost
        for line in lines(event):
            self._queue(line, commit=commit)
        return self.retry() and lost == self.lost and (not commit or self._sync())

    def retry(self) -> bool:
        """Write what waits; True when nothing waits any more."""
        while self._waiting:
            if not self._append(self._waiting[0]):
                return False
            self._waiting_bytes -= len(self._waiting.popleft())
        return True

    def close(self) -> None:
        """Release the descriptor; what waits is tried once more."""
        self.retry()
        os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Where the log ends now."""
        return os.fstat(self._descriptor).st_size

    def _queue(self, line: bytes, *, commit: bool) -> None:
        if not commit and self._waiting_bytes + len(line) > MOST_WAITING_BYTES and not self.retry():
            self.lost += 1
            return
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _append(self, line: bytes) -> bool:
        data = b"\n" + line if self._torn else line
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            self.failure = error
            return False
        if written == len(data):
            self._torn, self.failure = False, None
            return True
        self._torn = self._torn or written > 0
        self.failure = OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes were written")
        if written == len(data) - 1 and line != b"\n":
            # All but the newline: the record is whole, and written again it would count twice.
            self._torn = False
            self._waiting[0] = b"\n"
            self._waiting_bytes -= len(line) - 1
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
