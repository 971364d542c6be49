"""What a learning-rate range test says: the smoothed curve, where training broke apart, and the rate to begin with. Torch-free.

The test is Smith's (2017, "Cyclical learning rates for training neural networks", arXiv:1506.01186, section 3.3); the two rules
that name a value are those of fastai's `lr_find` (Howard and Gugger 2020, arXiv:2002.04688): a tenth of the rate at which
the loss was lowest, and the rate at which it fell fastest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

LOWEST = 1e-7
STEPS = 100
_REACH = 4  # points on either side that a smoothed value averages: centred, so that the curve does not lag behind the rate
_FOLLOWED = 0.8  # what the running mean keeps of itself at each step
_QUIET = 10  # first points, which tell how noisy the loss is
_NOISES = 4.0
_FALLEN = 4.0  # times the noise of smoothed values that a loss must fall by before its minimum says anything


def rates(highest: float, steps: int = STEPS) -> list[float]:
    """From `LOWEST` up to `highest`, each by the same factor above the one before."""
    return [LOWEST * (highest / LOWEST) ** (place / (steps - 1)) for place in range(steps)]


def smoothed(losses: Sequence[float]) -> list[float]:
    """The mean of each value and its neighbours, as many on one side as on the other."""
    found = []
    for place in range(len(losses)):
        reach = min(_REACH, place, len(losses) - 1 - place)
        near = losses[place - reach : place + reach + 1]
        found.append(sum(near) / len(near))
    return found


class Watch:
    """Says when a loss has left for good: its running mean stands above its best by more than the loss began with."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._mean = 0.0
        self._weight = 0.0
        self._best = math.inf

    def diverged(self, loss: float) -> bool:
        """Take note of the next loss."""
        if not math.isfinite(loss):
            return True
        self._mean = _FOLLOWED * self._mean + (1 - _FOLLOWED) * loss
        self._weight = _FOLLOWED * self._weight + (1 - _FOLLOWED)
        mean = self._mean / self._weight
        self._best = min(self._best, mean)
        if len(self._first) < _QUIET:
            self._first.append(loss)
            return False
        begun = sum(self._first) / _QUIET
        return mean > self._best + max(abs(begun), _NOISES * _spread(self._first))


def named(curves: Mapping[str, Sequence[float]], at: Sequence[float], *, broke_at: float | None, adversarial: bool) -> dict[str, Any]:
    """The rate to begin with (`lr`, None where the test names none), by which rule, and in words why.

    Args:
        at: the rate of each point; curves may be shorter.
        broke_at: the rate at which a loss or a gradient left for good.
        adversarial: whether the networks play against each other, so that a falling loss is no progress.
    """
    if adversarial:
        return _below_breaking(broke_at)
    losses = next(iter(curves.values()))
    curve = smoothed(losses)
    if len(curve) <= 2 * _REACH:
        return {"lr": None, "rule": "", "why": "the loss broke apart before there was a curve", "steepest": None, "lowest": None}
    lowest = min(range(_REACH, len(curve) - _REACH), key=lambda place: curve[place])  # at the ends fewer values are averaged
    begun = losses[:_QUIET]
    if sum(begun) / len(begun) - curve[lowest] < _FALLEN * _spread(losses[:_QUIET]) / math.sqrt(2 * _REACH + 1):
        return {"lr": None, "rule": "", "why": "the loss never fell by more than its noise", "steepest": None, "lowest": None}
    slopes = [curve[place + 1] - curve[place - 1] for place in range(1, lowest)]
    steepest = at[1 + min(range(len(slopes)), key=lambda place: slopes[place])] if slopes else None
    return {
        "lr": float(f"{at[lowest] / 10:.2g}"), "rule": "a tenth of the rate with the lowest smoothed loss",
        "why": f"the loss was lowest at {at[lowest]:.2g}",
        "steepest": None if steepest is None else float(f"{steepest:.2g}"), "lowest": float(f"{at[lowest]:.3g}"),
    }  # fmt: skip


def _below_breaking(broke_at: float | None) -> dict[str, Any]:
    """Where two networks play against each other, only the rate that breaks the game says something."""
    if broke_at is None:
        why = "no loss broke apart, and a falling loss of one of two opponents is no progress: compare samples instead"
        return {"lr": None, "rule": "", "why": why, "steepest": None, "lowest": None}
    return {
        "lr": float(f"{broke_at / 10:.2g}"), "rule": "a tenth of the rate at which the game broke apart",
        "why": f"it broke apart at {broke_at:.2g}; one opponent's falling loss is no progress, so this only bounds stability",
        "steepest": None, "lowest": None,
    }  # fmt: skip


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
