"""Matrices as shaded cells."""

from __future__ import annotations

import math

import pytest

from workbench.charts.heatmap import render
from workbench.charts.rows import Span, cells, plain

CONFUSION = [[50, 2, 0], [1, 49, 0], [0, 10, 40]]
CLASSES = ("cat", "犬", "airplane")


def text(*arguments: object, **options: object) -> list[str]:
    return plain(render(*arguments, **options))  # type: ignore[arg-type]


def test_a_confusion_matrix_shows_counts_where_they_fit() -> None:
    assert text(CONFUSION, CLASSES, CLASSES, 30, 4) == [
        "           cat   犬   airpl   ",
        "cat        50     2     .     ",
        "犬          1    49     .     ",
        "airplane    .    10    40     ",
    ]


def test_shares_are_written_with_two_decimals() -> None:
    assert text([[0.9495, 1.7e-6], [1, 0.125]], "ab", "xy", 14, 3) == ["     x     y  ", "a   .95    .  ", "b    1    .12 "]


def test_with_room_cells_are_about_squares_with_their_numbers_in_the_middle() -> None:
    assert text([[1, 2], [3, 4]], "ab", "xy", 14, 9, values=False, ascii_only=True)[:7] == [
        "     x     y  ", "  ::::::======", "a ::::::======", "  ::::::======", "  ######@@@@@@", "b ######@@@@@@", "  ######@@@@@@",
    ]  # fmt: skip
    assert text([[10, 20], [30, 40]], "ab", "xy", 14, 5) == [
        "     x     y  ",
        "a   10    20  ",
        "              ",
        "b   30    40  ",
        "              ",
    ]


def test_shades_follow_the_values_and_numbers_stay_readable_on_them() -> None:
    row = render([[0, 25, 50]], [], [], 12, 1)[0]
    backgrounds = [span.background for span in row if span.background is not None]
    assert backgrounds[0] == 0
    assert backgrounds == sorted(set(backgrounds))
    assert backgrounds[-1] == 255
    assert all(abs((span.foreground or 0) - span.background) > 100 for span in row if span.background is not None)


def test_ascii_shades_with_characters_where_counts_do_not_fit() -> None:
    assert text(CONFUSION, CLASSES, "abc", 8, 4, ascii_only=True) == ["   a b c", "c @@..  ", "? ..@@  ", "a   ::##"]
    assert text(CONFUSION, "abc", "abc", 5, 4, ascii_only=True) == ["abc  ", "@.   ", ".@   ", " :#  "]


def test_ascii_counts_leave_zeros_out_so_that_the_pattern_shows() -> None:
    assert text(CONFUSION, "abc", "abc", 16, 4, ascii_only=True) == [
        "     a   b   c  ",
        "a   50   2   .  ",
        "b    1  49   .  ",
        "c    .  10  40  ",
    ]


def test_one_colour_shades_with_blocks() -> None:
    assert text([[0, 1, 50, 100]], [], [], 4, 1, values=False, greys=False) == [" ░▒█"]


def test_a_small_value_never_looks_like_none() -> None:
    assert text([[0, 1, 1000]], [], [], 3, 1, values=False, ascii_only=True) == [" .@"]
    zero, one, _ = (span.background for span in render([[0, 1, 100_000]], [], [], 3, 1, values=False)[0])
    assert (zero, one) == (0, 11)


def test_gradient_norms_are_shaded_by_their_logarithm() -> None:
    assert text([[0.001, 0.1, 10, 0]], [], [], 4, 1, values=False, log=True, ascii_only=True) == [" =@ "]
    assert text([[5.0, 5.0]], [], [], 2, 1, values=False, log=True, ascii_only=True) == ["@@"]


def test_what_is_missing_is_blank_and_what_is_not_finite_is_marked() -> None:
    row = render([[1, None, math.nan, math.inf, 1]], [], [], 5, 1, values=False, ascii_only=True)[0]
    assert plain([row]) == ["@ !!@"]
    assert Span("!!", "mark") in [span._replace(text=span.text.strip()) for span in row]


