"""Text fitted to cells, and rows of spans."""

from __future__ import annotations

import pytest

from workbench.charts.rows import Span, cells, fill, fit, merge, pad, plain, printable, side_by_side, width_of, wrap

AWKWARD = (
    "",
    "plain",
    "猫の分類器",
    "cafe\u0301 au lait",
    "\u0301leading mark",
    "👩\u200d🔬 lab",
    "☀\ufe0f sun",
    "ends joining \u200d",
    "\x1b[31mred\x1b]52;c;aGk=\x07",
    "two\nlines\tand a tab",
    "مرحبا",
    "\u202eright to left",
)


@pytest.mark.parametrize("align", ["left", "right", "center"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_any_text_fits_any_width_exactly_and_also_beside_its_neighbours(align: str, ascii_only: bool) -> None:
    for text in AWKWARD:
        for width in range(25):
            fitted = fit(text, width, align=align, ascii_only=ascii_only)  # type: ignore[arg-type]
            assert cells(fitted) == width, (text, width)
            assert cells(f"|{fitted}|") == width + 2, (text, width)


def test_a_wide_character_is_never_halved() -> None:
    assert fit("猫猫", 3) == "猫 "
    assert fit("猫猫", 3, align="right") == " 猫"


def test_text_stands_left_right_or_in_the_middle() -> None:
    assert fit("ab", 5) == "ab   "
    assert fit("ab", 5, align="right") == "   ab"
    assert fit("ab", 5, align="center") == " ab  "


def test_nothing_that_a_terminal_acts_on_comes_through() -> None:
    for text in AWKWARD:
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in printable(text))


def test_ascii_keeps_the_base_of_a_letter_and_marks_the_rest() -> None:
    assert printable("café 猫", ascii_only=True) == "cafe ?"
    assert all(printable(text, ascii_only=True).isascii() for text in AWKWARD)


def test_a_leading_combining_mark_does_not_reach_the_neighbour() -> None:
    assert printable("\u0301leading mark") == "leading mark"


def test_blanks_take_the_ink_of_their_neighbour() -> None:
    row = merge([Span("  "), Span("a", "axis"), Span(" "), Span(""), Span("b", "axis"), Span("   "), Span("c", "mark")])
    assert row == [Span("  a b   ", "axis"), Span("c", "mark")]


def test_blanks_on_a_background_stay_what_they_are() -> None:
    row = [Span(" ", "", None, 10), Span(" ", "", None, 20), Span(" ")]
    assert merge(row) == row


@pytest.mark.parametrize("ink", ["caret", "cursor"])
def test_blanks_beside_an_ink_that_shows_on_them_keep_their_own(ink: str) -> None:
    row = [Span("  "), Span("[]", ink), Span("  ")]
    assert merge(row) == row
    assert pad(row[:2], 8) == [*row[:2], Span("    ")]
    caret = [Span("ab"), Span(" ", ink), Span("c")]
    assert merge(caret) == caret


def test_a_row_is_cut_and_padded_in_cells_and_keeps_its_inks() -> None:
    row = [Span("猫猫", "title"), Span("dog", "mark")]
    assert pad(row, 3) == [Span("猫 ", "title")]
    assert pad(row, 9) == [Span("猫猫", "title"), Span("dog  ", "mark")]
    assert pad(row, 0) == []


def test_rows_are_cut_and_padded_to_a_height() -> None:
    assert plain(fill([[Span("ab")], [Span("c")]], 3, 3)) == ["ab ", "c  ", "   "]
    assert plain(fill([[Span("ab")], [Span("c")]], 1, 1)) == ["a"]
    assert fill([[Span("ab")]], 4, 0) == []


def test_long_lines_are_broken_between_words_and_indented_further() -> None:
    assert wrap("  try: a lower --lr, such as 0.01", 20) == ["  try: a lower --lr,", "    such as 0.01"]
    assert wrap("", 20) == [""]
    assert wrap("日本 語の 文", 6) == ["日本", "  語の", "  文"]
    assert wrap("incomprehensibilities", 5) == ["incomprehensibilities"]


def test_rows_stand_side_by_side_with_a_rule_between_them() -> None:
    row = side_by_side([[Span("loss"), Span(" 1")], [Span("字")], []], " | ")
    assert plain([row]) == ["loss 1 | 字 | "]
    assert [span.ink for span in row if span.text == " | "] == ["axis", "axis"]
    assert width_of(row) == 14, "a wide character takes two cells"
