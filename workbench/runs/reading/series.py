"""The points of one metric, thinned to a bounded number of buckets without ever losing an extreme.

A bucket keeps first step, lowest, highest, sum and count of its points. When all buckets are taken, neighbours merge and
each then stands for twice as many points: appending costs O(1) and drawing O(buckets), whatever the length of the run.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace

CAPACITY = 1024
_MOST_NONFINITE = 64


@dataclass
class Summary:
    """What a table says of one metric; exact, whatever was thinned."""

    count: int = 0
    last: float | None = None
    last_step: int | None = None
    low: float | None = None
    low_step: int | None = None
    high: float | None = None
    high_step: int | None = None
    nonfinite: int = 0
    nonfinite_steps: list[int] = field(default_factory=list)  # the first few
    infinite: int = 0  # of those that are not finite

    def best(self, goal: str) -> tuple[float | None, int | None]:
        """The best finite value and its step; None for a metric without a goal."""
        if goal == "min":
            return self.low, self.low_step
        return (self.high, self.high_step) if goal == "max" else (None, None)

    def copy(self) -> Summary:
        """A copy that later points do not touch."""
        return replace(self, nonfinite_steps=list(self.nonfinite_steps))

    def extend(self, steps: list[int], values: list[float], series: Series) -> tuple[list[int], list[float]]:
        """Count points in, also into their series; returns those with finite values."""
        self.count += len(steps)
        self.last, self.last_step = values[-1], steps[-1]
        if not math.isfinite(sum(values)):
            steps, values = self._finite(steps, values)
        if values:
            low, high = series.extend(steps, values)
            if self.low is None or low < self.low:
                self.low, self.low_step = low, steps[values.index(low)]
            if self.high is None or high > self.high:
                self.high, self.high_step = high, steps[values.index(high)]
        return steps, values

    def _finite(self, steps: list[int], values: list[float]) -> tuple[list[int], list[float]]:
        kept = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
        lost = [step for step, value in zip(steps, values, strict=True) if not math.isfinite(value)]
        self.nonfinite += len(lost)
        self.infinite += sum(map(math.isinf, values))
        self.nonfinite_steps += lost[: _MOST_NONFINITE - len(self.nonfinite_steps)]
        return [step for step, _ in kept], [value for _, value in kept]


@dataclass
class Series:
    """Buckets of one metric's finite points, in the order of their steps."""

    capacity: int = CAPACITY
    first: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    stride: int = 1  # points that a full bucket stands for
    last_step: int = 0
    version: int = 0  # grows with every change, so that a chart knows whether to draw again

    def extend(self, steps: list[int], values: list[float]) -> tuple[float, float]:
        """Append finite points, at least one, whose steps rise; returns the lowest and the highest of them."""
        self.version += 1
        self.last_step = steps[-1]
        at, end = 0, len(values)
        lowest, highest = math.inf, -math.inf
        while at < end:
            room = self.stride - self.points[-1] if self.points else 0
            if room > 0:
                low, high = self._top_up(values[at : at + room] if at or room < end else values)
                at += room
            elif len(self.first) >= self.capacity:
                self._merge_neighbours()
                continue
            else:
                stop = min(end, at + (self.capacity - len(self.first)) * self.stride)
                low, high = self._open(steps[at:stop], values[at:stop])
                at = stop
            lowest, highest = min(lowest, low), max(highest, high)
        return lowest, highest

    def columns(
        self, count: int, x_low: float, x_high: float, place: Callable[[float], float] | None = None
    ) -> list[tuple[float, float, float] | None]:
        """For each of `count` columns between two steps: lowest, highest and mean of its points, or None where there is none.

        Args:
            place: where a step lies on an axis that does not run with the steps, such as its time.
        """
        lows: list[float | None] = [None] * count
        highs, totals, points = [0.0] * count, [0.0] * count, [0] * count
        left, right = (place(x_low), place(x_high)) if place else (x_low, x_high)
        scale = (count - 1) / ((right - left) or 1.0)
        inside = self._between(x_low, x_high)
        part = slice(inside.start, inside.stop)
        for step, low, high, total, many in zip(
            self.first[part], self.low[part], self.high[part], self.total[part], self.points[part], strict=True
        ):
            at = x_low if step < x_low else x_high if step > x_high else step  # a bucket may begin before, and steps may fall
            column = int(((place(at) if place else at) - left) * scale + 0.5)
            before = lows[column]
            if before is None or low < before:
                lows[column] = low
            if before is None or high > highs[column]:
                highs[column] = high
            totals[column] += total
            points[column] += many
        return [None if low is None else (low, highs[i], _mean(totals[i], points[i], low, highs[i])) for i, low in enumerate(lows)]

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        """Lowest and highest value between two steps; None where there is no point."""
        inside = self._between(x_low, x_high)
        return (min(self.low[inside.start : inside.stop]), max(self.high[inside.start : inside.stop])) if inside else None

    def mean(self, x_low: float = -math.inf, x_high: float = math.inf) -> float | None:
        """The mean of all points, or of those between two steps."""
        inside = self._between(x_low, x_high)
        places = slice(inside.start, inside.stop)
        return math.fsum(self.total[places]) / sum(self.points[places]) if inside else None

    def at(self, step: float) -> tuple[int, float, bool] | None:
        """The last bucket at or before a step: its first step, its mean, and whether that is one point and so exact."""
        place = bisect_right(self.first, step) - 1
        if place < 0:
            return None
        return self.first[place], _mean(self.total[place], self.points[place], self.low[place], self.high[place]), self.points[place] == 1

    def means(self, newest: int | None = None, *, at_most: int = CAPACITY) -> list[float]:
        """One value a bucket, for a sparkline; of all buckets or of the newest ones, evenly thinned to so many."""
        start = 0 if newest is None else max(0, len(self.first) - newest)
        stride = -(-(len(self.first) - start) // at_most) or 1
        columns = (column[start::stride] for column in (self.total, self.points, self.low, self.high))
        return [_mean(*bucket) for bucket in zip(*columns, strict=True)]

    def cut(self, step: int) -> Series:
        """Keep the points up to `step`; returns the rest. A bucket that spans `step` stays whole: thinned, it cannot be parted."""
        keep = next((i for i, first in enumerate(self.first) if first > step), len(self.first))
        tail = Series(self.capacity, stride=self.stride, last_step=self.last_step, version=1)
        for name in ("first", "low", "high", "total", "points"):
            column = getattr(self, name)
            setattr(tail, name, column[keep:])
            del column[keep:]
        self.last_step = min(self.last_step, step)
        self.version += 1
        return tail

    def _between(self, x_low: float, x_high: float) -> range:
        """Buckets with points between two steps; the first of them may begin before."""
        start, end = bisect_left(self.first, x_low), bisect_right(self.first, x_high)
        if start > 0 and self.points[start - 1] > 1:
            reaches_in = x_low < self.first[start] if start < len(self.first) else x_low <= self.last_step
            start -= reaches_in
        return range(start, end)

    def _top_up(self, values: list[float]) -> tuple[float, float]:
        """Take points into the last bucket, which has room for them; the least and the greatest of them."""
        low, high = min(values), max(values)
        self.low[-1] = min(self.low[-1], low)
        self.high[-1] = max(self.high[-1], high)
        self.total[-1] += sum(values)
        self.points[-1] += len(values)
        return low, high

    def _open(self, steps: list[int], values: list[float]) -> tuple[float, float]:
        """Take points into buckets of their own, for all of which there is room; the last may stay partly filled."""
        stride = self.stride
        pieces = [values[start : start + stride] for start in range(0, len(values), stride)] if stride > 1 else []
        lows, highs = ([*map(min, pieces)], [*map(max, pieces)]) if pieces else (values, values)
        self.low += lows
        self.high += highs
        self.total += map(sum, pieces) if pieces else values
        self.points += map(len, pieces) if pieces else [1] * len(values)
        self.first += steps[::stride]
        return min(lows), max(highs)

    def _merge_neighbours(self) -> None:
        even, odd = slice(0, None, 2), slice(1, None, 2)
        pad = len(self.first) % 2
        self.first = self.first[even]
        self.low = [*map(min, self.low[even], self.low[odd]), *self.low[len(self.low) - pad :]]
        self.high = [*map(max, self.high[even], self.high[odd]), *self.high[len(self.high) - pad :]]
        self.total = [*map(float.__add__, self.total[even], self.total[odd]), *self.total[len(self.total) - pad :]]
        self.points = [*map(int.__add__, self.points[even], self.points[odd]), *self.points[len(self.points) - pad :]]
        self.stride *= 2


def _mean(total: float, points: int, low: float, high: float) -> float:
    """Never outside of its points, whatever rounding or an overflow made of their sum."""
    return min(high, max(low, total / points))
