"""Sparklines."""

from __future__ import annotations

import math

import pytest

from workbench.charts.rows import cells
from workbench.charts.spark import spark


def test_a_falling_loss_falls() -> None:
    assert spark([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert spark([3, 0, 0.2, 1, 2, 2, 1, 0, 0], 9, ascii_only=True) == r"\__.--.__"


def test_ascii_draws_steep_steps_as_slopes() -> None:
    assert spark([3, 0, 0, 3], 4, ascii_only=True) == r"\__/"


def test_fewer_values_than_cells_leave_the_rest_blank() -> None:
    assert spark([2, 1], 5) == "█▁   "
    assert spark([], 3) == "   "


def test_more_values_than_cells_are_averaged() -> None:
    assert spark([0, 4, 5, 5, 10, 8], 3) == "▁▄█"


def test_a_value_that_is_not_finite_is_marked_and_does_not_spoil_the_scale() -> None:
    assert spark([3, math.nan, 1, math.inf], 4) == "█!▁!"
    assert spark([3, math.nan, 1], 3, ascii_only=True) == "'!_"


def test_a_constant_is_in_the_middle() -> None:
    assert spark([5, 5, 5], 3) == "▄▄▄"
    assert spark([5, 5, 5], 3, ascii_only=True) == "..."


@pytest.mark.parametrize("ascii_only", [False, True])
def test_any_values_fit_any_width(ascii_only: bool) -> None:
    odd = [0.0, 5e-324, -1.7e308, 1.7e308, math.nan, math.inf, -math.inf, 1.0]
    for count in range(len(odd) + 1):
        for width in range(12):
            line = spark(odd[:count], width, ascii_only)
            assert cells(line) == width
            assert line.isascii() or not ascii_only
