"""Hostile text in every place of a run and in what is typed, walked through in a real terminal: how many bytes of it act?

python -m tests.benchmarks.hostile [--quick]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.interface import interface
from tests.hostile import COLOUR, CORPUS, OF_TEXTUAL, foreign, hostile_run
from tests.tui.terminal import Terminal

_SIZES = ((80, 24), (120, 40))
_QUIET_SECONDS, _MOST_SECONDS = 0.15, 0.6  # behind a key: until nothing comes, or as long as a live run goes on painting
_PASTED = "\x1b[200~{}\x1b[201~"
ESCAPE, RIGHT, DOWN, PAGE_DOWN, PALETTE = "\x1b", "\x1b[C", "\x1b[B", "\x1b[6~", "\x10"

# What is pressed on a screen, and what stands on it then; PASTE stands for the text, pasted into a line that asks for one.
PASTE = "PASTE"
Walk = tuple[tuple[str, tuple[str, ...]], ...]
RUN: Walk = (
    ("charts 1", (RIGHT, DOWN, "[", "]", ".", PAGE_DOWN)),
    ("cursor", ("\r", RIGHT, DOWN, "y", "t", "e", "O", "+", "[", "0", "v", "v", "v", "v", "v", ESCAPE)),
    ("", ("v", "v", "v", "v", "g", ESCAPE, "/", PASTE, "\r", "/", ESCAPE)),
    ("LOG", ("l",)),
    ("LOG", ("\x1b[F", "\x1b[H", "/", PASTE, "\r", ESCAPE, ESCAPE)),
    ("HEALTH", ("h",)),
    ("MODEL", (ESCAPE, "m")),
    ("NOTES", (ESCAPE, "i")),
    ("KEYS", (ESCAPE, "?")),
    ("", (ESCAPE, "c", PASTE, "\r", ESCAPE, "U", ESCAPE, PALETTE, PASTE, ESCAPE)),
)
RUNS: Walk = (
    ("Bench", ("n", PASTE, "\r", "\t", PASTE, "\r", ESCAPE, "/", PASTE, "\r", ESCAPE, "o", "o", "o", "P", "D", ESCAPE, "f", "i", ESCAPE)),
    ("", (" ", DOWN, " ", "C", DOWN, RIGHT, "v", "a", "e", "G", "B", PAGE_DOWN, "y", "t", "/", PASTE, "\r", ESCAPE, "?", ESCAPE, ESCAPE)),
    ("Bench", ("d", "y", "u", "?", ESCAPE)),
)
FORM: Walk = (
    ("Bench", ("w", PASTE, "\r", ESCAPE, "L", PASTE, "\r", ESCAPE, "/", PASTE, ESCAPE, "\t", DOWN, "\r", PASTE, "\r", ESCAPE, "m", ESCAPE)),
    ("NOTES", ("i",)),
    ("Bench", (ESCAPE, PALETTE, PASTE, ESCAPE)),
)
PLAY: Walk = (("", ("\r", PASTE, "\r", DOWN, RIGHT, " ", "v", "\r", PASTE, "\r", ESCAPE, "?", ESCAPE)),)


def acting(raw: bytes) -> set[str]:
    """What is left of a terminal's input behind the sequences that the interface itself sends."""
    text = raw.decode("utf-8", "replace")
    return foreign(OF_TEXTUAL.sub("", text)) | set(COLOUR.findall(text))


def press(terminal: Terminal, keys: Iterable[str], evil: str) -> None:
    for key in keys:
        terminal.send(_PASTED.format(evil) if key == PASTE else key)
        for _ in range(round(_MOST_SECONDS / _QUIET_SECONDS)):
            if not terminal.read(_QUIET_SECONDS):
                break


def walk(terminal: Terminal, steps: Walk, evil: str) -> list[str]:
    """Go along a walk; returns the screens that did not come."""
    missed = []
    for shown, keys in steps:
        press(terminal, keys, evil)
        if shown and shown not in terminal.text:
            missed.append(f"{shown} behind {keys[-2:]}")
    return missed


def session(place: Path, run_id: str | None, size: tuple[int, int], ascii_only: bool, evil: str, shown: str, steps: Walk) -> list[str]:
    """Open the interface, walk and leave; returns what went wrong."""
    global sent
    with interface(place, run_id, size, {}, ascii_only=ascii_only) as terminal:
        terminal.wait_for(shown, 40)
        wrong = [f"did not come: {screen}" for screen in walk(terminal, steps, evil)]
        terminal.send("\x03")
        if not terminal.wait(10):
            wrong.append("did not leave")
        elif terminal.status:
            wrong.append(f"left with {terminal.status}")
        sent += terminal.count
        raw = bytes(terminal.raw)
    if b"Traceback" in raw:
        wrong.append("raised")
    return [*wrong, *(f"sent {text!r}" for text in sorted(acting(raw)))]


sent = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one size, in colour, without a trained model")
    quick = parser.parse_args().quick
    sessions = failed = 0
    with tempfile.TemporaryDirectory() as trained:
        if not quick:
            train = [sys.executable, "-m", "workbench", "train", "rnn", "--max-steps", "2", "--preset", "text", "--runs", trained]
            subprocess.run([*train, "--name", CORPUS[3]], check=True, capture_output=True)
        for size in _SIZES[: 1 if quick else None]:
            for ascii_only in (False, True)[: 1 if quick else None]:
                for number, evil in enumerate(CORPUS, 1):
                    with tempfile.TemporaryDirectory() as made:
                        place = Path(made)
                        hostile_run(place, evil, "cnn-1")
                        hostile_run(place, evil, "cnn-2", live=True)
                        walks = [
                            (place, "cnn-1", "FAILED", RUN),
                            (place, "cnn-2", "RUNNING", RUN),
                            (place, None, "Bench", (("Bench", ("\t", "\t")), *RUNS)),
                            (place, None, "Bench", FORM),
                        ]
                        if not quick:
                            walks.append((Path(trained), "rnn-1", "FINISHED", (("", ("U",)), *PLAY)))
                        for root, run_id, shown, steps in walks:
                            wrong = session(root, run_id, size, ascii_only, evil, shown, steps)
                            sessions, failed = sessions + 1, failed + bool(wrong)
                            for what in wrong:
                                print(
                                    f"{size[0]}x{size[1]}{' --ascii' * ascii_only}, text {number}, {run_id or 'bench'}: {what}", flush=True
                                )
    print(f"{failed} of {sessions} sessions sent text that acts, raised, or missed a screen ({sent:,} bytes looked at)")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
