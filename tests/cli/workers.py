"""Stand-ins for what the CLI talks to: a worker on another host that answers requests, without a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders import append, build_run, declared, loop, metrics, started
from workbench.events.types import Event, Paused, RequestAnswered, RunEnded
from workbench.runs import control
from workbench.runs.folder import RunFolder


def live_run(root: Path, run_id: str = "cnn-1", **record: object) -> RunFolder:
    """A run that a worker elsewhere trains just now: no lock can be asked there, so its news decides."""
    now = time.time()
    events = [started(at=now - 20, host="elsewhere"), declared(at=now - 19), loop(at=now - 10), metrics(range(1, 101), at=now - 10)]
    return build_run(root, events, run_id, **record)  # type: ignore[arg-type]


def paused_run(root: Path, run_id: str = "cnn-1") -> RunFolder:
    folder = live_run(root, run_id)
    append(folder, [Paused(at=time.time(), step=100, by="ada")])
    return folder


def accept(request: control.Request) -> list[Event]:
    """What a worker writes that does as it is asked."""
    now = time.time()
    answer = RequestAnswered(at=now, step=100, request=request.id, kind=request.kind, accepted=True, message=f"did {request.kind}")
    ended = RunEnded(at=now, state="stopped", step=100, reason=f"stopped by {request.by}")
    return [ended, answer] if request.kind == "stop" else [answer]


def refuse(request: control.Request) -> list[Event]:
    return [RequestAnswered(at=time.time(), step=100, request=request.id, kind=request.kind, accepted=False, message="the disk is full")]


@contextmanager
def answering(folder: RunFolder, answer: Callable[[control.Request], list[Event]] = accept) -> Iterator[list[control.Request]]:
    """Answer the requests of a run as a worker does, until the block ends; yields those that came."""
    seen: list[control.Request] = []
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.005):
            for request in control.pending(folder):
                seen.append(request)
                control.withdraw(folder, request)
                append(folder, answer(request))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
