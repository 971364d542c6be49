"""From a key to the first byte of its answer, while a process keeps every core busy. `python -m tests.benchmarks.busy_keys`."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.interface import interface
from tests.tui.runs import cnn_run
from tests.tui.terminal import Terminal

_KEYS = 300
_SECONDS = 0.05
_REST_SECONDS = 0.1


def busy() -> None:
    """What a worker with a thread for this core does."""
    while True:
        sum(number * number for number in range(10_000))


def reactions(terminal: Terminal, count: int) -> list[float]:
    """Seconds to the first byte, for arrows that choose another chart of a run that ended: nothing else is painted meanwhile."""
    found = []
    for index in range(count):
        terminal.read(_REST_SECONDS)
        begun = time.monotonic()
        terminal.send("\x1b[C" if index % 2 == 0 else "\x1b[D")
        if terminal.read_some(5.0):
            found.append(time.monotonic() - begun)
    return sorted(found)


def main() -> int:
    cores = os.cpu_count() or 1
    workers = [multiprocessing.Process(target=busy, daemon=True) for _ in range(cores)]
    with tempfile.TemporaryDirectory() as place:
        cnn_run(Path(place))
        with interface(Path(place), "cnn-1", (120, 40), {}) as terminal:
            terminal.wait_for("best accuracy", 60)
            terminal.read(2.0)
            alone = reactions(terminal, _KEYS // 3)
            for worker in workers:
                worker.start()
            terminal.read(1.0)
            beside = reactions(terminal, _KEYS)
            for worker in workers:
                worker.terminate()
    for what, found in (("idle", alone), (f"{cores} busy processes on {cores} cores", beside)):
        share = sum(seconds <= _SECONDS for seconds in found) / len(found)
        median, slowest = (1000 * found[round(len(found) * part) - 1] for part in (0.5, 0.99))
        print(
            f"{what}: {100 * share:.1f} % of {len(found)} keys within {1000 * _SECONDS:.0f} ms; median {median:.0f} ms, "
            f"99 of 100 within {slowest:.0f} ms; load {os.getloadavg()[0]:.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
