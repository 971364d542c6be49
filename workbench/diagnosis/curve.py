"""The course of one metric, as rules ask about it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from workbench.runs.reading.series import Series

_CERTAIN = 2.5  # deviations of a difference that chance hardly makes


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
        return self._part(start, len(self.steps))

    def around(self, index: int, count: int) -> Curve:
        """A point with as many before it and behind it as there are, at most `count`."""
        return self._part(max(0, index - count), index + count + 1)

    def last_share(self, share: float) -> Curve:
        """The last part of it, at least one point."""
        return self.since(self.steps[-max(1, round(len(self.steps) * share))]) if self.steps else self

    def first_share(self, share: float) -> Curve:
        return self._part(0, max(1, round(len(self.steps) * share)))

    def median(self) -> float:
        return statistics.median(self.means) if self.means else math.nan

    def noise(self) -> float:
        """The standard deviation of what is chance in it rather than course; 0 of fewer than 3 points.

        From second differences, which no steady rise or fall enters, and their median, which no jump does. Independent normal
        noise of deviation 1 has second differences of deviation 6 ** 0.5, half of which lie within 0.6745 of it.
        """
        bends = [abs(before - 2 * at + after) for before, at, after in zip(self.means, self.means[1:], self.means[2:], strict=False)]
        return statistics.median(bends) / (0.6745 * math.sqrt(6)) if bends else 0.0

    def falls(self, *, at_least: float) -> bool:
        """Whether its last third lies below its first third by more than `at_least`, and by more than noise would have it."""
        first, last = self.first_share(1 / 3), self.last_share(1 / 3)
        if len(self) < 6:
            return len(self) > 1 and first.median() - last.median() > at_least
        by_chance = _CERTAIN * 1.25 * self.noise() * math.sqrt(2 / len(last))  # a median strays 1.25 times as far as a mean
        return first.median() - last.median() > max(at_least, by_chance)

    def smoothed(self, window: int | None = None) -> tuple[float, ...]:
        """Means over a window that ends at each point, so that noise does not look like a course: a twentieth of the curve, at least 5."""
        window = window or max(5, len(self.means) // 20)
        total, result = 0.0, []
        for index, mean in enumerate(self.means):
            total += mean - (self.means[index - window] if index >= window else 0.0)
            result.append(total / min(index + 1, window))
        return tuple(result)

    def _part(self, start: int, end: int) -> Curve:
        return Curve(self.steps[start:end], self.means[start:end], self.lows[start:end], self.highs[start:end], self.points)

    def without_spikes(self) -> tuple[float, ...]:
        """Medians of each point and its two neighbours, or of the three at an end: what rises or falls steadily stays as it is."""
        last = len(self.means) - 3
        places = (min(max(0, index - 1), max(0, last)) for index in range(len(self.means)))
        return tuple(statistics.median(self.means[place : place + 3]) for place in places)

    def first_step(self, holds: Callable[[float], bool]) -> int | None:
        """The first step from which a condition on the means holds to the end."""
        found = None
        for step, mean in zip(reversed(self.steps), reversed(self.means), strict=True):
            if not holds(mean):
                break
            found = step
        return found
