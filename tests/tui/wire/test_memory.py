"""The screen behind the few bytes is the one behind Textual's own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.control import Control
from textual._compositor import CompositorUpdate

from tests.tui.runs import cnn_run, interface, shows, until
from tests.tui.wire.screens import Emulated, frame
from workbench.tui.app import Workbench
from workbench.tui.wire.memory import BEGIN, END, ScreenMemory

KEYS = ("tab", "tab", "enter", "enter", "right", "v", "v", "escape", "l", "escape", "h", "escape", "m", "escape", "question_mark", "escape")
HELLO = "\x1b[1;1Hhello \x1b[1;31mworld\x1b[0m\x1b[1;1H"


@pytest.mark.parametrize("erases_in_colour", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_any_frames_look_as_textual_would_have_shown_them(seed: int, erases_in_colour: bool) -> None:
    dice = random.Random(seed)
    columns, rows = dice.choice(((30, 6), (7, 3), (80, 24), (1, 1)))
    theirs, ours = Emulated(columns, rows), Emulated(columns, rows)
    memory = ScreenMemory(columns, rows, erases_in_colour=erases_in_colour)
    known = [" " * columns] * rows
    for _ in range(60):
        if dice.random() < 0.05:
            columns, rows = dice.randrange(1, 50), dice.randrange(1, 12)
            known = [" " * columns] * rows
            for screen in (theirs, ours, memory):
                screen.resize(columns, rows)
            whole = "\n".join(f"\x1b[{y + 1};1H{' ' * columns}" for y in range(rows))
            feed(theirs, memory, whole)
        for _ in range(dice.choice((1, 1, 3))):  # several before one is sent
            feed(theirs, memory, frame(dice, columns, rows, known))
            if dice.random() < 0.3:
                ours.feed(memory.changes(dice.choice((1, 50, 400))))
        while text := memory.changes(dice.choice((None, 100))):
            ours.feed(text)
        assert ours.cells == theirs.cells
        assert ours.cursor == theirs.cursor
    assert ours.sent < theirs.sent or rows == 1


def feed(theirs: Emulated, memory: ScreenMemory, text: str) -> None:
    theirs.feed(text)
    for part in (BEGIN, text, END):
        memory.feed(part)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("ascii_only", [True, False])
async def test_every_screen_looks_as_textual_would_have_shown_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], ascii_only: bool
) -> None:
    cnn_run(tmp_path, name="naïve 漢字")
    theirs, ours, memory = Emulated(*size), Emulated(*size), ScreenMemory(*size, erases_in_colour=True)
    frames = 0

    def display(self: Workbench, screen: object, renderable: object) -> None:
        nonlocal frames
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            feed(theirs, memory, renderable.render_segments(self.console) + Control.move_to(*self.cursor_position).segment.text)
            frames += 1

    monkeypatch.setattr(Workbench, "_display", display)
    app = interface(tmp_path, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await shows(app, "cnn-1")
        for key in KEYS:
            await pilot.press(key)
            ours.feed(memory.changes())
            assert ours.cells == theirs.cells, key
        for columns, rows in ((40, 12), (100, 30), size):
            await pilot.resize_terminal(columns, rows)
            for screen in (theirs, ours, memory):
                screen.resize(columns, rows)
            app.refresh(layout=True)
            app.screen.refresh(layout=True)

            def is_same() -> bool:
                ours.feed(memory.changes())
                return ours.cells == theirs.cells

            await until(is_same)
    assert frames > 20
    assert ours.sent < 0.5 * theirs.sent


def test_what_is_shown_is_not_sent_again() -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    assert memory.is_ahead
    assert "world" in memory.changes()
    memory.feed(HELLO)
    assert not memory.is_ahead
    assert memory.changes() == ""


def test_a_frame_that_was_never_sent_is_replaced_by_the_next() -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    memory.feed(HELLO.replace("world", "there"))
    assert "world" not in memory.changes()


def test_one_changed_cell_costs_little() -> None:
    memory = ScreenMemory(80, 24)
    memory.feed(HELLO)
    memory.changes()
    memory.feed(HELLO.replace("world", "would"))
    assert memory.changes() == "\x1b[8C\x1b[1;31mu\x1b[m\r"


@pytest.mark.parametrize("text", ["\a", "\x1b[?1003l", "\x1b[?25h\x1b[?2004h", "\x1b]22;pointer\x07", "\x1b[>1u", "\x1b[?2026$p"])
def test_what_sets_a_mode_is_passed_on_and_nothing_is_forgotten(text: str) -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    memory.changes()
    memory.feed(text)
    assert memory.changes() == text
    memory.feed(HELLO)
    assert memory.changes() == ""


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J", "printed by another", "\x1b]52;c;aGk=\a", "\x1b[1;1Hrow\x1b[99mstyle\x1b[0m", "\x1b[1;1Ha\tb", "\x1b[1;1H\x1b[1mbold",
        "\x1b[1;1H\u0301combines", "\x1b[1;1H\x1b[38;5mhalf a colour\x1b[0m",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_passed_on_and_the_next_frame_is_sent_whole(text: str) -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    memory.feed(text)
    sent = memory.changes()
    assert sent.endswith(text)
    assert "world" in sent  # in the order in which it was written
    memory.feed(HELLO)
    assert "world" in memory.changes()


def test_what_waits_is_let_go_with_the_screen_that_is_left() -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    memory.feed("\x1b[?1049l")
    assert memory.changes() == "\x1b[?1049l"


def test_what_is_let_go_is_not_taken_for_shown() -> None:
    memory = ScreenMemory(20, 3)
    memory.feed(HELLO)
    memory.let_go()
    assert memory.changes() == ""
    memory.feed(HELLO)
    assert "world" in memory.changes()


def test_without_a_size_everything_is_passed_on() -> None:
    memory = ScreenMemory()
    memory.feed(HELLO)
    memory.feed(HELLO)
    assert memory.changes() == HELLO * 2


def test_behind_a_picture_of_disputed_width_the_cursor_is_placed_anew() -> None:
    memory = ScreenMemory(20, 1)
    memory.feed("\x1b[1;1H👩\u200d👩\u200d👧ab\x1b[1;1H")
    assert "\r\x1b[2Cab" in memory.changes()
    memory.feed("\x1b[1;1H👩\u200d👩\u200d👧ac\x1b[1;1H")
    assert "ac" in memory.changes()  # it may cover more cells than thought: all of the row is written


def test_blanks_are_erased_only_where_that_gives_their_colour() -> None:
    for erases, sent in ((True, "\x1b[48;5;22m\x1b[K\x1b[m"), (False, f"\x1b[48;5;22m{' ' * 20}\x1b[m\r")):
        memory = ScreenMemory(20, 1, erases_in_colour=erases)
        memory.feed(f"\x1b[1;1H\x1b[48;5;22m{' ' * 20}\x1b[0m\x1b[1;1H")
        assert memory.changes().removeprefix("\x1b[H") == sent


def test_rows_are_sent_piece_by_piece_where_that_is_asked_for() -> None:
    memory = ScreenMemory(20, 3)
    memory.feed("\n".join(f"\x1b[{y};1H{str(y) * 20}" for y in (1, 2, 3)))
    pieces = []
    while text := memory.changes(10):
        pieces.append(text)
    assert [str(y) * 20 in piece for y, piece in enumerate(pieces, 1)] == [True] * 3
