"""Holding a run's lock, which says that its trainer lives. `workbench.locks` asks for it without acquiring it."""

from __future__ import annotations

import fcntl
import os
import time

from workbench.runs.folder import RunFolder

_LOOK_SECONDS = 0.05


def hold(folder: RunFolder, *, seconds: float = 0.0) -> int | None:
    """Hold the lock until this process ends or closes the descriptor; None when another keeps holding it for `seconds`.

    A POSIX lock is dropped when its process closes any descriptor of the file, so the process must not open it again.

    Raises:
        OSError: the folder is not writable, or its disk is full.
    """
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
            time.sleep(_LOOK_SECONDS)
        else:
            return descriptor
