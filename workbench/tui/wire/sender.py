"""Between Textual's driver and the terminal: a driver that sends what the terminal does not show yet, at the terminal's pace."""

from __future__ import annotations

import os
import threading
import time
from typing import IO, Any

from textual.driver import Driver

from workbench.tui.wire.memory import ScreenMemory

_SLOW_SECONDS = 0.05  # a write that takes longer had to wait for the terminal
_SLOWLY_SECONDS = 20.0  # for which a terminal counts as slow that was slow once
_BEHIND_SECONDS = 0.25
_PIECE_BYTES = 1024  # sent at once to a slow terminal: behind each, what is newest by then comes first


class Sender:
    """A file for the driver's writer thread: it is told by `write` that there is news, and `flush` sends it.

    `take` is called by the app's thread, `flush` by the writer's.
    """

    def __init__(self, file: IO[str], memory: ScreenMemory) -> None:
        self._file, self._memory = file, memory
        self._lock = threading.Lock()
        self._told_at: float | None = None  # since when there has been something to send
        self._size = (0, 0)
        self._slow_until = 0.0

    def take(self, text: str) -> bool:
        """Remember what is to be shown; whether the writer has to be told."""
        with self._lock:
            if (size := self._terminal_size()) != self._size:
                self._size = size
                self._memory.resize(*size)
            self._memory.feed(text)
            if self._told_at is not None or not self._memory.is_ahead:
                return False
            self._told_at = time.monotonic()
            return True

    def drop(self) -> None:
        """Let go what is not sent yet."""
        with self._lock:
            self._memory.let_go()

    def forget(self) -> None:
        """Take nothing for shown: the terminal has cut or moved its rows, or something else has drawn on them."""
        with self._lock:
            self._memory.forget()

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not taken for a while what there is to show."""
        since = self._told_at
        return since is not None and time.monotonic() - since > _BEHIND_SECONDS

    def write(self, text: str) -> None:
        """Nothing: what there is to send is known."""

    def flush(self) -> None:
        """Send until the terminal shows what it ought to."""
        while text := self._next():
            begun = time.monotonic()
            self._file.write(text)
            self._file.flush()
            if time.monotonic() - begun > _SLOW_SECONDS:
                self._slow_until = time.monotonic() + _SLOWLY_SECONDS

    def fileno(self) -> int:
        return self._file.fileno()

    def _next(self) -> str:
        with self._lock:
            text = self._memory.changes(_PIECE_BYTES if time.monotonic() < self._slow_until else None)
            if not text:
                self._told_at = None
            return text

    def _terminal_size(self) -> tuple[int, int]:
        try:
            return os.get_terminal_size(self._file.fileno())
        except (OSError, ValueError):
            return (0, 0)


def thrifty(driver: type[Driver]) -> type[Driver]:
    """A driver that sends little. One without a file to write to, as in tests and browsers, stays as it is."""

    class Thrifty(driver):  # type: ignore[valid-type, misc]
        def __init__(self, *about: Any, **more: Any) -> None:
            super().__init__(*about, **more)
            self.sender: Sender | None = None
            if hasattr(self, "_writer_thread"):  # Textual 8.2 has no public word for where a driver writes to
                file: Any = self._file  # type: ignore[has-type]
                self.sender = self._file = Sender(file, ScreenMemory(erases_in_colour=_erases_in_colour()))

        def write(self, data: str) -> None:
            if self.sender is None or self._writer_thread is None:
                super().write(data)
            elif self.sender.take(data):
                super().write("")

    return Thrifty


def _erases_in_colour() -> bool:
    """Whether terminfo knows that this terminal fills what is erased with the colour behind the text."""
    try:
        import curses

        curses.setupterm(fd=2)
        return curses.tigetflag("bce") > 0
    except Exception:  # noqa: BLE001 - no curses, no terminfo, no entry: not known
        return False
