"""What the terminal can do, whether it still listens, and leaving it as it was found."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import locale
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from workbench.clean import clean
from workbench.tui.theme import Look

HARD_EXIT_SECONDS = 2.0
_BEHIND = 3  # writes that wait: beyond it a frame is dropped, so that keys are answered on a 15 kB/s link
_NEAR_HZ, _REMOTE_HZ = 4.0, 2.0
THIN_SECONDS = 1.0  # between two looks on a slow link


def only_ascii() -> bool:
    """Whether the locale cannot show more than ASCII."""
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    try:
        return codecs.lookup(encoding).name != "utf-8"
    except LookupError:
        return True


def colours() -> int:
    """How many colours to use: 1 where NO_COLOR asks for none, 256 where the terminal does not say, as over SSH."""
    if os.environ.get("NO_COLOR"):
        return 1
    term = os.environ.get("TERM", "")
    if os.environ.get("COLORTERM") or "256" in term:
        return 256
    return 16 if term in ("linux", "xterm", "screen", "vt100", "ansi", "rxvt") else 256


def look(theme: str, *, ascii_only: bool = False, thin: bool = False) -> Look:
    """What to draw with: what the terminal can, less what is not wanted.

    Args:
        theme: auto, dark, light, ansi (the terminal's own 16 colours) or mono.
        thin: a slow link, where colours by number cost bytes.
    """
    most = {"mono": 1, "ansi": 16}.get(theme, 256)
    return Look(
        ascii_only=ascii_only or only_ascii(),
        colours=min(colours(), most, 16 if thin else 256),
        theme="light" if theme == "light" else "dark",
    )


def refresh_seconds() -> float:
    """Seconds between two looks at the disk: slower over SSH, where each costs bytes."""
    return 1 / (_REMOTE_HZ if os.environ.get("SSH_CONNECTION") else _NEAR_HZ)


def backlog(driver: object) -> int:
    """Writes that wait for a slow terminal.

    Textual 8.2 has no public word for it; where its writer thread looks otherwise the answer is 0, and frames are
    never dropped.
    """
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return int(queue.qsize()) if queue is not None else 0


def is_behind(driver: object) -> bool:
    return backlog(driver) > _BEHIND


class HangUp:
    """Tells when the terminal is gone. A UI that ignores it spins at 96 % CPU (textual issue 6690)."""

    def __init__(self) -> None:
        self._poll = select.poll()
        try:
            self._poll.register((sys.__stdin__ or sys.stdin).fileno(), 0)  # 0: only POLLHUP, POLLERR and POLLNVAL are reported
        except (OSError, ValueError, AttributeError):
            self._poll = select.poll()

    def __call__(self) -> bool:
        return bool(self._poll.poll(0))


def leave_on_signals(leave: Callable[[], object]) -> None:
    """TERM and HUP leave as `q` does, so that the terminal is restored; without it the shell stays in the alternate screen."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, leave)


def hard_exit_soon(seconds: float = HARD_EXIT_SECONDS) -> threading.Timer:
    """End the process if leaving takes longer than `seconds`: writing to a dead terminal can block for ever.

    The codes put the terminal back where it still listens: main screen, cursor shown, mouse and paste reports off.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()
    return timer


def _end() -> None:
    codes = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l"
    descriptor = 2
    if select.select([], [descriptor], [], 0)[1]:
        os.set_blocking(descriptor, False)
        with contextlib.suppress(OSError):  # the terminal is gone, and so is who would read about it
            os.write(descriptor, codes)
    os._exit(0)


class Harmless(LineFilter):
    """The last door before the terminal: text that slipped past the readers loses what a terminal would act on."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only

    def apply(self, segments: Sequence[Segment], background: Color) -> list[Segment]:
        return [self._harmless(segment) for segment in segments]

    def _harmless(self, segment: Segment) -> Segment:
        text = segment.text
        if segment.control or (text.isprintable() and (text.isascii() or not self._ascii_only)):
            return segment
        text = clean(text)
        if self._ascii_only:
            text = text.encode("ascii", "replace").decode("ascii")
        return Segment(text, segment.style)
