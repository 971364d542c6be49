"""The range test's arithmetic: which rate it names, when it stops, and what it says where there is none to name."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from workbench.trying import rate

AT = rate.rates(1.0)


def valley(exponent: float, *, noise: float = 0.02, seed: int = 0) -> list[float]:
    """A loss that falls towards ten to the `exponent` and rises behind it."""
    draw = random.Random(seed)
    return [2.3 - 1.8 * math.exp(-((math.log10(at) - exponent) ** 2)) + draw.gauss(0, noise) for at in AT]


def test_rates_rise_by_the_same_factor_from_the_lowest_to_the_highest() -> None:
    assert AT[0] == pytest.approx(1e-7)
    assert AT[-1] == pytest.approx(1.0)
    assert len(AT) == 100
    factors = [high / low for low, high in pairwise(AT)]
    assert max(factors) == pytest.approx(min(factors))


def test_smoothing_neither_moves_a_straight_line_nor_lags() -> None:
    line = [3.0 - 0.1 * place for place in range(40)]
    assert rate.smoothed(line) == pytest.approx(line)
    peak = [0.0] * 20 + [1.0] + [0.0] * 20
    assert max(range(41), key=lambda place: rate.smoothed(peak)[place]) in range(16, 25)
    assert rate.smoothed(peak) == rate.smoothed(peak)[::-1]


@pytest.mark.parametrize("exponent", [-4.0, -2.0, -1.0])
def test_a_tenth_of_the_rate_with_the_lowest_loss_is_named(exponent: float) -> None:
    found = rate.named({"train/loss": valley(exponent)}, AT, broke_at=None, adversarial=False)
    assert math.log10(found["lr"]) == pytest.approx(exponent - 1, abs=0.3)
    assert math.log10(found["steepest"]) == pytest.approx(exponent - math.sqrt(0.5), abs=0.4)
    assert "tenth" in found["rule"]


def test_a_loss_that_only_wobbles_names_no_rate() -> None:
    draw = random.Random(1)
    found = rate.named({"train/loss": [2.3 + draw.gauss(0, 0.02) for _ in AT]}, AT, broke_at=None, adversarial=False)
    assert found["lr"] is None
    assert "never fell" in found["why"]


def test_of_opponents_only_the_breaking_point_says_something() -> None:
    curves = {"train/discriminator_loss": valley(-3.0), "train/generator_loss": valley(-2.0)}
    assert rate.named(curves, AT, broke_at=0.02, adversarial=True)["lr"] == pytest.approx(0.002)
    without = rate.named(curves, AT, broke_at=None, adversarial=True)
    assert without["lr"] is None
    assert "opponents" in without["why"]


def test_a_loss_that_leaves_for_good_is_seen_and_a_spike_is_not() -> None:
    watch = rate.Watch()
    assert not any(watch.diverged(loss) for loss in [2.3, 2.31, 2.29] * 10)
    assert not watch.diverged(6.0)
    assert any(watch.diverged(6.0) for _ in range(10))
    assert rate.Watch().diverged(math.nan)


def test_a_loss_around_zero_is_judged_by_its_noise() -> None:
    draw = random.Random(2)
    watch = rate.Watch()
    assert not any(watch.diverged(draw.gauss(0, 0.1)) for _ in range(60))
    assert any(watch.diverged(5.0) for _ in range(3))
