import math
import random

import pytest

from workbench import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (1, "1"), (98.62, "98.62"), (0.0312, "0.0312"), (0.001, "0.001"), (3e-5, "3e-5"), (-3e-4, "-3e-4"),
        (1.234e-7, "1.23e-7"), (999.96, "1000"), (9999.4, "9999"), (9999.6, "10k"), (12345, "12.3k"), (-12345, "-12.3k"),
        (99_999, "100k"), (999_499, "999k"), (999_999, "1M"), (1_234_567, "1.23M"), (1e9 - 1, "1G"), (2.5e12, "2.5T"), (1e15, "1e15"),
        (5e-324, "4.94e-324"), (1.7e308, "1.7e308"), (math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers_in_at_most_four_digits(value, text):
    assert units.compact(value) == text


def test_a_compact_number_is_never_far_from_what_it_stands_for():
    dice = random.Random(0)
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    for _ in range(5000):
        value = dice.choice([-1, 1]) * 10 ** dice.uniform(-12, 16)
        text = units.compact(value)
        assert len(text) <= 9
        read = float(text[:-1]) * scale[text[-1]] if text[-1] in scale else float(text)
        assert read == pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1500, "1.5 kB"), (999_499, "999 kB"), (999_999, "1 MB"),
        (412e6, "412 MB"), (1.2e9, "1.2 GB"), (1e12, "1 TB"), (1e15, "1 PB"), (math.nan, "NaN"),
    ],
)  # fmt: skip
def test_sizes(count, text):
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"), (9.9, "0:09"), (75, "1:15"), (760, "12:40"), (3599, "59:59"), (11240, "3:07:20"), (187_800, "2 d 04:10"), (-5, "0:00"),
        (math.nan, "NaN"), (math.inf, "inf"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert units.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "now"), (1.9, "now"), (8.9, "8 s"), (19, "10 s"), (59.9, "50 s"), (60, "1 min"), (200, "3 min"), (7200, "2 h"),
        (5 * 86400, "5 d"), (math.nan, "NaN"), (math.inf, "inf"),
    ],
)  # fmt: skip
def test_ages_are_coarse(seconds, text):
    assert units.age(seconds) == text


def test_shares_and_metrics_with_their_units():
    assert units.percent(0.98625) == "98.6 %"
    assert units.percent(math.nan) == "NaN"
    assert units.percent(1e300) == "1e302 %"
    assert units.metric(0.5, "%") == "50.0 %"
    assert units.metric(1234567, "img") == "1.23M img"
    assert units.metric(0.25) == "0.25"
    assert units.grouped(1240) == "1,240"


def test_short_times_are_told_in_the_unit_that_suits_them():
    assert [units.seconds(value) for value in (0.004, 0.21, 3, 59.6, 75)] == ["4 ms", "0.21 s", "3 s", "60 s", "1:15"]
