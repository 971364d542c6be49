"""Whether a run lives. The answer is computed from evidence each time and never stored: a stored "running" goes stale.

A heartbeat alone gives false deaths, a flag alone gives false life, and process ids are reused after a reboot. So:
an end that was recorded counts; else the boot, the lock and the process decide; another host is never called dead.
"""

from __future__ import annotations

import functools
import os
import platform
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from workbench.locks import lock_holder
from workbench.queue import line
from workbench.runs.files import read_json
from workbench.runs.folder import RunFolder
from workbench.runs.reading.state import RunState
from workbench.units import age

StateName = Literal["queued", "starting", "running", "paused", "finished", "stopped", "failed", "died", "unknown"]
LIVE: frozenset[str] = frozenset({"queued", "starting", "running", "paused"})
_GRACE_SECONDS = 60.0  # between claiming a folder and the worker's first event: an import of torch on a busy machine
_REMOTE_QUIET_SECONDS = 60.0  # workers write at least every 5 s; network file systems cache for up to 30 s
STALLED_SECONDS = 30.0


@dataclass(frozen=True)
class Exit:
    """What the supervisor saw when its worker ended."""

    code: int | None = None
    signal: str = ""
    reason: str = ""
    state: str = ""
    out_of_memory: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that decides about a run's state."""

    started: bool  # the log has a RunStarted
    queued: bool = False  # the log's last attempt waits for its turn
    has_steps: bool = False
    paused: bool = False
    ended: str = ""  # finished, stopped or failed, from the log's last attempt
    ended_reason: str = ""
    exit: Exit | None = None
    same_host: bool = True
    same_boot: bool = True
    lock_held: bool = False
    process_alive: bool = False  # the pid exists and started when the log says
    quiet_seconds: float = 0.0  # since the last event
    claimed_seconds: float = 0.0  # since the folder was claimed
    host: str = ""


@dataclass(frozen=True)
class Status:
    """What a run is, and why it is taken to be that."""

    state: StateName
    reason: str = ""
    place: int = 0  # in the queue, from 1

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


def judge(evidence: Evidence) -> Status:
    """The state that the evidence adds up to; a truth table in the tests."""
    if evidence.ended in ("finished", "stopped", "failed"):
        return Status(evidence.ended, evidence.ended_reason)  # type: ignore[arg-type]
    if evidence.exit:
        return _from_exit(evidence.exit)
    if not evidence.same_host:
        if evidence.quiet_seconds > _REMOTE_QUIET_SECONDS:
            return Status("unknown", f"no news for {age(evidence.quiet_seconds)} from {evidence.host}")
        return _alive(evidence)
    if evidence.queued:
        return Status("queued") if evidence.lock_held else Status("died", _lost_place(evidence))
    if not evidence.started and not evidence.lock_held:
        if evidence.claimed_seconds < _GRACE_SECONDS and evidence.same_boot:
            return Status("starting", "its worker is being started")
        return Status("died", "its worker never started; worker.log may say why")
    if evidence.started and not evidence.same_boot:
        return Status("died", "the machine was restarted while it ran")
    if evidence.lock_held:
        return _alive(evidence)
    if evidence.process_alive:
        return Status("unknown", "its process lives but does not hold its lock")
    return Status("died", "its process is gone and left no word; the machine or a person killed it")


def status(folder: RunFolder, state: RunState, *, created_at: float, host: str = "", now: float | None = None) -> Status:
    """Gather the evidence about a run and judge it.

    Args:
        host: where the run was asked for; counts until its worker has said where it runs.
    """
    now = time.time() if now is None else now
    ended = state.ended
    host = state.host or host
    local = host in ("", platform.node())
    alive = local and not ended and is_process(state.pid, state.process_started)
    # The trainer itself must not look: closing the file would drop its lock, which it is not shown besides.
    held = alive and state.pid == os.getpid()
    judged = judge(
        Evidence(
            started=state.attempt > 0,
            queued=state.queued,
            has_steps=bool(state.attempts) and state.attempts[-1].step is not None and state.step > state.attempts[-1].step,
            paused=state.paused,
            ended=ended.state if ended else "",
            ended_reason=ended.reason if ended else "",
            exit=None if ended or state.queued else read_exit(folder.exit_file(state.attempt or 1)),
            same_host=local,
            same_boot=not state.boot_id or state.boot_id == boot_id(),
            lock_held=held or (local and not ended and lock_holder(folder.lock) is not None),
            process_alive=alive,
            quiet_seconds=max(0.0, now - (state.news_at or created_at)),
            claimed_seconds=now - created_at,
            host=host,
        )
    )
    if judged.state == "queued" and local and (turn := line.turn(folder.path)):
        return replace(judged, reason=turn.text, place=turn.place)
    return judged


def read_exit(path: Path) -> Exit | None:
    """The supervisor's record of an attempt's end; None while there is none."""
    value = read_json(path)
    if not value:
        return None
    code = value.get("code")
    return Exit(
        code=code if isinstance(code, int) else None,
        signal=str(value.get("signal") or ""),
        reason=str(value.get("reason") or ""),
        state=str(value.get("state") or ""),
        out_of_memory=bool(value.get("out_of_memory")),
    )


@functools.cache
def boot_id() -> str:
    """Tells boots of this machine apart."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def process_started(pid: int) -> float | None:
    """When a process started, in clock ticks since boot; None when there is no such process or the platform does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else float(fields[19])


def is_process(pid: int, started: float) -> bool:
    """Whether the process that had this pid then still has it."""
    return pid > 0 and process_started(pid) == started


def _from_exit(ended: Exit) -> Status:
    if ended.state == "died":  # one of several processes
        return Status("died", f"{ended.reason}; `workbench resume` continues from its newest good checkpoint")
    if ended.signal:
        why = "the system ran out of memory and killed it" if ended.out_of_memory else f"it was killed by {ended.signal}"
        return Status("died", f"{why}; `workbench resume` continues from its newest good checkpoint")
    if ended.state in ("finished", "stopped", "failed"):
        return Status(ended.state, ended.reason)  # type: ignore[arg-type]
    return Status("failed", ended.reason or f"its worker left with exit code {ended.code}; worker.log may say why")


def _lost_place(evidence: Evidence) -> str:
    why = "its process is gone" if evidence.same_boot else "the machine was restarted"
    return f"{why} while it waited in the queue; `workbench resume` queues it again"


def _alive(evidence: Evidence) -> Status:
    if evidence.queued:
        return Status("queued")
    if evidence.paused:
        return Status("paused", "")
    if not evidence.has_steps:
        return Status("starting", "")
    quiet = f"no news for {age(evidence.quiet_seconds)}" if evidence.quiet_seconds > STALLED_SECONDS else ""
    return Status("running", quiet)
