import math
import random

import pytest

from workbench.runs.reading.series import CAPACITY, Series, Summary

LENGTHS = [0, 1, 2, 3, CAPACITY - 1, CAPACITY, CAPACITY + 1, 2 * CAPACITY, 2 * CAPACITY + 1, 5000, 33_333]


def _points(count, seed):
    dice = random.Random(seed)
    steps = sorted(dice.sample(range(1, 10 * count + 2), count))
    values = [dice.gauss(0, 1) * (1000 if dice.random() < 0.002 else 1) for _ in steps]
    return steps, values


def _in_pieces(series, steps, values, seed=0):
    dice = random.Random(seed)
    at = 0
    while at < len(steps):
        size = dice.choice([1, 2, 3, 50, 1023, 5000])
        series.extend(steps[at : at + size], values[at : at + size])
        at += size
    return series


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 48, 1023, CAPACITY])
@pytest.mark.parametrize("count", LENGTHS)
def test_every_bucket_says_what_brute_force_says_of_its_points(count, capacity):
    steps, values = _points(count, seed=count + capacity)
    series = _in_pieces(Series(capacity), steps, values, seed=count)
    assert len(series.first) <= capacity
    assert sum(series.points) == count
    start = 0
    for index, many in enumerate(series.points):
        piece = values[start : start + many]
        assert series.first[index] == steps[start]
        assert (series.low[index], series.high[index]) == (min(piece), max(piece))
        assert series.total[index] == pytest.approx(math.fsum(piece), abs=1e-9 * many)
        assert many == series.stride or index == len(series.points) - 1
        start += many
    assert series.last_step == (steps[-1] if steps else 0)


@pytest.mark.parametrize("count", [*range(1, 40), 1025, 1537, 3071])
def test_an_odd_number_of_buckets_merges_without_losing_one(count):
    for capacity in (1, 3, 5, 9):
        series = Series(capacity)
        for step in range(1, count + 1):
            series.extend([step], [float(step)])
        assert sum(series.points) == count
        assert sum(series.total) == count * (count + 1) / 2
        assert (series.low[0], max(series.high)) == (1, count)


@pytest.mark.parametrize("place", [0, 1, 511, 512, 1023, 1024, 4095, 7777, 9999])
def test_one_spike_among_many_points_is_drawn_whatever_the_width(place):
    steps = list(range(1, 10_001))
    values = [1.0] * 10_000
    values[place] = 1e6
    series = _in_pieces(Series(), steps, values)
    for width in (1, 2, 57, 160):
        columns = series.columns(width, 1, 10_000)
        assert max(column[1] for column in columns if column) == 1e6
        assert len(columns) == width
    assert series.extent(1, 10_000) == (1.0, 1e6)


@pytest.mark.parametrize("seed", range(20))
def test_no_extreme_between_two_steps_is_missing_from_the_columns(seed):
    dice = random.Random(seed)
    steps, values = _points(dice.randint(1, 8000), seed)
    series = _in_pieces(Series(dice.choice([16, 64, 1023, CAPACITY])), steps, values)
    for _ in range(20):
        low, high = sorted(dice.choices(steps, k=2))
        inside = [value for step, value in zip(steps, values, strict=True) if low <= step <= high]
        columns = [column for column in series.columns(dice.choice([2, 7, 80]), low, high) if column]
        assert min(column[0] for column in columns) <= min(inside)
        assert max(column[1] for column in columns) >= max(inside)
        assert series.extent(low, high) == (min(column[0] for column in columns), max(column[1] for column in columns))
        assert all(lowest <= mean <= highest for lowest, highest, mean in columns)


def test_a_view_between_two_bucket_edges_shows_the_bucket_that_it_lies_in():
    series = _in_pieces(Series(4), list(range(1, 1001)), [float(step) for step in range(1, 1001)])
    assert series.stride == 256
    assert series.columns(10, 100, 120) == [(1.0, 256.0, 128.5), *[None] * 9]
    assert series.extent(900, 950) == (769.0, 1000.0)
    assert series.extent(1001, 2000) is None
    assert series.extent(-50, 0) is None


def test_a_view_of_single_points_shows_no_neighbour():
    series = _in_pieces(Series(), [10, 20, 30], [1.0, 2.0, 3.0])
    assert series.extent(11, 19) is None
    assert series.columns(3, 15, 25) == [None, (2.0, 2.0, 2.0), None]


def test_columns_carry_lowest_highest_and_mean_of_their_points():
    series = _in_pieces(Series(), [1, 2, 3, 4], [5.0, -1.0, 2.0, 4.0])
    assert series.columns(2, 1, 4) == [(-1.0, 5.0, 2.0), (2.0, 4.0, 3.0)]
    assert series.columns(1, 1, 4) == [(-1.0, 5.0, 2.5)]
    assert series.columns(4, 2, 2) == [(-1.0, -1.0, -1.0), None, None, None]


def test_a_mean_lies_among_its_points_even_when_their_sum_overflows():
    series = _in_pieces(Series(1), [1, 2, 3], [1.7e308, 1.7e308, 1.6e308])
    ((low, high, mean),) = series.columns(1, 1, 3)
    assert low <= mean <= high
    assert low <= series.means()[0] <= high


def test_a_log_whose_steps_do_not_rise_is_drawn_all_the_same():
    dice = random.Random(0)
    series = Series(16)
    for _ in range(100):
        series.extend([dice.randrange(1000) for _ in range(9)], [dice.random() for _ in range(9)])
    for _ in range(100):
        low, high = sorted(dice.choices(range(1000), k=2))
        assert len(series.columns(20, low, high)) == 20
        series.extent(low, high)
    series.cut(500)


