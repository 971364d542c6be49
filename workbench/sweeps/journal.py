"""What one machine does for a sweep, a JSON object a line; its driver is the only writer."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends lines so that a kill leaves at most one torn line, which readers skip.

    Raises:
        OSError: the disk is full, or the folder is not writable.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, kind: str, **about: Any) -> None:
        """Append what happened, and wait until it is on the disk."""
        size = os.fstat(self._descriptor).st_size
        torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        line = json.dumps({"type": kind, "at": time.time(), **about}).encode() + b"\n"
        os.write(self._descriptor, b"\n" + line if torn else line)
        os.fsync(self._descriptor)
