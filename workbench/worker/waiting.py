"""`python -m workbench.worker.waiting RUN_FOLDER ORDER PLACE`: waits for a slot, then becomes the worker of the run.

Kept small (16 MB, its supervisor 11), since a queue may be long. It holds the run's lock from the beginning, looks once a second, and
replaces itself by the worker, which so keeps lock, card and slot without a moment in which another could take them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from workbench.queue.place import Place
from workbench.queue.slots import assigned

_LOOK_SECONDS = 1.0
_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)  # what may be better in a second


def main(arguments: list[str]) -> int:
    """Wait for the turn of the run in the folder that is the first argument; becomes its worker, and does not return then."""
    os.umask(0o077)
    folder, order, about = Path(arguments[0]), json.loads(arguments[1]), json.loads(arguments[2])
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"{folder.name} is being trained by another worker", file=sys.stderr)
        return 2
    os.set_inheritable(lock, True)
    wait = _Wait(folder, order, about)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, wait.signalled)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while not wait.is_over():
        time.sleep(_LOOK_SECONDS)
    wait.become_worker()
    return 1


class _Wait:
    """The looks of one run at its queue."""

    def __init__(self, folder: Path, order: dict[str, Any], about: dict[str, Any]) -> None:
        self._folder, self._order, self._about = folder, order, about
        self._place: Place | None = None
        self._said = False

    def is_over(self) -> bool:
        """Take the slot where it is free; else see whether somebody takes the run out of the queue, or lets it begin at once."""
        try:
            self._place = self._place or Place(Path(self._about["room"]), self._folder, self._about["wants"])
            self._take(self._place.take())
        except OSError as error:
            if error.errno not in _PASSING:  # no line can be kept here; better to train than to wait for ever
                self._order["placed"] = True
        if self._order.get("placed"):
            return True
        self._obey(self._asked())
        self._said = self._said or self._say()
        return bool(self._order.get("placed") or self._order.get("dropped"))

    def become_worker(self) -> None:
        """Give the process to the worker, with lock, card and slot."""
        if self._place:
            self._place.keep_over_exec()
        command = [sys.executable, "-P", "-m", "workbench.worker", str(self._folder), json.dumps(self._order)]
        os.execv(sys.executable, command)

    def signalled(self, number: int, _: object) -> None:
        """TERM and INT take the run out of the queue, at the next look."""
        self._order["dropped"] = signal.Signals(number).name

    def _take(self, slot: str) -> None:
        if slot:
            self._order["placed"] = True
            self._order["device"] = assigned(self._about["device"], slot, tuple(self._about["wants"]))

    def _obey(self, asked: tuple[str, str]) -> None:
        kind, by = asked
        if kind == "stop":
            self._order["dropped"] = by
        elif kind == "resume" and self._place:
            self._place.join()
            self._order["placed"] = True

    def _asked(self) -> tuple[str, str]:
        """The first request that a waiting run can follow: to stop, or to go on at once; it is answered by the worker."""
        for path in sorted((self._folder / "control").glob("[0-9]*.json")):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                request = json.loads(path.read_bytes())
                if request.get("kind") in ("stop", "resume"):
                    return str(request["kind"]), str(request.get("by") or "somebody")
        return "", ""

    def _say(self) -> bool:
        """Say in the log that the run waits; False where the disk has no room for it now."""
        before = self._place.before() if self._place else ()
        event = {"type": "run_queued", "at": time.time(), "host": self._about["host"], "boot_id": self._about["boot_id"],
                 "slots": self._about["wants"], "behind": before}  # fmt: skip
        log = os.open(self._folder / "events.jsonl", os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(log).st_size
            torn = size > 0 and os.pread(log, 1, size - 1) != b"\n"
            line = (b"\n" if torn else b"") + json.dumps(event).encode() + b"\n"
            written = os.write(log, line) == len(line)
            os.fsync(log)
            return written
        except OSError:
            return False
        finally:
            os.close(log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
