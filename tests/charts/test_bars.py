"""Horizontal bars."""

from __future__ import annotations

import math

import pytest

from workbench.charts import bars
from workbench.charts.rows import cells, plain

LABELS = ("cat", "犬", "airplane")
VALUES = (0.7, 0.25, 0.0)


def test_bars_labels_and_values_line_up() -> None:
    assert plain(bars.render(LABELS, VALUES, 30, 3, maximum=1)) == [
        "cat      ███████████▎      0.7",
        "犬       ████             0.25",
        "airplane                     0",
    ]


def test_ascii_and_one_colour_show_the_chosen_bar_by_a_sign() -> None:
    rows = bars.render(LABELS, VALUES, 30, 3, maximum=1, highlight=1, ascii_only=True)
    assert plain(rows) == [
        " cat      ##########       0.7",
        "*?        ####            0.25",
        " airplane                    0",
    ]


def test_the_greatest_value_is_a_full_bar_unless_told_otherwise() -> None:
    assert plain(bars.render(["a"], [0.2], 12, 1)) == ["a ██████ 0.2"]
    assert plain(bars.render(["a"], [0.2], 12, 1, maximum=0.1)) == ["a ██████ 0.2"]


def test_what_cannot_be_drawn_is_said() -> None:
    rows = bars.render(["a", "b", "c"], [math.nan, -1.0, 1.0], 14, 3)
    assert plain(rows) == ["a          NaN", "b           -1", "c ████████   1"]
    assert rows[0][-1].ink == "mark"


def test_bars_that_do_not_fit_are_counted() -> None:
    assert plain(bars.render(list("abcd"), [4, 3, 2, 1], 8, 3))[1:] == ["b ███  3", "+ 2 more"]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_any_size_is_filled_exactly(ascii_only: bool) -> None:
    labels = [*LABELS, "\x1b[2Jhostile", ""]
    values = [*VALUES, math.inf, 1e300]
    for width in range(45):
        for height in range(8):
            for highlight in (None, 1):
                rows = plain(bars.render(labels, values, width, height, highlight=highlight, ascii_only=ascii_only))
                assert [cells(row) for row in rows] == [width] * height
                assert not ascii_only or all(row.isascii() for row in rows)
    assert plain(bars.render([], [], 4, 2)) == ["    ", "    "]
