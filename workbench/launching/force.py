"""Killing a worker that does not answer, and nobody else."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.status import is_process


def force_stop(folder: RunFolder, feed: Feed) -> None:
    """Kill a worker that does not answer, and those that train the run together with it; its newest checkpoint stays.

    Raises:
        WorkbenchError: it runs on another host, or is gone already.
    """
    state = feed.state
    if state.host and state.host != platform.node():
        raise WorkbenchError(f"{folder.id} runs on {state.host}", f"say it there: workbench stop --force {folder.id}")
    try:
        descriptor = os.pidfd_open(state.pid)  # names this very process, whoever gets its number later
    except (OSError, AttributeError) as error:
        if isinstance(error, AttributeError) and is_process(state.pid, state.process_started):
            os.kill(state.pid, signal.SIGKILL)
            return
        raise WorkbenchError(f"the worker of {folder.id} is gone already", f"`workbench show {folder.id}` says how it ended") from error
    try:
        if not is_process(state.pid, state.process_started):
            raise WorkbenchError(f"the worker of {folder.id} is gone already; its number belongs to another process", "")
        others = _followers(folder, state.pid)
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _followers(folder: RunFolder, leader: int) -> list[int]:
    """The other processes of a run on this machine, which have the same launcher; it sees their end, and says so."""
    launcher, command = _parent(leader), b"workbench.worker\0" + str(folder.path).encode() + b"\0"
    everyone = [int(place.name) for place in Path("/proc").glob("[0-9]*")]
    return [pid for pid in everyone if pid != leader and _parent(pid) == launcher and command in _command(pid)]


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
