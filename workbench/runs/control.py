"""Asking a worker to do something: a small file in the run's `control/`, answered by an event in its log."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.errors import ExitCode, WorkbenchError
from workbench.events.reader import EventReader
from workbench.events.types import RequestAnswered
from workbench.runs.files import read_json, replace_file
from workbench.runs.folder import RunFolder

Kind = Literal["pause", "resume", "stop", "save", "set"]
KINDS: tuple[Kind, ...] = ("pause", "resume", "stop", "save", "set")
_LOOK_SECONDS = 0.5  # between two looks at the worker while it is asked
_LAST_WORDS_SECONDS = 1.0  # the end stands in the log before the answer to who asked for it


@dataclass(frozen=True)
class Request:
    """One thing asked of a worker."""

    id: str
    kind: Kind
    by: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the worker said to a request."""

    accepted: bool
    message: str
    step: int


def ask(folder: RunFolder, kind: Kind, *, by: str = "", **arguments: Any) -> Request:
    """Leave a request for the worker; it is answered between two steps.

    Raises:
        WorkbenchError: the run's folder cannot be written.
    """
    request = Request(f"{time.time_ns():020}-{os.getpid()}", kind, by or who(), arguments)
    body = {"id": request.id, "kind": kind, "by": request.by, "arguments": arguments}
    replace_file(folder.control / f"{request.id}.json", json.dumps(body).encode(), durable=False)
    return request


def pending(folder: RunFolder) -> list[Request]:
    """Requests that wait, oldest first; files that are no request are removed."""
    try:
        names = sorted(
            entry.name for entry in os.scandir(folder.control) if entry.name.endswith(".json") and not entry.name.startswith(".")
        )
    except OSError:
        return []
    found = []
    for name in names:
        body = read_json(folder.control / name)
        if _is_request(body):
            found.append(Request(name.removesuffix(".json"), body["kind"], str(body.get("by", "")), body["arguments"]))
        else:
            _remove(folder, name)
    return found


def _is_request(body: dict[str, Any]) -> bool:
    arguments = body.get("arguments")
    if body.get("kind") not in KINDS or not isinstance(arguments, dict) or not isinstance(body.get("by", ""), str):
        return False
    return not any(isinstance(value, (dict, list)) for value in arguments.values())


def withdraw(folder: RunFolder, request: Request) -> None:
    """Take a request away: it was answered, or nobody waits for it any more."""
    _remove(folder, f"{request.id}.json")


def wait(folder: RunFolder, request: Request, *, seconds: float, offset: int, is_live: Callable[[], bool] = lambda: True) -> Answer:
    """The worker's answer to a request.

    Args:
        offset: of the log at which the request was left; the answer stands behind it.
        is_live: whether there still is a worker to wait for; asked now and then.

    Raises:
        WorkbenchError: no answer within `seconds` (exit code 4), or the worker is gone.

    The request is withdrawn however the wait ends, also by Ctrl-C: left behind, a stop would meet the run's next worker.
    """
    try:
        return _await(folder, request, seconds, offset, is_live)
    finally:
        withdraw(folder, request)


def _await(folder: RunFolder, request: Request, seconds: float, offset: int, is_live: Callable[[], bool]) -> Answer:
    reader = EventReader(folder.events, offset)
    deadline = time.monotonic() + seconds
    look_at = time.monotonic() + _LOOK_SECONDS
    gone_at: float | None = None
    while True:
        for event in reader.poll():
            if isinstance(event, RequestAnswered) and event.request == request.id:
                return Answer(event.accepted, event.message, event.step)
        now = time.monotonic()
        if gone_at is None and now > look_at:
            look_at = now + _LOOK_SECONDS
            gone_at = None if is_live() else now
        if gone_at is not None and now > gone_at + _LAST_WORDS_SECONDS:
            raise WorkbenchError(
                f"{folder.id} ended before it answered `{request.kind}`", f"`workbench show {folder.id}` says how it ended"
            )
        if now > deadline:
            raise WorkbenchError(
                f"{folder.id} did not answer `{request.kind}` within {seconds:g} s",
                f"it may be in a long step; `workbench show {folder.id}` tells, `workbench stop --force {folder.id}` ends it",
                code=ExitCode.NO_ANSWER,
            )
        time.sleep(0.02)


def log_size(folder: RunFolder) -> int:
    """Where the log ends now."""
    try:
        return folder.events.stat().st_size
    except OSError:
        return 0


def who() -> str:
    """Who asks, as the log will say it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _remove(folder: RunFolder, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(folder.control / name)
