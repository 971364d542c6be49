"""A parent that only waits: it outlives its worker and writes down how that ended, also when nothing else could.

Kept free of everything that takes memory (9 MB instead of 60): a process that runs as long as the training should not
be felt. It can name every SIGKILL and every death for lack of memory, which the worker itself cannot.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from typing import Any

EXIT_BYTES = 4096  # of an exit file, padded with blanks
PIPE = "WORKBENCH_SUPERVISOR"


def main(arguments: list[str]) -> int:
    """Start a worker with these arguments, wait for it, and write `exit-<attempt>.json` into its run's folder."""
    reading, writing = os.pipe()
    killed_before = _out_of_memory_kills()
    pid = _spawn(arguments, writing)
    os.close(writing)
    _let_go_of_pipes()
    for number in (signal.SIGTERM, signal.SIGINT):  # a service manager tells the whole group; the worker decides when to leave
        signal.signal(number, lambda number, _: _pass_on(pid, number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _, status, usage = os.wait4(pid, 0)
    said = _read(reading)
    if "folder" in said:
        code = os.waitstatus_to_exitcode(status)
        _write(said["folder"], int(said["attempt"]), {
            "attempt": said["attempt"],
            "code": code if code >= 0 else None,
            "signal": signal.Signals(-code).name if code < 0 else "",
            "state": said.get("state", ""),
            "reason": said.get("reason", ""),
            "peak_memory_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            "out_of_memory": code == -signal.SIGKILL and _out_of_memory_kills() > killed_before,
            "ended_at": time.time(),
        })  # fmt: skip
    return 0


def tell_supervisor(**facts: Any) -> None:
    """Called in the worker: what the supervisor is to write down, besides what it sees for itself.

    One of several processes appends it to a file, from which their launcher hands it on: torchrun passes no pipe on to them.
    """
    place = os.environ.get(PIPE, "")
    line = json.dumps(facts).encode() + b"\n"
    with contextlib.suppress(OSError):
        if place.isdecimal():
            os.write(int(place), line)
        elif place:
            with open(place, "ab", buffering=0) as file:
                file.write(line)


def _spawn(arguments: list[str], writing: int) -> int:
    # posix_spawn rather than subprocess, whose import is a third of this process's memory.
    os.set_inheritable(writing, True)
    module, arguments = ("workbench.worker.waiting", arguments[1:]) if arguments[:1] == ["--queued"] else ("workbench.worker", arguments)
    command = [sys.executable, "-P", "-m", module, *arguments]
    return os.posix_spawn(sys.executable, command, {**os.environ, PIPE: str(writing)})


def _let_go_of_pipes() -> None:
    """Nothing here reads or writes the standard streams; holding them would keep a terminal's or a helper's pipe open."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _read(descriptor: int) -> dict[str, Any]:
    """What the worker told; a child that it left behind may hold the other end, so nothing is waited for."""
    os.set_blocking(descriptor, False)
    data = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(descriptor, 65536):
            data += piece
    said: dict[str, Any] = {}
    for line in data.splitlines():
        with contextlib.suppress(ValueError):
            said.update(json.loads(line))
    return said


def _write(folder: str, attempt: int, value: dict[str, Any]) -> None:
    """Write the exit file over the draft that the worker left: on a full disk there is room for nothing new."""
    draft = os.path.join(folder, f".exit-{attempt}")
    with contextlib.suppress(OSError):  # a run that was deleted meanwhile
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(value).encode()[:EXIT_BYTES].ljust(EXIT_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(draft, os.path.join(folder, f"exit-{attempt}.json"))


def _out_of_memory_kills() -> int:
    """How many processes of this control group the kernel has killed for lack of memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open("/proc/self/cgroup") as file:
            group = file.read().rpartition("::")[2].strip()
        with open(f"/sys/fs/cgroup{group}/memory.events") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
