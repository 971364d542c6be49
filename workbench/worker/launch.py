"""Starting, resuming and, where nothing else helps, killing workers, from a process that does not know torch."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import workbench
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import Event
from workbench.queue import line, slots
from workbench.recipe import Recipe
from workbench.runs.feed import Feed
from workbench.runs.folder import Fork, Labels, RunFolder, RunRecord
from workbench.runs.lineage import take_over
from workbench.runs.status import boot_id, is_process, process_started
from workbench.runs.store import Store
from workbench.schema import Settings, Value, flat
from workbench.worker.ask import Helper
from workbench.worker.spawn import spawn

_POLL_SECONDS = 0.02
_STATUS_SECONDS = 0.5
_QUEUED_SECONDS = 1.0
SPAWN_SECONDS = 10.0  # until a process that was started holds the lock; what the log says before is of the one before it


def start(
    store: Store,
    recipe: Recipe,
    preset: str,
    config: Settings,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    parent: str | None = None,
    weights: bool = False,
    fork: Fork | None = None,
    command_line: Sequence[str] = (),
    sweep: str = "",
    trial: int | None = None,
    queue: bool = False,
    begins: bool = True,
    trying: str = "",
    helper: Helper | None = None,
) -> RunFolder:
    """Claim a folder for a new run and start its worker, or turn a helper that has torch already into it.

    Args:
        parent: the id of the run that the settings come from; with `weights`, those of its best evaluation too.
        fork: the checkpoint of the parent that it goes on from, which is taken over.
        sweep: the name of the sweep that the run belongs to, as number `trial`.
        queue: wait for a free slot of the device, behind those that wait already; without it, the run starts beside them.
        begins: start it; else somebody does so with `torchrun_line`.
        trying: the kind of trial to conduct instead of a run; it ends when this process does.

    Raises:
        WorkbenchError: the runs folder cannot be written; nothing is left in it.
    """
    folder = store.claim(recipe.name)
    record = RunRecord(
        id=folder.id, recipe=recipe.name, recipe_path=recipe.path, preset=preset, settings=flat(config),
        parent=parent, weights=weights, fork=fork,
        created_at=time.time(), versions={"workbench": workbench.__version__, "python": platform.python_version()},
        git_commit=_git_commit(Path.cwd()), command_line=list(command_line), host=platform.node(), sweep=sweep, trial=trial,
        trying=trying, asker=(os.getpid(), process_started(os.getpid()) or 0.0) if trying else (0, 0.0),
    )  # fmt: skip
    try:
        about = _waiting(record.settings) if queue else None
        folder.prepare(record, Labels(name=name, tags=tags))
        if fork is not None and parent:
            take_over(store.folder(parent), fork, folder)
        if begins:
            _begin(folder, {"recipe_path": recipe.path, "before": 0}, about, helper)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def torchrun_line(folder: RunFolder) -> str:
    """The command that trains a run on a cluster, once for each machine; all of them see the runs folder."""
    record = folder.record()
    order = [json.dumps({"recipe_path": record.recipe_path})] if record.recipe_path else []
    ends = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:29400", "-m", "workbench.worker", str(folder.path), *order]
    return shlex.join(["torchrun", "--nnodes", "1", "--nproc-per-node", str(record.settings.get("processes", 1)), *ends])


def resume(
    folder: RunFolder,
    *,
    recipe_path: str = "",
    changes: Mapping[str, Value] | None = None,
    queue: bool = False,
    helper: Helper | None = None,
) -> int:
    """Start another attempt at a run that has ended, from its newest good checkpoint; returns how many there were before.

    Args:
        changes: settings that differ from now on, such as a raised limit.
        queue: wait for a free slot of the device.

    Raises:
        WorkbenchError: it lives, it was a path's recipe that is not given again, or nothing is left to do.
    """
    feed = Feed(folder, brief=True).read_all()
    changes = dict(changes or {})
    if feed.status.is_live:
        raise WorkbenchError(f"{folder.id} is {feed.status.state}", f"`workbench attach {folder.id}` shows it")
    if feed.record.source != "recipe":
        raise _not_ours(feed)
    if feed.record.recipe_path and not recipe_path:
        raise WorkbenchError(
            f"{folder.id} was trained by the recipe at {feed.record.recipe_path}",
            f"say that it may run again: workbench resume {folder.id} --recipe {feed.record.recipe_path}",
        )
    if feed.status.state == "finished" and not _raises_a_limit(feed, changes):
        raise WorkbenchError(
            f"{folder.id} has finished: {feed.status.reason}",
            f"give it more to do, for example: workbench resume {folder.id} {_more(feed)}",
        )
    before = max(feed.state.attempt, folder.last_exit())
    about = _waiting({**feed.record.settings, **feed.state.amended, **changes}) if queue else None
    _begin(folder, {"amended": changes, "recipe_path": recipe_path, "before": before}, about, helper)
    return before


def begin(folder: RunFolder, *, recipe_path: str = "", queue: bool = False) -> None:
    """Start the worker of a run that was claimed, and may have none yet: of two workers, the second one leaves.

    Raises:
        WorkbenchError: the slots that were given name no device.
    """
    about = _waiting(folder.record().settings) if queue else None
    _begin(folder, {"recipe_path": recipe_path, "before": 0}, about, None)


def drive(sweep: Path, root: Path, *, recipe_path: str = "") -> None:
    """Start the process that drives a sweep on this machine; where there is one already, the second one leaves."""
    from workbench.sweeps.folder import SweepFolder  # here: starting a run needs nothing of sweeps

    arguments = [str(sweep), json.dumps({"root": str(root), "recipe_path": recipe_path})]
    with open(os.open(SweepFolder(sweep).driver_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
        spawn(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, module="workbench.worker.drive")


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


def _waiting(settings: Mapping[str, Value]) -> dict[str, object]:
    """What a process needs to know that waits in the queue for a run with these settings.

    Raises:
        WorkbenchError: the slots that were given name no device.
    """
    device = str(settings.get("device", "auto"))
    return {"room": str(line.room()), "device": device, "wants": slots.wanted(device), "host": platform.node(), "boot_id": boot_id()}


def _begin(folder: RunFolder, order: dict[str, object], waiting: dict[str, object] | None, helper: Helper | None) -> None:
    arguments = [str(folder.path), json.dumps(order)]
    if waiting is not None:
        arguments = ["--queued", *arguments, json.dumps(waiting)]
    elif helper is not None and helper.become_worker(arguments, folder.worker_log):
        return
    with open(os.open(folder.worker_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
        spawn(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


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


def _not_ours(feed: Feed) -> WorkbenchError:
    name, run_id = feed.labels.name, feed.folder.id
    if feed.record.source == "import":
        return WorkbenchError(f"{run_id} was imported; no recipe here can go on with it", f"`workbench show {run_id}` shows it")
    return WorkbenchError(
        f"{run_id} was trained by a script of its own, which alone knows how to go on", f"run the script again to record `{name}` anew"
    )


def _raises_a_limit(feed: Feed, changes: Mapping[str, Value]) -> bool:
    now = {**feed.record.settings, **feed.state.amended}
    for name in ("epochs", "max_steps", "max_seconds", "patience"):
        if name in changes:
            new, old = changes[name], now.get(name)
            if old is not None and (new is None or (isinstance(new, (int, float)) and isinstance(old, (int, float)) and new > old)):
                return True
    return False


def _more(feed: Feed) -> str:
    settings = {**feed.record.settings, **feed.state.amended}
    for name in ("max_steps", "epochs", "max_seconds"):
        value = settings.get(name)
        if isinstance(value, (int, float)):
            return f"{name}={value * 2:g}"
    return "epochs=40"


def _log_hint(folder: RunFolder) -> str:
    tail = [line for line in folder.worker_log_tail(3) if line.strip()]
    return f"its log ends with: {tail[-1]}" if tail else f"look at {folder.worker_log}"


def _git_commit(folder: Path) -> str:
    """The commit that is checked out where the run was started; read from its files, since `git` may hang or be missing."""
    with contextlib.suppress(OSError, ValueError):
        for place in (folder, *folder.parents):
            head = place / ".git" / "HEAD"
            if head.is_file():
                text = head.read_text().strip()
                return (place / ".git" / text.removeprefix("ref: ")).read_text().strip() if text.startswith("ref: ") else text
    return ""
