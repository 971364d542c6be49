"""Waiting for a run that was started to make its first step, or to say why it cannot."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import Event
from workbench.locks import lock_holder
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed

_POLL_SECONDS = 0.02
_STATUS_SECONDS = 0.5
_QUEUED_SECONDS = 1.0
_LEAVING_SECONDS = 10.0  # for a worker that has said its end to leave: letting go of torch took 2 s, of two processes 5, on a busy machine
SPAWN_SECONDS = 10.0  # until a process that was started holds the lock; what the log says before is of the one before it


def await_start(
    folder: RunFolder, *, after: int = 0, seconds: float = 120, watch: Callable[[Event], None] | None = None, or_queued: bool = False
) -> Feed:
    """Follow a run until an attempt has made a step, or has ended by itself; as long as it takes, while it waits in the queue.

    Args:
        after: how many attempts there were before the one that is waited for (`resume` tells).
        seconds: how long to wait without any news.
        watch: is shown each event as it comes.
        or_queued: do not wait for the turn of a run that is queued.

    Raises:
        WorkbenchError: the worker refused or failed before its first step. A new run that was refused as wrong use
            (a device that is not there) leaves no folder.
    """
    feed = Feed(folder)
    asked_at = time.time() - _QUEUED_SECONDS
    deadline = time.monotonic() + seconds
    looked = time.monotonic()
    while time.monotonic() < deadline:
        for event in feed.poll():
            deadline = time.monotonic() + seconds  # a download may take long, and says how far it is
            if watch:
                watch(event)
        state = feed.state
        if state.queued:
            deadline = time.monotonic() + seconds
            if feed.refresh().state == "died" and time.time() - asked_at > SPAWN_SECONDS:
                raise WorkbenchError(f"{folder.id} died: {feed.status.reason}", code=ExitCode.RUN_FAILED)
            if or_queued and feed.status.state == "queued":
                return feed
            time.sleep(_QUEUED_SECONDS)
            continue
        if state.ended and state.ended.at > asked_at and state.attempt <= after and _before_an_attempt(feed):
            feed.refresh()
            return feed
        if state.attempt > after:
            if state.ended:
                return _ended_early(folder, feed)
            if state.attempts[-1].step is not None and state.step > state.attempts[-1].step:
                feed.refresh()
                return feed
        if time.monotonic() - looked > _STATUS_SECONDS:
            looked = time.monotonic()
            if feed.refresh().state == "died" and (state.attempt > after or after == 0):
                raise WorkbenchError(f"the worker of {folder.id} died: {feed.status.reason}", _log_hint(folder), code=ExitCode.RUN_FAILED)
            if state.attempt <= after and folder.exit_file(after + 1).exists() and not feed.poll():
                raise WorkbenchError(f"the worker of {folder.id} could not begin", _log_hint(folder), code=ExitCode.RUN_FAILED)
        time.sleep(_POLL_SECONDS)
    raise WorkbenchError(
        f"{folder.id} made no step and said nothing within {seconds:g} s; it is {feed.state.phase or 'starting'}",
        f"it goes on by itself: `workbench show {folder.id}`",
        code=ExitCode.NO_ANSWER,
    )


def await_leaving(folder: RunFolder) -> None:
    """Wait for the worker of a run that has ended here to let go of its slot: what is started next need not queue behind it."""
    deadline = time.monotonic() + _LEAVING_SECONDS
    while lock_holder(folder.lock) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _before_an_attempt(feed: Feed) -> bool:
    """Whether the run ended while it waited: it was taken out of the queue."""
    attempts, ended = feed.state.attempts, feed.state.ended
    return ended is not None and (not attempts or attempts[-1].ended_at != ended.at)


def _ended_early(folder: RunFolder, feed: Feed) -> Feed:
    ended = feed.state.ended
    assert ended is not None
    feed.refresh()
    if ended.state != "failed":
        return feed
    refused = ended.exit_code == ExitCode.WRONG_USE and feed.state.step == 0 and feed.state.attempt == 1
    if refused:
        _remove_when_left(folder, feed)
    code = ExitCode.WRONG_USE if ended.exit_code == ExitCode.WRONG_USE else ExitCode.RUN_FAILED
    hint = " ".join(part for part in (ended.advice, f"try: {ended.command}" if ended.command else "") if part)
    raise WorkbenchError(ended.reason, hint or _log_hint(folder), code=code)


def _remove_when_left(folder: RunFolder, feed: Feed) -> None:
    """Remove a refused run's folder once its worker and supervisor are done writing there."""
    deadline = time.monotonic() + 5
    while not folder.exit_file(feed.state.attempt).exists() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    shutil.rmtree(folder.path, ignore_errors=True)


def _log_hint(folder: RunFolder) -> str:
    tail = [line for line in folder.worker_log_tail(3) if line.strip()]
    return f"its log ends with: {tail[-1]}" if tail else f"look at {folder.worker_log}"
