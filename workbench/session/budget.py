"""How much of a run is done and how much is left: steps, epochs and seconds without pauses."""

from __future__ import annotations

import time

from workbench import settings
from workbench.runs.reading.epochs import Epochs


class Budget:
    """Counts time and says when the loop is over. Time runs from `start` to `stop`, pauses apart."""

    def __init__(self, limits: settings.Budget) -> None:
        self._limits = limits
        self.epochs = Epochs()
        self.steps_total: int | None = None
        self._elapsed = 0.0
        self._started: float | None = None
        self._last_step: int | None = None

    def plan(self, epochs: Epochs) -> None:
        """Fix the number of steps from the limits on epochs and steps; again where epochs have become others."""
        self.epochs = epochs
        limits = self._limits
        totals = [limits.max_steps, epochs.steps_until(limits.epochs) if limits.epochs is not None else None]
        self.steps_total = min((total for total in totals if total is not None), default=None)

    def start(self, elapsed_seconds: float) -> None:
        self._elapsed, self._started = elapsed_seconds, time.monotonic()

    def stop(self) -> None:
        self._elapsed, self._started = self.elapsed_seconds(), None

    def pause(self, seconds: float) -> None:
        """Take the time of a pause out."""
        self._elapsed -= seconds

    def elapsed_seconds(self) -> float:
        return self._elapsed + (time.monotonic() - self._started if self._started is not None else 0.0)

    def progress(self, step: int) -> float:
        """The share that is spent when `step` updates are made, 0 to 1; of the limit that comes first."""
        limits, shares = self._limits, [0.0]
        if limits.epochs is not None and len(self.epochs.stretches) > 1:  # goes on where it was, whatever an epoch has of steps now
            shares.append(self.epochs.passed(step) / limits.epochs)
            if limits.max_steps is not None:
                shares.append(step / limits.max_steps)
        elif self.steps_total:
            shares.append(step / self.steps_total)
        if limits.max_seconds is not None:
            shares.append(self.elapsed_seconds() / limits.max_seconds)
        return min(1.0, max(shares))

    def is_last(self, step: int) -> bool:
        """Whether the loop ends behind `step`; once it was said of a step it stays so, whatever the clock says then."""
        if self._is_spent(step):
            self._last_step = step
        return self._last_step == step

    def is_spent(self, step: int) -> bool:
        """Whether there is no further step."""
        return (self._last_step is not None and step >= self._last_step) or self._is_spent(step)

    def reason(self, step: int) -> str:
        """Why the loop is over, in words."""
        if self.steps_total is not None and step >= self.steps_total:
            epochs = self._limits.epochs
            by_epochs = epochs is not None and self.epochs.steps_until(epochs) == self.steps_total
            return f"made all {epochs} epochs" if by_epochs else f"made all {self.steps_total:,} steps"
        return f"trained for {self._limits.max_seconds:g} seconds" if self._limits.max_seconds is not None else "its loop ended"

    def _is_spent(self, step: int) -> bool:
        if self.steps_total is not None and step >= self.steps_total:
            return True
        return self._limits.max_seconds is not None and self.elapsed_seconds() >= self._limits.max_seconds
