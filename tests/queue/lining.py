"""Processes that stand in the line: a process cannot see its own locks, so each place needs one of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
from workbench.queue.place import Place
place = Place(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(","))
print("ready", flush=True)
for line in sys.stdin:
    print(getattr(place, line.strip())(), flush=True)
"""


class Standing:
    """A run in the line, in a process of its own."""

    def __init__(self, room: Path, run: str, wants: str = "cpu") -> None:
        command = [sys.executable, "-c", _PROGRAM, str(room), str(Path("/runs") / run), wants]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._line() == "ready"

    def do(self, what: str) -> str:
        """`take`, `join` or `before`, in that process."""
        assert self.process.stdin is not None
        print(what, file=self.process.stdin, flush=True)
        return self._line()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def standing(room: Path, *runs: str, wants: str = "cpu") -> Iterator[list[Standing]]:
    """Runs that came one after the other."""
    line: list[Standing] = []
    try:
        line += [Standing(room, run, wants) for run in runs]
        yield line
    finally:
        for each in line:
            each.kill()
