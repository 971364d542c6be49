"""Reading a log that is still being written: bounded, incremental, tolerant of what a crash or a stranger left in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.events.codec import decode
from workbench.events.types import Event

# Half the time per byte of 4 MiB pieces: the events of a piece stay in the processor's cache until they are applied.
MAX_POLL_BYTES = 128 * 1024
MAX_LINE_BYTES = MAX_POLL_BYTES  # writers stay below 64 KiB; a foreign line of any length costs no more than this
_REMEMBERED_BYTES = 64  # of the last line read: enough of its times to tell it from another's


@dataclass
class Dropped:
    """What a reader left out, and why, so that it can be shown."""

    torn: int = 0
    unknown: int = 0
    too_long: int = 0

    @property
    def total(self) -> int:
        return self.torn + self.unknown + self.too_long


class EventReader:
    """Yields each event once, in order. `poll` reads at most `MAX_POLL_BYTES`; `behind` says whether there is more.

    A poll may bring no event and still be behind: what it read was torn, of a later version, or part of a line without end.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset  # of the first byte not yet turned into an event
        self.dropped = Dropped()
        self.behind = False
        self.restarts = 0  # times the file was replaced or cut: readers of state begin anew then
        self._identity: tuple[int, int] | None = None
        self._before = b""  # the last bytes before `offset`: other ones there are those of another log
        self._skipping = False

    def poll(self) -> list[Event]:
        """The events that are whole since the last poll; an unterminated last line waits."""
        self.behind = False
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe in its place must not hang
            try:
                return self._read(descriptor)
            finally:
                os.close(descriptor)
        except OSError:  # not there yet, or a network file system's stale handle: the next poll tries again
            return []

    def rest(self) -> Iterator[list[Event]]:
        """All that the log holds by now, in pieces."""
        while True:
            if events := self.poll():
                yield events
            if not self.behind:
                return

    def _read(self, descriptor: int) -> list[Event]:
        status = os.fstat(descriptor)
        data = self._piece(descriptor, status)
        end = data.rfind(b"\n") + 1
        more = self.offset + len(data) < status.st_size
        if end:
            self._advance(data[:end])
            self.behind = more
            return self._decode(data[:end])
        if len(data) >= MAX_LINE_BYTES:
            if not self._skipping:
                self.dropped.too_long += 1
            self._skipping, self.behind = True, more
            self._advance(data)
        return []

    def _piece(self, descriptor: int, status: os.stat_result) -> bytes:
        """The bytes from `offset` on, which is the beginning again when the file was cut or another took its place."""
        identity = (status.st_dev, status.st_ino)
        known, self._identity = self._identity in (None, identity), identity
        before = self._before
        if known and status.st_size >= self.offset:
            data = os.pread(descriptor, len(before) + MAX_POLL_BYTES, self.offset - len(before))
            if data.startswith(before):
                return data[len(before) :]
        self.offset, self._before, self._skipping = 0, b"", False
        self.restarts += 1
        return os.pread(descriptor, MAX_POLL_BYTES, 0)

    def _advance(self, data: bytes) -> None:
        self.offset += len(data)
        self._before = data[-_REMEMBERED_BYTES:]

    def _decode(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        lines = data.split(b"\n")[:-1]
        if self._skipping:
            lines, self._skipping = lines[1:], False
        for line in lines:
            if not line:
                continue
            event = decode(line)
            if event is not None:
                events.append(event)
            elif line.startswith(b"{") and line.endswith(b"}"):
                self.dropped.unknown += 1
            else:
                self.dropped.torn += 1
        return events


def read_events(path: Path) -> Iterator[Event]:
    """All events of a log, one after the other; at no time are more of them in memory than one poll brings."""
    for events in EventReader(path).rest():
        yield from events
