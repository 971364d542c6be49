"""Ticks, limits and their labels."""

from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import pytest

from workbench.charts.axis import aligned, labels, limits, log_ticks, position, right_edge, ticks, usable

ODD = (0.0, -0.0, 1.0, -1.0, 1e-320, 5e-324, 1e-9, 123456.789, 1e18, -1e18, 1e300, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf)


def test_ticks_are_multiples_of_a_1_2_5_step() -> None:
    assert ticks(0, 2.5, 5) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert ticks(0, 1000, 5) == [0, 200, 400, 600, 800, 1000]
    assert ticks(-0.3, 0.3, 3) == [-0.2, 0.0, 0.2]
    assert ticks(3, 17, 3) == [5, 10, 15]


def test_ticks_stay_within_the_limits_and_the_count() -> None:
    chance = random.Random(0)
    for _ in range(2000):
        low = chance.uniform(-1, 1) * 10 ** chance.randint(-8, 8)
        high = low + 10 ** chance.uniform(-6, 6) * max(1e-3, abs(low))
        count = chance.randint(1, 9)
        found = ticks(low, high, count)
        slack = (high - low) * 1e-6
        assert len(found) <= count + 1
        assert all(low - slack <= tick <= high + slack for tick in found)
        assert len(labels(found)) == len(set(labels(found))), (low, high, labels(found))


def test_labels_tell_ticks_apart_and_share_their_decimals() -> None:
    assert labels([0, 0.5, 1, 1.5]) == ["0", "0.5", "1.0", "1.5"]
    assert labels([0.985, 0.99, 0.995]) == ["0.985", "0.990", "0.995"]
    assert labels([0, 400, 1200]) == ["0", "400", "1200"]
    assert labels([0, 10_000, 20_000]) == ["0", "10k", "20k"]
    assert labels([0, 500_000, 1_000_000, 1_500_000]) == ["0", "0.5M", "1.0M", "1.5M"]
    assert labels([0, 2e-5, 4e-5]) == ["0", "2e-5", "4e-5"]
    assert labels([-1, 0, 1]) == ["-1", "0", "1"]
    assert labels([0.0312]) == ["0.0312"]
    assert labels([]) == []


def test_labels_of_a_logarithmic_axis_are_short_unless_that_makes_two_alike() -> None:
    assert labels([0.001, 0.1, 10, 1000], log=True) == ["0.001", "0.1", "10", "1000"]
    assert len(set(labels([1.00001, 1.00002, 1.00003], log=True))) == 3


def test_logarithmic_ticks_are_powers_of_ten_thinned_to_the_count() -> None:
    assert log_ticks(0.01, 100, 4) == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert log_ticks(0.01, 100, 2) == pytest.approx([0.01, 1, 100])
    assert len(log_ticks(1e-30, 1e30, 4)) <= 5


def test_logarithmic_ticks_within_a_decade_are_1_2_5() -> None:
    assert log_ticks(1.5, 9, 4) == pytest.approx([2, 5])
    assert len(log_ticks(2.1, 4.9, 4)) > 1


def test_limits_are_round_and_hold_the_data() -> None:
    assert limits(0.13, 2.31) == (0, 2.5)
    assert limits(0.03, 870, log=True) == pytest.approx((0.02, 1000))
    chance = random.Random(0)
    for _ in range(2000):
        low = chance.uniform(-1, 1) * 10 ** chance.randint(-8, 8)
        high = low + abs(low) * 10 ** chance.uniform(-9, 3)
        bottom, top = limits(low, high)
        slack = (top - bottom) * 1e-6
        assert bottom - slack <= low <= high <= top + slack
        assert limits(low, high, (bottom - slack, top + slack)) == (bottom - slack, top + slack) or (high - low) < 0.45 * (top - bottom)


def test_limits_hold_still_while_the_data_fit_and_fill_them() -> None:
    first = limits(0.2, 2.3)
    assert limits(0.1, 2.4, first) == first
    assert limits(0.1, 2.6, first) != first  # one value outgrew them
    assert limits(0.1, 0.2, first) == limits(0.1, 0.2)  # too little of them is in use


def test_a_constant_gets_an_axis_around_it() -> None:
    low, high = limits(2.3, 2.3)
    assert low < 2.3 < high
    assert limits(0, 0) == (0, 1)
    assert limits(10, 10) == (0, 10)
    assert limits(-3, -3) == (-3, 0)
    bottom, top = limits(1e-3, 1e-3, log=True)
    assert 0 < bottom < 1e-3 < top


def test_an_almost_constant_series_does_not_need_more_digits_than_four() -> None:
    low, high = limits(0.98765432, 0.98765433)
    assert max(len(label) for label in labels(ticks(low, high, 4))) <= 6


def test_a_logarithmic_axis_reaches_to_the_least_value_above_zero_however_far_that_is() -> None:
    assert limits(0.2, 8e18, log=True) == pytest.approx((0.2, 1e19))
    assert limits(3e-40, 1.0, log=True) == pytest.approx((2e-40, 1))
    assert limits(0.0, 100.0, log=True) == pytest.approx((1e-6, 100))  # where that is not known, eight decades


def test_a_logarithmic_axis_of_less_than_a_decade_wastes_none() -> None:
    assert limits(0.159, 0.165, log=True) == pytest.approx((0.159, 0.165))
    assert limits(0.13, 0.9, log=True) == pytest.approx((0.1, 1))
    assert limits(0.23, 1.4, log=True) == pytest.approx((0.2, 2))


