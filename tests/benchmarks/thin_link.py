"""Keys on a link of 15 kB/s while a run trains: how long until one is answered, and until the interface has left?

python -m tests.benchmarks.thin_link
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.interface import interface, training_run
from tests.tui.terminal import Terminal

_BYTES_PER_SECOND = 15_000
_ROUNDS = 10
_WARM_SECONDS = 5.0
_MOST_SECONDS = 1.0


def answered(terminal: Terminal, key: str, shown: str, gone: str) -> float:
    """Seconds from a key to its answer on the screen, whose first row is no longer in part the old one."""
    begun = time.monotonic()
    terminal.send(key)
    while shown not in terminal.text or gone in terminal.text:
        terminal.read(0.01)
        if time.monotonic() - begun > 20:
            raise AssertionError(f"{shown!r} did not come")
    return time.monotonic() - begun


def left(terminal: Terminal) -> float:
    begun = time.monotonic()
    terminal.send("q")
    while b"\x1b[?1049l" not in terminal.raw and time.monotonic() - begun < 20:
        terminal.read(0.01)
    return time.monotonic() - begun


def measure(size: tuple[int, int], rate: int, *, rounds: int = _ROUNDS) -> tuple[list[float], float]:
    """Times to answer `?`, and esc behind it, then to quit; at so many bytes a second, or any number for 0."""
    with tempfile.TemporaryDirectory() as place, training_run(Path(place)), interface(Path(place), "cnn-9", size, {}) as terminal:
        terminal.rate = rate
        terminal.wait_for("RUNNING", 30)
        terminal.read(_WARM_SECONDS)
        keys = [answered(terminal, *about) for _ in range(rounds) for about in (("?", "KEYS", "RUNNING"), ("\x1b", "RUNNING", "KEYS"))]
        return keys, left(terminal)


def main(sizes: Sequence[tuple[int, int]] = ((80, 24), (120, 40), (200, 60))) -> int:
    worst = 0.0
    for size in sizes:
        for rate in (0, _BYTES_PER_SECOND):
            keys, gone = measure(size, rate)
            print(
                f"{size[0]}x{size[1]}, {f'{rate / 1000:g} kB/s' if rate else 'any speed'}: a key is answered after "
                f"{sorted(keys)[len(keys) // 2]:.2f} s (median; at most {max(keys):.2f} s), the terminal is left after {gone:.2f} s",
                flush=True,
            )
        worst = max(worst, *keys, gone)
    return int(worst > _MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
