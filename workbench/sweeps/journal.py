"""What one machine does for a sweep, a JSON object a line; its driver is the only writer."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends lines so that a kill leaves at most one torn line, which readers skip. What a full disk refuses waits in memory.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._waiting: list[bytes] = []

    def write(self, kind: str, **about: Any) -> None:
        """Append what happened, and wait until it is on the disk. Never raises: what is said was done already."""
        self._waiting.append(json.dumps({"type": kind, "at": time.time(), **about}).encode() + b"\n")
        self.retry()

    def retry(self) -> bool:
        """Write what waits; whether nothing waits any more."""
        try:
            while self._waiting:
                self._append(self._waiting[0])
                del self._waiting[0]
        except OSError as error:
            print(f"the sweep's log cannot be written ({error}); {len(self._waiting)} lines wait", file=sys.stderr, flush=True)
        return not self._waiting

    def _append(self, line: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        data = b"\n" + line if torn else line
        if os.write(self._descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._descriptor)
