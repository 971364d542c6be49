"""What the terminal can do, whether it still listens, and leaving it as it was found."""

from __future__ import annotations

import asyncio
import contextlib
import locale
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from workbench.clean import clean
from workbench.tui.theme import Look
from workbench.tui.wire.sender import Sender
from workbench.views import terminal as views

_FEW, _MANY = 16, 256  # colours; more are not needed
_SPEEDS = {getattr(termios, f"B{speed}"): speed for speed in (300, 1200, 2400, 4800, 9600, 19200, 38400)}
HARD_EXIT_SECONDS = 2.0
_LAST_WORDS_SECONDS = 1.0  # that a slow link may take for what it still has to carry: 15 kB at 15 kB/s
_NEAR_HZ, _REMOTE_HZ = 4.0, 2.0


def look(theme: str, *, ascii_only: bool = False, thin: bool = False) -> Look:
    """What to draw with: what the terminal can, less what is not wanted.

    Args:
        theme: auto, dark, light, ansi (the terminal's own 16 colours) or mono.
        thin: a slow link, where colours by number cost bytes.
    """
    most = {"mono": 1, "ansi": _FEW}.get(theme, _MANY)
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    return Look(
        ascii_only=ascii_only or views.is_ascii(os.environ, encoding),
        colours=min(views.colours(os.environ, is_terminal=True), most, _FEW if thin else _MANY),
        theme="light" if theme == "light" or (theme == "auto" and views.is_light(os.environ)) else "dark",
    )


def is_thin() -> bool:
    """Whether the line to this terminal is slow by what it says of itself."""
    try:
        speed = termios.tcgetattr((sys.__stdin__ or sys.stdin).fileno())[5]
    except (OSError, ValueError, AttributeError, termios.error):
        return False
    return views.is_thin(os.environ, _SPEEDS.get(speed, 0))


def ask_for_its_size() -> None:
    """Forget the size that the environment names: shells and containers hand it on, where it is soon another (shutil believes it)."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if all(os.get_terminal_size((sys.__stdout__ or sys.stdout).fileno())):
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)


def refresh_seconds() -> float:
    """Seconds between two looks at the disk: slower over SSH, where each costs bytes."""
    return 1 / (_REMOTE_HZ if os.environ.get("SSH_CONNECTION") else _NEAR_HZ)


def is_behind(driver: object) -> bool:
    """Whether the terminal has not taken for a while what there is to show."""
    sender = getattr(driver, "sender", None)
    return isinstance(sender, Sender) and sender.is_behind


def forget(driver: object) -> None:
    """Take nothing for shown: the terminal has another size, or had one."""
    if isinstance(sender := getattr(driver, "sender", None), Sender):
        sender.forget()


def drop_backlog(driver: object) -> None:
    """Let frames go that wait for a slow terminal, which is about to show its shell again."""
    if isinstance(sender := getattr(driver, "sender", None), Sender):
        sender.drop()


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


def _end(seconds: float = _LAST_WORDS_SECONDS) -> None:
    codes = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l"
    descriptor, until = 2, time.monotonic() + seconds
    with contextlib.suppress(OSError):  # the terminal is gone, and so is who would read about it
        os.set_blocking(descriptor, False)
        while codes and select.select([], [descriptor], [], max(0.0, until - time.monotonic()))[1]:
            codes = codes[os.write(descriptor, codes) :]
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
