"""The learning rate over a run, as a factor of the setting `lr`."""

from __future__ import annotations

import math
from typing import Any

from workbench.settings import Optimization

# One-cycle after Smith and Topin 2018 (arXiv:1708.07120), with the shape that torch's OneCycleLR made common.
RISE = 0.3  # share of the run during which the rate rises
START = 1 / 25  # of the peak, at the first step
END = 1e-4 / 25  # of the peak, at the last step


def factor(settings: Optimization, *, step: int, progress: float, epoch: int) -> float:
    """What `lr` is multiplied by at an update: a pure function, so a resumed run goes on along the same curve.

    Plateau's own drops are not in here: they depend on what was evaluated (see `Plateau`).

    Args:
        step: the update, counted from 1.
        progress: the share of the run's budget that is spent, from 0 to 1.
        epoch: passes over the data that are complete.
    """
    warm = min(1.0, step / settings.warmup_steps) if settings.warmup_steps else 1.0
    if settings.schedule == "step":
        return warm * settings.decay_factor ** (epoch // settings.decay_every)
    if settings.schedule == "cosine":
        return warm * between(1.0, 0.0, progress)
    if settings.schedule == "one-cycle":
        rising = progress < RISE
        return warm * (between(START, 1.0, progress / RISE) if rising else between(1.0, END, (progress - RISE) / (1 - RISE)))
    return warm


def between(start: float, end: float, share: float) -> float:
    """From `start` (share 0) to `end` (share 1) along half a cosine."""
    share = min(1.0, max(0.0, share))
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


class Plateau:
    """Drops the rate when `decay_every` evaluations in a row were no better than the best before them."""

    def __init__(self, settings: Optimization) -> None:
        self._settings = settings
        self._best: float | None = None
        self._waited = 0
        self.factor = 1.0

    def evaluated(self, value: float, goal: str) -> None:
        """Take note of an evaluation; `goal` says whether higher ("max") or lower ("min") is better."""
        worth = value if goal == "max" else -value
        if math.isfinite(worth) and (self._best is None or worth > self._best):
            self._best, self._waited = worth, 0
            return
        self._waited += 1
        if self._waited >= self._settings.decay_every:
            self.factor *= self._settings.decay_factor
            self._waited = 0

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited, "factor": self.factor}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._best, self._waited, self.factor = state["best"], state["waited"], state["factor"]