@pytest.mark.parametrize("down", [1, 4])
@pytest.mark.parametrize("log", [False, True])
def test_ticks_are_evenly_apart_within_limits_that_hold_the_others(log: bool, down: int) -> None:
    chance = random.Random(1)
    for _ in range(500):
        low = 10 ** chance.uniform(-6, 3) if log else chance.choice([0.0, chance.uniform(-5, 5)])
        high = low * 10 ** chance.uniform(4, 30) if log else low + 10 ** chance.uniform(-3, 6)
        rows = chance.randint(5, 40)
        asked = limits(low, high, log=log)
        (bottom, top), values = aligned(asked, rows, down, log=log)
        slack = 1e-9 * (asked[1] - asked[0])
        assert bottom <= asked[0] + slack * (not log) + asked[0] * 1e-9 * log
        assert top >= asked[1] - slack
        assert bottom >= 0 or asked[0] < 0
        assert all(value <= asked[1] + slack for value in values)
        places = [(math.log10(value / bottom) / math.log10(top / bottom) if log else (value - bottom) / (top - bottom)) for value in values]
        rows_at = [math.floor((rows * down - 1) * (1 - place) / down + 1e-6) for place in places]
        assert len(values) >= 2
        apart = {before - after for before, after in pairwise(rows_at)}
        assert max(apart) - min(apart) <= (max(apart) > 4), (asked, rows, values, rows_at)


@pytest.mark.parametrize(("rows", "least"), [(8, 0.75), (13, 0.75), (18, 0.75), (34, 0.85)])
def test_an_axis_has_1_2_5_steps_three_ticks_and_little_to_spare(rows: int, least: float) -> None:
    chance = random.Random(2)
    used, steps, ticked = [], [], []
    for _ in range(300):
        low = chance.choice([0.0, chance.uniform(0, 3)])
        high = low + 10 ** chance.uniform(-2, 1)
        (bottom, top), values = aligned(limits(low, high), rows, 4)
        used.append((high - low) / (top - bottom))
        steps.append(f"{values[1] - values[0]:.1e}"[:3] in ("1.0", "2.0", "2.5", "5.0"))
        ticked.append(len(values) >= 3)
    assert statistics.fmean(used) > least
    assert sum(ticked) > 0.9 * 300
    assert sum(steps) > 0.9 * 300


def test_six_rows_have_three_ticks_where_a_round_step_gives_them_at_little_loss() -> None:
    chance = random.Random(2)
    used, ticked, steps = [], [], []
    for _ in range(300):
        low = chance.choice([0.0, chance.uniform(0, 3)])
        high = low + 10 ** chance.uniform(-2, 1)
        (bottom, top), values = aligned(limits(low, high), 6, 4)
        used.append((high - low) / (top - bottom))
        ticked.append(len(values) >= 3)
        steps.append(f"{values[1] - values[0]:.1e}"[:3] in ("1.0", "2.0", "2.5", "5.0"))
    assert sum(ticked) > 0.58 * 300
    assert statistics.fmean(used) > 0.75
    assert sum(steps) > 0.95 * 300
    assert aligned((0.0, 1.0), 6, 4)[1] == [0, 0.5, 1]


def test_counts_have_no_ticks_between_whole_numbers() -> None:
    assert aligned((0.0, 3.0), 30, 4, whole=True)[1] == [0, 1, 2, 3]
    assert all(value.is_integer() for value in aligned((9.0, 10.0), 8, 4, whole=True)[1])


def test_one_axis_has_one_notation() -> None:
    assert labels([1e9, 1e11, 1e13, 1e16], log=True) == ["1e9", "1e11", "1e13", "1e16"]
    assert labels([1e-4, 1e-3, 1e-2, 0.1, 1], log=True) == ["1e-4", "1e-3", "1e-2", "1e-1", "1e0"]
    assert labels([2e-4, 5e-4, 1e-3], log=True) == ["2e-4", "5e-4", "1e-3"]
    assert labels([0, 0.25, 0.5]) == ["0", "0.25", "0.50"]


@pytest.mark.parametrize("log", [False, True])
def test_any_numbers_give_limits_that_can_be_drawn(log: bool) -> None:
    for low in ODD:
        for high in ODD:
            for previous in (None, (0.0, 1.0), (low, high)):
                for found in (usable(limits(low, high, previous, log), log), usable((low, high), log)):
                    assert math.isfinite(found[0])
                    assert math.isfinite(found[1])
                    assert found[0] < found[1]
                    assert found[0] > 0 or not log
                    labels(log_ticks(*found, 4) if log else ticks(*found, 4), log)


def test_usable_limits_are_left_as_they_are() -> None:
    assert usable((0.25, 0.5)) == (0.25, 0.5)
    assert usable((812.3, 845.7)) == (812.3, 845.7)


def test_the_right_edge_is_never_left_behind_and_seldom_moves() -> None:
    edges = [right_edge(step) for step in range(1, 100_001)]
    assert all(edge >= step for step, edge in enumerate(edges, start=1))
    assert all(edge <= 1.29 * step for step, edge in enumerate(edges, start=1) if step >= 100)
    assert edges == sorted(edges)
    assert len(set(edges)) <= 31
    assert right_edge(3, least=5) == 5
    assert right_edge(math.nan) == 100


def test_positions_are_centred_on_the_limits_and_none_outside() -> None:
    assert [position(value, 0, 10, 11) for value in (0, 0.4, 0.6, 10)] == [0, 0, 1, 10]
    assert position(-0.1, 0, 10, 11) is None
    assert position(math.nan, 0, 10, 11) is None
