"""What rules ask of a curve: its noise, whether it falls, its course without spikes."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from workbench.diagnosis.curve import Curve


def curve(*means: float) -> Curve:
    return Curve(tuple(range(1, len(means) + 1)), means, means, means, len(means))


def test_noise_is_what_strays_about_a_course_whatever_the_course() -> None:
    chance = random.Random(0)
    stray = [chance.gauss(0, 0.1) for _ in range(2000)]
    for course in (lambda at: 0.0, lambda at: 5 - at / 400, lambda at: 3 * math.exp(-at / 500)):
        assert curve(*(course(at) + each for at, each in enumerate(stray))).noise() == pytest.approx(0.1, rel=0.07)


def test_a_few_jumps_are_no_noise_and_two_points_have_none() -> None:
    assert curve(*(100.0 if at in (20, 60) else 1.0 for at in range(100))).noise() == 0
    assert curve(1.0, 2.0).noise() == 0


def test_a_fall_counts_beyond_the_noise_and_beyond_what_matters() -> None:
    chance = random.Random(1)
    flat = curve(*(2.0 + chance.gauss(0, 0.3) for _ in range(60)))
    falling = replace(flat, means=tuple(mean - 0.02 * at for at, mean in enumerate(flat.means)))
    assert not flat.falls(at_least=0.0)
    assert falling.falls(at_least=0.0)
    assert not falling.falls(at_least=2.0)
    assert not replace(flat, means=tuple(mean + 0.02 * at for at, mean in enumerate(flat.means))).falls(at_least=0.0)


def test_spikes_of_one_point_go_and_a_steady_course_stays() -> None:
    assert curve(1, 2, 3, 4, 5).without_spikes() == (2, 2, 3, 4, 4)
    assert curve(5, 5, 0, 5, 5).without_spikes() == (5, 5, 5, 5, 5)
    assert curve(4, 3).without_spikes() == (3.5, 3.5)