def test_joined_rows_and_columns_show_their_greatest_value() -> None:
    strip = [[0.0] * 100 for _ in range(12)]
    strip[7][63] = 1.0
    shown = text(strip, [f"layer{index}" for index in range(12)], [], 27, 4, values=False, ascii_only=True)
    assert [row[:8] for row in shown] == ["layer0-2", "layer3-5", "layer6-8", "layer9-1"]
    assert "".join(shown).count("@") == 1
    assert shown[2].index("@") == 8 + round(0.63 * 19)


def test_two_rows_share_one_of_text_where_there_are_greys() -> None:
    matrix = [[10.0 * (row == column) for column in range(10)] for row in range(10)]
    rows = render(matrix, "0123456789", "0123456789", 34, 6)
    assert [line[:4] for line in plain(rows)] == ["    ", "0,1 ", "2,3 ", "4,5 ", "6,7 ", "8,9 "]
    upper, lower = rows[1][1:3]
    assert (upper.text, upper.foreground, upper.background) == ("▀" * 3, 255, 0)
    assert (lower.text, lower.foreground, lower.background) == ("▀" * 3, 0, 255)
    assert plain(rows)[0].split() == list("0123456789")


def test_joined_rows_and_columns_are_labelled_alike() -> None:
    matrix = [[1.0] * 30 for _ in range(30)]
    names = [str(place) for place in range(30)]
    shown = text(matrix, names, names, 20, 11, ascii_only=True)
    assert [row.split()[0] for row in shown[1:]] == [f"{first}-{first + 2}" for first in range(0, 30, 3)]
    assert all("-" in name for name in shown[0].split())


def test_long_names_in_one_row_are_both_shortened() -> None:
    rows = text([[1.0, 2.0]] * 4, ["airplane", "automobile", "bird", "cat"], "ab", 30, 3)
    assert [row[:10] for row in rows] == ["          ", "airp,auto ", "bird,cat  "]


def test_what_names_begin_with_alike_is_said_once() -> None:
    units = [[1.0, 2.0]] * 12, [f"unit {index}" for index in range(12)], "ab"
    assert [row[:15].rstrip() for row in text(*units, 60, 4)[1:]] == ["unit 0-1,2-3", "unit 4-5,6-7", "unit 8-9,10-11"]
    assert [row[:10].rstrip() for row in text(*units, 30, 4)[1:]] == ["unit 0-3", "unit 4-7", "unit 8-11"]
    words = text([[1.0, 2.0]] * 2, ["airplane", "automobile"], "ab", 60, 2)
    assert words[1].startswith("airplane,automobile "), "one letter is no beginning"


def test_a_zero_among_negative_numbers_is_no_dot() -> None:
    assert "." not in "".join(text([[-4.0, 0.0]], [], [], 12, 1))


def test_joined_cells_never_show_a_number() -> None:
    assert not any(letter.isdigit() for row in text([[7] * 4] * 9, [], [], 40, 3) for letter in row)


def test_narrow_columns_keep_the_labels_that_have_room() -> None:
    labels = [str(index * 100) for index in range(12)]
    assert text([[1.0] * 12], [], labels, 12, 2, values=False)[0] == "0 200 600   "


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("log", [False, True])
def test_any_size_is_filled_exactly(ascii_only: bool, log: bool) -> None:
    matrix = [[0, None, 1.7e308, math.nan], [-1.0], [5e-324, -math.inf, 3, 4, 5], []]
    labels = ["猫の分類器", "\x1b[2J", "e\u0301", ""]
    for width in (*range(40), 200):
        for height in (*range(7), 60):
            for values in (False, True):
                for rows, columns in ((labels, labels), ([], labels), (labels, [])):
                    shown = text(matrix, rows, columns, width, height, values=values, log=log, ascii_only=ascii_only)
                    assert [cells(row) for row in shown] == [width] * height
                    assert not ascii_only or all(row.isascii() for row in shown)
    assert text([], [], [], 3, 1) == ["   "]
