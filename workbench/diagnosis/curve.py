"""The course of one metric, as rules ask about it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from workbench.runs.reading.series import Series


@dataclass(frozen=True)
class Curve:
    """Steps that rise, and at each the mean, the lowest and the highest of the points that it stands for (one, in short runs)."""

    steps: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    points: int = 0

    @classmethod
    def of(cls, series: Series | None) -> Curve:
        if series is None:
            return cls()
        return cls(tuple(series.first), tuple(series.means()), tuple(series.low), tuple(series.high), sum(series.points))

    def __len__(self) -> int:
        return len(self.steps)

    def since(self, step: int) -> Curve:
        """The part from a step on."""
        start = next((index for index, each in enumerate(self.steps) if each >= step), len(self.steps))
        return Curve(self.steps[start:], self.means[start:], self.lows[start:], self.highs[start:], self.points)

    def last_share(self, share: float) -> Curve:
        """The last part of it, at least one point."""
        return self.since(self.steps[-max(1, round(len(self.steps) * share))]) if self.steps else self

    def first_share(self, share: float) -> Curve:
        count = max(1, round(len(self.steps) * share))
        return Curve(self.steps[:count], self.means[:count], self.lows[:count], self.highs[:count], self.points)

    def median(self) -> float:
        return statistics.median(self.means) if self.means else math.nan

    def smoothed(self) -> tuple[float, ...]:
        """Means over a window that ends at each point, so that noise does not look like a course: a twentieth of the curve, at least 5."""
        window = max(5, len(self.means) // 20)
        total, result = 0.0, []
        for index, mean in enumerate(self.means):
            total += mean - (self.means[index - window] if index >= window else 0.0)
            result.append(total / min(index + 1, window))
        return tuple(result)

    def first_step(self, holds: Callable[[float], bool]) -> int | None:
        """The first step from which a condition on the means holds to the end."""
        found = None
        for step, mean in zip(reversed(self.steps), reversed(self.means), strict=True):
            if not holds(mean):
                break
            found = step
        return found
