"""The shortest way of the cursor ends where it should."""

import random

import pyte

from workbench.tui.wire.moves import move


def test_a_move_ends_where_it_should() -> None:
    dice = random.Random(1)
    screen = pyte.Screen(100, 30)
    stream = pyte.Stream(screen)
    for _ in range(3000):
        near = dice.random() < 0.5
        x, y = dice.randrange(100), dice.randrange(30)
        to_x = min(99, max(0, x + dice.randint(-3, 3))) if near else dice.randrange(100)
        to_y = min(29, max(0, y + dice.randint(-3, 3))) if near else dice.randrange(30)
        screen.cursor.x, screen.cursor.y = x, y
        way = move(dice.choice((x, None)), dice.choice((y, y, None)), to_x, to_y)
        stream.feed(way)
        assert (screen.cursor.x, screen.cursor.y) == (to_x, to_y), way
        assert len(way) <= len(f"\x1b[{to_y + 1};{to_x + 1}H")


def test_a_step_is_short() -> None:
    assert move(4, 4, 5, 4) == "\x1b[C"
    assert move(4, 4, 0, 5) == "\r\n"
    assert move(None, None, 0, 0) == "\x1b[H"
