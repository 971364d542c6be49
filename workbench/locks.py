"""Asking who holds a POSIX lock without acquiring it: the evidence for what lives and what is dead."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from pathlib import Path


def lock_holder(path: Path) -> int | None:
    """The pid that holds a POSIX lock on a file (0 where another host holds it), asked without acquiring it; None when it is free.

    A process that asks about a file that it holds itself is told that it is free, and loses its lock by asking.
    """
    darwin = sys.platform == "darwin"
    layout = "qqihh" if darwin else "hhqqi4x"
    question = (
        struct.pack(layout, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET) if darwin else struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    )
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # asking needs no right to write
    except OSError:
        return None
    try:
        answer = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    kind, holder = (answer[3], answer[2]) if darwin else (answer[0], answer[4])
    return None if kind == fcntl.F_UNLCK else int(holder)
