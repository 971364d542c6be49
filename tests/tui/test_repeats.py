"""A frame that Textual paints twice in a row is sent once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from workbench.tui import terminal

FRAME = "\x1b[1;1H" + "a row of a frame " * 10


@pytest.fixture
def sent(monkeypatch):
    """What reaches the terminal of a driver, and a clock that stands until it is set."""
    seen = SimpleNamespace(texts=[], now=100.0)
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: seen.texts.append(data))
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: seen.now))
    driver = object.__new__(terminal.without_repeats(HeadlessDriver))
    seen.write = driver.write
    return seen


def test_a_frame_is_sent_once_whatever_marks_its_edges(sent):
    for text in ("\x1b[?2026h", FRAME, "\x1b[?2026l", "\x1b[?2026h", FRAME, "\x1b[?2026l"):
        sent.write(text)
    assert sent.texts.count(FRAME) == 1
    assert len(sent.texts) == 5


def test_a_frame_behind_another_one_is_sent_again(sent):
    for text in (FRAME, FRAME + "!", FRAME):
        sent.write(text)
    assert sent.texts == [FRAME, FRAME + "!", FRAME]


def test_a_frame_that_was_asked_for_later_is_sent_again(sent):
    sent.write(FRAME)
    sent.now += 1.0
    sent.write(FRAME)
    assert sent.texts == [FRAME, FRAME]


def test_a_bell_rings_each_time(sent):
    sent.write("\a")
    sent.write("\a")
    assert sent.texts == ["\a", "\a"]
