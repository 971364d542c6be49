"""Ending a run whose objective has stopped improving."""

from __future__ import annotations

import math
from typing import Any, Literal


class EarlyStopping:
    """Counts evaluations since the best one (Prechelt 1998, Early stopping - but when?).

    Args:
        patience: evaluations without progress after which it is `exhausted`; None waits for ever and only keeps the best.
        min_delta: the smallest change that counts as better.
        goal: whether higher ("max") or lower ("min") is better.
    """

    def __init__(self, patience: int | None, *, min_delta: float = 0.0, goal: Literal["min", "max"] = "max") -> None:
        self.patience = patience
        self.min_delta = min_delta
        self.goal = goal
        self.best: float | None = None
        self.best_step: int | None = None
        self.waited = 0

    def update(self, step: int, value: float) -> bool:
        """Take note of an evaluation; whether it is the best so far. A value that is not finite never is."""
        gain = math.inf if self.best is None else (value - self.best if self.goal == "max" else self.best - value)
        if math.isfinite(value) and gain > 0 and gain >= self.min_delta:
            self.best, self.best_step, self.waited = value, step, 0
            return True
        self.waited += 1
        return False

    @property
    def exhausted(self) -> bool:
        return self.patience is not None and self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.best_step, self.waited = state["best"], state["best_step"], state["waited"]
