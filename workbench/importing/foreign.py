"""A run as another tool wrote it down, before it has a folder here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.clean import clean
from workbench.recording.charting import LONGEST_KEY, MOST_KEYS
from workbench.runs.folder import Value

LARGEST_STEP = 2**53


@dataclass
class Point:
    """One number: its step, and when it was logged, in seconds since 1970 (None where nobody wrote that down)."""

    step: int
    at: float | None
    value: float


@dataclass
class Foreign:
    """One run to bring in.

    Attributes:
        origin: where it was read from, for people.
        series: the points of each metric, their steps rising.
        notes: what was left out, in words.
    """

    name: str
    origin: str
    settings: dict[str, Value] = field(default_factory=dict)
    series: dict[str, list[Point]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ended_at: float = 0.0

    def add(self, key: str, point: Point) -> None:
        """Add a point. Steps that go back begin anew, as TensorBoard has it: what stood at that step and behind it was replaced."""
        points = self.series.setdefault(key, [])
        while points and points[-1].step > point.step:
            points.pop()
        points.append(point)

    def take(self, other: Foreign, rename: Callable[[str], str]) -> None:
        """Take over what another one has, except metrics that this one has already."""
        for key, points in other.series.items():
            self.series.setdefault(rename(key), points)
        self.settings.update(other.settings)
        self.notes += other.notes
        self.ended_at = max(self.ended_at, other.ended_at)

    def rows(self) -> list[tuple[int, float, dict[str, float]]]:
        """(step, when, values) in the order of steps; times never run back, and begin at 0 where there are none."""
        found: dict[tuple[int, int], dict[str, float]] = {}
        times: dict[tuple[int, int], float] = {}
        for key, points in list(self.series.items())[:MOST_KEYS]:
            name, last, again = clean(key)[:LONGEST_KEY], -1, 0
            for point in points:
                again = again + 1 if point.step == last else 0  # several numbers at one step, all of which count
                last = point.step
                place = (point.step, again)
                found.setdefault(place, {})[name] = point.value
                if point.at is not None and math.isfinite(point.at):
                    times[place] = min(times.get(place, math.inf), point.at)
        rows, now = [], min(times.values(), default=self.ended_at)
        for place in sorted(found):
            now = max(now, times.get(place, now))
            rows.append((place[0], now, found[place]))
        return rows
