"""Hostile text in every place of a run and in what is pasted, walked through in a real terminal: how many bytes of it act?

python -m tests.benchmarks.hostile [--quick]
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.interface import interface
from tests.hostile import COLOUR, CORPUS, OF_TEXTUAL, foreign, hostile_run
from tests.tui.terminal import Terminal

_SIZES = ((80, 24), (120, 40))
_PATIENCE_SECONDS = 30.0  # for torch, beside other work
_SETTLE_SECONDS = 1.5  # until recipes and runs are there, and with them what has the focus
_QUIET_SECONDS, _MOST_SECONDS = 0.15, 0.6  # behind a key: until nothing comes, or as long as a live run goes on painting
_AT_ONCE = 4  # sessions, which wait most of their time
_PASTED = "\x1b[200~{}\x1b[201~"
ESCAPE, UP, RIGHT, DOWN, PAGE_DOWN, HOME, END, PALETTE = "\x1b", "\x1b[A", "\x1b[C", "\x1b[B", "\x1b[6~", "\x1b[H", "\x1b[F", "\x10"

PASTE = "PASTE"  # stands for the text, pasted into a line that asks for one
Walk = tuple[tuple[str, tuple[str, ...]], ...]  # what is pressed, and what stands on the screen that it leads to
RUN: Walk = (
    ("esc bench", (RIGHT, DOWN, "[", "]", ".", "v", "v", "v", "v", "g", PAGE_DOWN)),
    ("esc back", ("\r", RIGHT, DOWN, "y", "t", "e", "O", "+", "[", "0", "v", "v", "v", "v", "v")),
    ("esc bench", (ESCAPE, "/", PASTE, "\r", "/", ESCAPE)),
    ("LOG", ("l", END, HOME, "/", PASTE, "\r")),
    ("HEALTH", (ESCAPE, "h")),
    ("MODEL", (ESCAPE, "m")),
    ("NOTES", (ESCAPE, "i")),
    ("KEYS", (ESCAPE, "?")),
    ("esc bench", (ESCAPE, PALETTE, PASTE, ESCAPE)),
    ("", ("c", PASTE, "\r", ESCAPE, "U", ESCAPE)),
)
RUNS: Walk = (  # a live one has the focus from the start
    ("Bench", ("/", PASTE, "\r", ESCAPE, "o", "o", "o", "P", "n", PASTE, "\r")),
    ("COMPARE", (UP, UP, " ", DOWN, " ", "C")),
    ("COMPARE", (DOWN, RIGHT, "/", PASTE, ESCAPE, "v", "a", "e", "G", "B", PAGE_DOWN, "y", "t", "E", "+", "0", ".", "v")),
    ("KEYS", ("?",)),
    ("DIFFERENCES", (ESCAPE, ESCAPE, "D")),
    ("Bench", (ESCAPE, "d", "y", "u", "f", PASTE, "\r", ESCAPE)),
    ("KEYS", ("?",)),
)
FORM: Walk = (
    ("Bench", ("\t", "\t", DOWN, "\r", PASTE, "\r", ESCAPE, "w", PASTE, "\r", "L", PASTE, "\r", "/", PASTE, ESCAPE)),
    ("MODEL", ("m",)),
    ("NOTES", (ESCAPE, "i")),
    ("Bench", (ESCAPE, PALETTE, PASTE, ESCAPE)),
)
PLAY: Walk = (
    ("temperature", ("U",)),  # the model is there
    ("KEYS", ("?",)),
    ("PLAYGROUND", (ESCAPE, "\r", PASTE, "\r", DOWN, RIGHT, " ", "v", "\r", PASTE, "\r")),
)


def acting(raw: bytes) -> set[str]:
    """What is left of a terminal's input behind the sequences that the interface itself sends."""
    text = raw.decode("utf-8", "replace")
    return foreign(OF_TEXTUAL.sub("", text)) | set(COLOUR.findall(text))


def press(terminal: Terminal, keys: Iterable[str], evil: str) -> None:
    for key in keys:
        terminal.send(_PASTED.format(evil.replace(ESCAPE, "")) if key == PASTE else key)  # no terminal pastes an escape
        for _ in range(round(_MOST_SECONDS / _QUIET_SECONDS)):
            if not terminal.read(_QUIET_SECONDS):
                break


