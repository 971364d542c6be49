"""Killing a worker that does not answer, and nobody else."""

from __future__ import annotations

import os
import platform
import signal

from workbench.errors import WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.status import is_process


def force_stop(folder: RunFolder, feed: Feed) -> None:
    """Kill a worker that does not answer; its newest checkpoint stays.

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
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
