"""A real terminal for tests and screenshots: a pty that a program draws on, read as text cells and as a picture.

Pictures are made from the cells with Pillow alone: braille, blocks and box lines are drawn, not taken from a font, so
that they meet, as in kitty or WezTerm.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

CLEARED = ("COLORTERM", "NO_COLOR", "SSH_CONNECTION", "TEXTUAL", "WORKBENCH_RUNS", "COLUMNS", "LINES")
_LINK_TICK_SECONDS, _LINK_BUFFER_SECONDS = 0.005, 0.2
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_FONT = Path("/usr/share/fonts/truetype/dejavu")


class Terminal:
    """Runs a command on a pty of a given size. Reading feeds an emulated screen and counts bytes."""

    def __init__(self, command: Sequence[str], *, size: tuple[int, int] = (80, 24), environment: Mapping[str, str] | None = None) -> None:
        self.columns, self.rows = size
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.count = 0  # bytes read so far
        self.raw = bytearray()
        self.status: int | None = None
        self._listens, self._spent = True, 0
        self.rate = 0  # bytes a second that are read at most, as a thin link does; 0 for any number
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            for name in CLEARED:
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm-256color", **(environment or {})})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
            os.execvp(command[0], list(command))
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        self.started = time.monotonic()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, seconds: float) -> int:
        """Take what the program draws in this time; returns how many bytes that was."""
        before, deadline = self.count, time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self.read_some(min(left, 0.05)) and not self._listens:  # the program has left
                break
        return self.count - before

    def read_some(self, seconds: float) -> int:
        """Take the next bytes, waiting for at most so long; returns how many came."""
        if not select.select([self._master], [], [], seconds)[0]:
            return 0
        if self.rate and not self._allowed():
            time.sleep(_LINK_TICK_SECONDS)
            return 0
        try:
            data = os.read(self._master, self._allowed() or 65536)
        except OSError:  # EIO: the program has left
            data = b""
        self._listens = bool(data)
        if data:
            self._take(data)
            self._spent += len(data)
        return len(data)

    def _allowed(self) -> int:
        """Bytes that a thin link has carried by now and that were not read; at most a moment's worth waits in it."""
        carried = int((time.monotonic() - self.started) * self.rate)
        self._spent = max(self._spent, carried - int(_LINK_BUFFER_SECONDS * self.rate))
        return max(0, carried - self._spent)

    def wait_for(self, shown: str | Callable[[], bool], seconds: float = 60.0) -> float:
        """Read until the text is on the screen; returns when, in seconds since the start.

        Raises:
            AssertionError: it did not come.
        """
        deadline = time.monotonic() + seconds
        found = shown if callable(shown) else lambda: shown in self.text
        while not found():
            if time.monotonic() > deadline or (not self.read(0.02) and not self.is_alive and not self.read(0.05)):
                raise AssertionError(f"{shown!r} did not come within {seconds} s; the screen is\n{self.text}")
        return time.monotonic() - self.started

    def settle(self, seconds: float = 60.0) -> None:
        """Read until the program has drawn all it has to draw: for a second nothing comes, and none of its threads wants the processor.

        Raises:
            AssertionError: it goes on drawing.
        """
        deadline = time.monotonic() + seconds
        quiet_looks = 0
        while quiet_looks < 20:
            assert time.monotonic() < deadline, f"it did not settle within {seconds} s; the screen is\n{self.text}"
            came = self.read(0.05)
            quiet_looks = 0 if came or self._is_busy else quiet_looks + 1

    def send(self, *keys: str) -> None:
        for key in keys:
            os.write(self._master, key.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does."""
        os.close(self._master)
        self._master = -1

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def is_alive(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def wait(self, seconds: float = 60.0) -> bool:
        """Whether the program ended within this time."""
        deadline = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < deadline:
            if self._master >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
        return not self.is_alive

    @property
    def _is_busy(self) -> bool:
        """Whether one of its threads runs or waits for a processor; on a loaded machine such a program is silent, too."""
        states = (stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"))
        return "R" in states

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS

    def close(self) -> None:
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -1
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def picture(self, path: Path) -> None:
        """Write the screen as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.frame().save(path, optimize=True)

    def frame(self, size: int = 18) -> Any:
        """The screen as a picture in memory; `size` is that of the letters, in pixels."""
        return draw(self.screen, size)

    def _take(self, data: bytes) -> None:
        self.count += len(data)
        self.raw += data
        if b"\x1b[?2026$p" in data:  # may updates be synchronised? yes
            os.write(self._master, b"\x1b[?2026;2$y")
        if b"\x1b[?2048$p" in data:
            os.write(self._master, b"\x1b[?2048;0$y")
        self._stream.feed(_without_private(data))


def _without_private(data: bytes) -> bytes:
    """Queries with a `$`, and the kitty keyboard protocol, which pyte would print."""
    for sequence in (b"\x1b[?2026$p", b"\x1b[?2048$p", b"\x1b[>1u", b"\x1b[<u", b"\x1b[?u"):
        data = data.replace(sequence, b"")
    return data


# From cells to a picture

_ANSI = {
    "black": "000000", "red": "cd3131", "green": "0dbc79", "brown": "e5e510", "blue": "2472c8", "magenta": "bc3fbc",
    "cyan": "11a8cd", "white": "e5e5e5",
}  # fmt: skip
_ARMS = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru", "┼": "lrud"}
_DASHED = {"╌": "h", "┊": "v"}
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_LOWER = "▁▂▃▄▅▆▇"
_LEFT = "▏▎▍▌▋▊▉"
_BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_FOREGROUND, _BACKGROUND = (208, 208, 208), (18, 18, 18)
_DARK = (30, 30, 30)

Colour = tuple[int, int, int]


def draw(screen: Any, size: int) -> Any:
    """Draw a pyte screen, cell by cell."""
    from PIL import Image, ImageDraw, ImageFont

    fonts = [ImageFont.truetype(str(_FONT / name), size) for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")]
    width = round(fonts[0].getlength("M"))
    picture = Image.new("RGB", (screen.columns * width, screen.lines * width * 2), _BACKGROUND)
    canvas = ImageDraw.Draw(picture)
    for y in range(screen.lines):
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            front, back = _colour(cell.fg, _FOREGROUND), _colour(cell.bg, _BACKGROUND)
            if cell.reverse:
                front, back = back, front
            box = (x * width, y * width * 2, (x + 1) * width, (y + 1) * width * 2)
            canvas.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=back)
            _glyph(canvas, cell.data, box, front, fonts[bool(cell.bold)])
            if cell.underscore:
                canvas.line((box[0], box[3] - 2, box[2] - 1, box[3] - 2), fill=front)
    return picture


def _colour(name: str, default: Colour) -> Colour:
    text = _ANSI.get(name.removeprefix("bright"), name)
    try:
        return (int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16))
    except ValueError:
        return default