def came(terminal: Terminal, shown: str) -> bool:
    with contextlib.suppress(AssertionError):
        terminal.wait_for(shown, _PATIENCE_SECONDS)
        return True
    return False


def walk(terminal: Terminal, steps: Walk, evil: str) -> list[str]:
    """Go along a walk; returns the screens that did not come."""
    missed = []
    for shown, keys in steps:
        press(terminal, keys, evil)
        if shown and not came(terminal, shown):
            missed.append(f"{shown} behind {keys[-2:]}")
    return missed


class Session(NamedTuple):
    """One opening of the interface, walked through until it is left."""

    run_id: str | None
    shown: str  # once it is open
    steps: Walk
    size: tuple[int, int]
    ascii_only: bool
    text: int  # its place in the corpus, from 1
    root: Path | None = None  # of runs; otherwise of two made for it

    def __str__(self) -> str:
        return f"{self.size[0]}x{self.size[1]}{' --ascii' * self.ascii_only}, text {self.text}, {self.run_id or 'bench'}"


def outcome(session: Session) -> tuple[list[str], int]:
    """What went wrong in a session, and how many bytes it sent."""
    evil = CORPUS[session.text - 1]
    with tempfile.TemporaryDirectory() as made:
        os.chdir(made)  # settings are saved here under a name that is pasted
        place = Path(made)
        settings = place / "config" / "workbench" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text("bell = false\n")  # so that a bell that rings is one of the text's
        runs = session.root or place / "runs"
        if session.root is None:
            hostile_run(runs, evil, "cnn-1")
            hostile_run(runs, evil, "cnn-2", live=True)
        environment = {"XDG_CONFIG_HOME": str(place / "config")}
        with interface(runs, session.run_id, session.size, environment, ascii_only=session.ascii_only) as terminal:
            terminal.wait_for(session.shown, 60)
            terminal.read(_SETTLE_SECONDS)
            wrong = [f"did not come: {screen}" for screen in walk(terminal, session.steps, evil)]
            terminal.send("\x03")
            if not terminal.wait(20):
                wrong.append("did not leave")
            elif terminal.status:
                wrong.append(f"left with {terminal.status}")
            raw = bytes(terminal.raw)
    if b"Traceback" in raw:
        wrong.append("raised")
    return [*wrong, *(f"sent {text!r}" for text in sorted(acting(raw)))], len(raw)


def sessions(trained: Path | None, size: tuple[int, int], ascii_only: bool, text: int) -> list[Session]:
    """Those of one text in one look of the terminal."""
    look = (size, ascii_only, text)
    walks = (("cnn-1", "FAILED", RUN), ("cnn-2", "RUNNING", RUN), (None, "RUNS 2", RUNS), (None, "RUNS 2", FORM))
    opened = [Session(*one, *look) for one in walks]
    return [*opened, Session("rnn-1", "FINISHED", PLAY, *look, trained)] if trained else opened


def train(place: Path, name: str) -> None:
    """A run that the playground can be opened on."""
    command = [sys.executable, "-m", "workbench", "train", "rnn", "--preset", "text", "--max-steps", "2", "--runs", str(place)]
    subprocess.run([*command, "--name", name], check=True, capture_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one size, in colour, without a trained model")
    quick = parser.parse_args().quick
    looks = [(size, ascii_only) for size in _SIZES for ascii_only in (False, True)][: 1 if quick else None]
    failed = count = 0
    with tempfile.TemporaryDirectory() as place:
        trained = None if quick else Path(place)
        if trained:
            train(trained, CORPUS[3])
        numbers = range(1, len(CORPUS) + 1)
        walked = [one for size, ascii_only in looks for number in numbers for one in sessions(trained, size, ascii_only, number)]
        with multiprocessing.Pool(_AT_ONCE) as pool:
            for session, (wrong, sent) in zip(walked, pool.imap(outcome, walked), strict=True):
                count, failed = count + sent, failed + bool(wrong)
                for what in wrong:
                    print(f"{session}: {what}", flush=True)
    print(f"{failed} of {len(walked)} sessions sent text that acts, raised, or missed a screen ({count:,} bytes looked at)")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
