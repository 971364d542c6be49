"""Reading a log that is still being written: bounded, incremental, tolerant of what a crash or a stranger left in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workbench.events.codec import decode
from workbench.events.types import Event

# Half the time per byte of 4 MiB pieces: the events of a piece stay in the processor's cache until they are applied.
MAX_POLL_BYTES = 256 * 1024
MAX_LINE_BYTES = MAX_POLL_BYTES  # writers stay below 64 KiB; a foreign line of any length costs no more than this


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
    """Yields each event once, in order. `poll` reads at most `MAX_POLL_BYTES`; `behind` says whether there is more."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset  # of the first byte not yet turned into an event
        self.dropped = Dropped()
        self.behind = False
        self.restarts = 0  # times the file was replaced or cut: readers of state begin anew then
        self._identity: tuple[int, int] | None = None
        self._skipping = False

    def poll(self, budget: int = MAX_POLL_BYTES) -> list[Event]:
        """The events that are whole since the last poll; an unterminated last line waits."""
        try:
            with open(self.path, "rb", buffering=0) as file:
                return self._read(file.fileno(), budget)
        except OSError:  # not there yet, or a network file system's stale handle: the next poll tries again
            return []

    def _read(self, descriptor: int, budget: int) -> list[Event]:
        status = os.fstat(descriptor)
        identity = (status.st_dev, status.st_ino)
        if (self._identity and identity != self._identity) or status.st_size < self.offset:
            self.offset, self._skipping = 0, False
            self.restarts += 1
        self._identity = identity
        data = os.pread(descriptor, budget, self.offset)
        end = data.rfind(b"\n") + 1
        self.behind = self.offset + len(data) < status.st_size
        if not end:
            if len(data) >= min(MAX_LINE_BYTES, budget):
                self._skip(len(data))
            return []
        self.offset += end
        return self._decode(data[:end])

    def _decode(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        lines = data.split(b"\n")[:-1]
        if self._skipping:
            lines, self._skipping = lines[1:], False
        for line in lines:
            if not line:
                continue
            if len(line) > MAX_LINE_BYTES:
                self.dropped.too_long += 1
                continue
            event = decode(line)
            if event is not None:
                events.append(event)
            elif line.startswith(b"{") and line.endswith(b"}"):
                self.dropped.unknown += 1
            else:
                self.dropped.torn += 1
        return events

    def _skip(self, count: int) -> None:
        if not self._skipping:
            self.dropped.too_long += 1
        self.offset += count
        self._skipping = True