def _glyph(canvas: Any, text: str, box: tuple[int, int, int, int], colour: Colour, font: Any) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if not text or text == " ":
        return
    if 0x2800 <= ord(text[0]) <= 0x28FF:
        radius = width / 8
        for bit, (column, row) in enumerate(_BRAILLE):
            if ord(text[0]) - 0x2800 >> bit & 1:
                x, y = left + width * (2 * column + 1) / 4, top + height * (2 * row + 1) / 8
                canvas.rectangle((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=colour)
    elif text in _LOWER:
        canvas.rectangle((left, bottom - height * (_LOWER.index(text) + 1) // 8, right - 1, bottom - 1), fill=colour)
    elif text in _LEFT:
        canvas.rectangle((left, top, left + width * (_LEFT.index(text) + 1) // 8 - 1, bottom - 1), fill=colour)
    elif text in _QUADRANTS:
        for place in range(4):
            if _QUADRANTS.index(text) >> place & 1:
                x, y = left + (place & 1) * (width // 2), top + (place >> 1) * (height // 2)
                canvas.rectangle(
                    (x, y, (left + width // 2 if not place & 1 else right) - 1, (top + height // 2 if place < 2 else bottom) - 1),
                    fill=colour,
                )
    elif text in _ARMS:
        middle, centre = left + width // 2, top + height // 2
        ends = {
            "l": (left, centre, middle, centre),
            "r": (middle, centre, right - 1, centre),
            "u": (middle, top, middle, centre),
            "d": (middle, centre, middle, bottom - 1),
        }
        for arm in _ARMS[text]:
            canvas.line(ends[arm], fill=colour)
    elif text in _DASHED:
        for part in range(2):
            if _DASHED[text] == "h":
                canvas.line((left + part * width // 2 + 1, top + height // 2, left + part * width // 2 + 3, top + height // 2), fill=colour)
            else:
                canvas.line(
                    (left + width // 2, top + part * height // 2 + 2, left + width // 2, top + part * height // 2 + height // 4),
                    fill=colour,
                )
    else:
        canvas.text((left, top + height * 0.02), text, font=font, fill=colour)
