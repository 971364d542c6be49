"""The shortest sequence between two looks leads from one to the other."""

import random
import re

import pytest

from tests.tui.wire.screens import ATTRIBUTES, BACKS, COLOURS
from workbench.tui.wire.styles import PLAIN, Style, applied, change, on_blank


def any_style(dice: random.Random) -> Style:
    numbers = ";".join(filter(None, (dice.choice(ATTRIBUTES), dice.choice(COLOURS), dice.choice(BACKS))))
    style = applied(PLAIN, numbers)
    assert style is not None
    return style


OFF = {"22": {"1", "2"}, "23": {"3"}, "24": {"4", "21"}, "25": {"5", "6"}, "27": {"7"}, "28": {"8"}, "29": {"9"}}


def in_a_terminal(style: Style, sequence: str) -> Style:
    """What a terminal makes of a sequence, number by number."""
    for number in re.findall(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+", sequence) or ["0"]:
        if number in OFF:
            style = style._replace(attributes=tuple(part for part in style.attributes if part not in OFF[number]))
        else:
            became = applied(style, number)
            assert became is not None, number
            style = became
    return style


def test_a_change_leads_to_the_new_style_and_is_never_longer_than_a_reset() -> None:
    dice = random.Random(0)
    for _ in range(3000):
        old, new = (any_style(dice) for _ in range(2))
        whole = ";".join(filter(None, (*new.attributes, new.front, new.back)))
        assert len(change(old, new)) <= len(f"\x1b[0;{whole}m")
        assert change(old, new) == "" if old == new else in_a_terminal(old, change(old, new)) == new


def test_only_what_differs_is_set() -> None:
    assert change(Style(("1",), "38;5;81", "48;5;233"), Style((), "38;5;81", "48;5;233")) == "\x1b[22m"
    assert change(Style(("1", "2")), Style(("2",))) == "\x1b[0;2m"
    assert change(Style((), "38;5;81"), PLAIN) == "\x1b[m"


@pytest.mark.parametrize("numbers", ["99", "38;5", "38;2;1;2", "38;7;1", "4:3", "22"])
def test_numbers_that_are_not_known_give_no_style(numbers: str) -> None:
    assert applied(PLAIN, numbers) is None


def test_a_blank_shows_its_background_and_its_lines_only() -> None:
    assert on_blank(Style(("1", "3"), "31", "44")) == Style((), "", "44")
    underlined = Style(("4",), "31", "44")
    assert on_blank(underlined) == underlined