def test_each_change_shows_in_the_version():
    series = Series()
    seen = {series.version}
    for change in (lambda: series.extend([1, 2], [1.0, 2.0]), lambda: series.extend([3], [3.0]), lambda: series.cut(2)):
        change()
        assert series.version not in seen
        seen.add(series.version)


@pytest.mark.parametrize("seed", range(10))
def test_a_cut_parts_the_points_at_the_step_and_both_parts_go_on(seed):
    dice = random.Random(seed)
    steps, values = _points(dice.randint(1, 1000), seed)  # few enough that each bucket is a point
    series = _in_pieces(Series(), steps, values)
    step = dice.choice(steps)
    kept = steps.index(step) + 1
    tail = series.cut(step)
    assert (series.first, series.low) == (steps[:kept], values[:kept])
    assert (tail.first, tail.high) == (steps[kept:], values[kept:])
    assert series.last_step == step
    series.extend([step + 1, step + 2], [7.0, 8.0])
    assert (series.first[-2:], sum(series.points)) == ([step + 1, step + 2], kept + 2)


def test_a_cut_of_a_thinned_series_keeps_the_bucket_that_spans_it_and_no_later_one():
    series = _in_pieces(Series(8), list(range(1, 101)), [float(step) for step in range(1, 101)])
    assert series.stride == 16
    tail = series.cut(40)
    assert series.first == [1, 17, 33]
    assert (tail.first, tail.last_step) == ([49, 65, 81, 97], 100)
    assert series.last_step == 40
    series.extend(list(range(41, 101)), [0.0] * 60)
    assert len(series.first) <= 8
    assert sum(series.points) == 48 + 60


def test_a_cut_before_everything_leaves_nothing():
    series = _in_pieces(Series(), [5, 6], [1.0, 2.0])
    tail = series.cut(0)
    assert (series.first, series.last_step, tail.first) == ([], 0, [5, 6])
    assert series.extent(0, 10) is None
    assert series.columns(3, 0, 10) == [None] * 3


# --- Summary ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_summary_says_what_brute_force_says(seed):
    dice = random.Random(seed)
    steps, values = _points(dice.randint(1, 3000), seed)
    values = [dice.choice([math.nan, math.inf, -math.inf]) if dice.random() < 0.1 * (seed % 3) else round(value, 1) for value in values]
    summary, series = Summary(), Series()
    finite_steps, finite_values, at = [], [], 0
    while at < len(steps):
        size = dice.choice([1, 2, 50, 700])
        some_steps, some_values = summary.extend(steps[at : at + size], values[at : at + size], series)
        finite_steps += some_steps
        finite_values += some_values
        at += size
    finite = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
    assert list(zip(finite_steps, finite_values, strict=True)) == finite
    assert sum(series.points) == len(finite)
    assert summary.count == len(steps)
    assert repr((summary.last, summary.last_step)) == repr((values[-1], steps[-1]))
    assert summary.nonfinite == len(steps) - len(finite)
    assert summary.nonfinite_steps == [step for step, value in zip(steps, values, strict=True) if not math.isfinite(value)][:64]
    first_low = min(finite, key=lambda point: (point[1], point[0]), default=(None, None))
    first_high = min(finite, key=lambda point: (-point[1], point[0]), default=(None, None))
    assert (summary.low_step, summary.low) == first_low
    assert (summary.high_step, summary.high) == first_high


def _summary(*points):
    summary = Summary()
    for step, value in enumerate(points, start=1):
        summary.extend([step], [value], Series())
    return summary


def test_the_best_value_follows_the_goal():
    summary = _summary(2.0, 1.0, 3.0)
    assert summary.best("min") == (1.0, 2)
    assert summary.best("max") == (3.0, 3)
    assert summary.best("none") == (None, None)


def test_numbers_that_are_not_finite_never_become_the_best():
    summary, series = Summary(), Series()
    assert summary.extend([1, 2], [math.nan, -math.inf], series) == ([], [])
    assert summary.best("min") == (None, None)
    summary.extend([3, 4, 5], [math.inf, 0.5, math.nan], series)
    assert summary.best("max") == summary.best("min") == (0.5, 4)
    assert (summary.count, summary.nonfinite, summary.nonfinite_steps) == (5, 4, [1, 2, 3, 5])
    assert (series.first, series.low) == ([4], [0.5])


def test_huge_finite_values_whose_sum_overflows_count_as_finite():
    summary = Summary()
    assert summary.extend([1, 2], [1.7e308, 1.7e308], Series()) == ([1, 2], [1.7e308, 1.7e308])
    assert summary.nonfinite == 0


def test_a_copy_of_a_summary_is_not_touched_by_later_points():
    summary = _summary(math.nan)
    copy = summary.copy()
    summary.extend([2], [math.nan], Series())
    assert (copy.count, copy.nonfinite_steps) == (1, [1])


def test_means_are_those_of_all_buckets_of_the_newest_or_evenly_thinned():
    series = Series()
    series.extend(list(range(1, 1001)), [float(value) for value in range(1, 1001)])
    assert series.means(1) == [1000.0]
    assert series.means() == [float(value) for value in range(1, 1001)]
    thinned = series.means(at_most=128)
    assert len(thinned) == 125
    assert thinned[:3] == [1.0, 9.0, 17.0]
    assert Series().means(1) == Series().means(at_most=128) == []
