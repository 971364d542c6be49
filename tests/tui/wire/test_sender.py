"""What reaches a terminal that is fast, slow, resized, or drawn over."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from tests.tui.runs import cnn_run
from tests.tui.terminal import Terminal
from tests.tui.test_in_a_terminal import terminal
from workbench.tui.wire import sender as wire
from workbench.tui.wire.memory import ScreenMemory
from workbench.tui.wire.sender import Sender, thrifty

ROW = "\x1b[1;1H{}\x1b[1;1H"


class Pipe:
    """A file that can be made to wait, as a slow terminal does."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_open = threading.Event()
        self.is_open.set()
        self.was_reached = threading.Event()

    def write(self, text: str) -> None:
        self.was_reached.set()
        self.is_open.wait(60)
        self.texts.append(text)

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        return 2


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A sender on a pipe, on a terminal of a size that can be set."""
    found = SimpleNamespace(pipe=Pipe(), size=(20, 3))
    monkeypatch.setattr(wire.os, "get_terminal_size", lambda _: found.size)
    found.sender = Sender(found.pipe, ScreenMemory())
    return found


def test_the_writer_is_told_once_however_many_frames_come(seen: SimpleNamespace) -> None:
    assert [seen.sender.take(ROW.format(word)) for word in ("one", "two", "three")] == [True, False, False]
    seen.sender.flush()
    assert len(seen.pipe.texts) == 1
    assert "three" in seen.pipe.texts[0]
    assert not seen.sender.take(ROW.format("three"))
    assert seen.sender.take(ROW.format("four"))


def test_what_comes_while_the_terminal_takes_its_time_is_sent_behind_it_and_only_the_newest(seen: SimpleNamespace) -> None:
    seen.sender.take(ROW.format("one"))
    seen.pipe.is_open.clear()
    writer = threading.Thread(target=seen.sender.flush)
    writer.start()
    assert seen.pipe.was_reached.wait(60)
    for word in ("two", "abc"):
        seen.sender.take(ROW.format(word))
    seen.pipe.is_open.set()
    writer.join(60)
    assert "one" in seen.pipe.texts[0]
    assert "abc" in seen.pipe.texts[1]
    assert "two" not in "".join(seen.pipe.texts)


def test_a_terminal_of_another_size_gets_the_whole_frame(seen: SimpleNamespace) -> None:
    seen.sender.take(ROW.format("one"))
    seen.sender.flush()
    seen.size = (30, 3)
    assert seen.sender.take(ROW.format("one"))
    seen.sender.flush()
    assert "one" in seen.pipe.texts[1]


def test_what_is_dropped_is_never_sent(seen: SimpleNamespace) -> None:
    seen.sender.take(ROW.format("one"))
    seen.sender.drop()
    seen.sender.flush()
    assert seen.pipe.texts == []


def test_a_terminal_is_behind_once_it_has_made_us_wait(seen: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(wire.time, "monotonic", lambda: now)
    seen.sender.take(ROW.format("one"))
    assert not seen.sender.is_behind
    now = 101.0
    assert seen.sender.is_behind
    seen.sender.flush()
    assert not seen.sender.is_behind


def test_a_driver_without_a_file_stays_as_it_is() -> None:
    driver = object.__new__(thrifty(HeadlessDriver))
    HeadlessDriver.__init__.__get__(driver)  # it needs an app; what is looked at does not
    assert "sender" not in vars(driver)


def test_what_was_drawn_over_comes_back_on_a_key(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1") as screen:
        screen.wait_for("best accuracy")
        screen.settle()
        shown = screen.text
        drawn_over(screen)
        assert screen.text != shown
        screen.send("\x0c")
        screen.wait_for(lambda: screen.text == shown)


def test_a_smaller_and_larger_terminal_shows_what_it_should(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1") as screen:
        screen.wait_for("best accuracy")
        screen.settle()
        shown = screen.text
        screen.resize(60, 20)
        drawn_over(screen)
        screen.wait_for(lambda: "broadcast" not in screen.text)  # two signals at once are told to the program as one
        screen.resize(80, 24)
        drawn_over(screen)
        screen.wait_for(lambda: screen.text == shown)


def drawn_over(screen: Terminal) -> None:
    for row in range(3, 9):
        screen._stream.feed(f"\x1b[{row};1Hbroadcast message from somebody else".encode())


def test_the_screen_comes_back_behind_a_suspension(tmp_path: Path) -> None:
    cnn_run(tmp_path)
    with terminal(tmp_path, "cnn-1") as screen:
        screen.wait_for("best accuracy")
        screen.settle()
        shown = screen.text
        os.kill(screen.pid, signal.SIGTSTP)
        screen.wait_for(lambda: b"\x1b[?1049l" in screen.raw)
        drawn_over(screen)
        screen.read(0.5)
        os.kill(screen.pid, signal.SIGCONT)
        screen.wait_for(lambda: screen.text == shown)
