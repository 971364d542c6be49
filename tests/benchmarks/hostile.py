"""Hostile text in every place of a run, shown by the interface in a real terminal: how many bytes of it act?

python -m tests.benchmarks.hostile
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.interface import interface
from tests.hostile import COLOUR, CORPUS, OF_TEXTUAL, foreign, hostile_run

_SIZES = ((40, 12), (80, 24), (120, 40))
_KEYS = ("\r", "\x1b", "l", "\x1b", "h", "\x1b", "m", "\x1b")
_SETTLE_SECONDS = 0.4


def acting(raw: bytes) -> set[str]:
    """What is left of a terminal's input behind the sequences that the interface itself sends."""
    text = raw.decode("utf-8", "replace")
    return foreign(OF_TEXTUAL.sub("", text)) | set(COLOUR.findall(text))


def main() -> int:
    sent, wrong, ended = 0, 0, 0
    with tempfile.TemporaryDirectory() as place:
        for number, evil in enumerate(CORPUS, 1):
            hostile_run(Path(place), evil, f"cnn-{number}")
        for size in _SIZES:
            for number in range(1, len(CORPUS) + 1):
                with interface(Path(place), f"cnn-{number}", size, {}) as terminal:
                    terminal.wait_for("FAILED", 30)
                    for key in _KEYS:
                        terminal.send(key)
                        terminal.read(_SETTLE_SECONDS)
                    terminal.send("q")
                    ended += terminal.wait(10)
                    sent += terminal.count
                    if found := acting(bytes(terminal.raw)):
                        wrong += 1
                        print(f"{size[0]}x{size[1]}, text {number}: {sorted(map(repr, found))}")
    opened = len(_SIZES) * len(CORPUS)
    print(f"{wrong} of {opened} sessions sent text that acts ({sent:,} bytes looked at); {ended} of {opened} left as asked")
    return 1 if wrong or ended < opened else 0


if __name__ == "__main__":
    sys.exit(main())
