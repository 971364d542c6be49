"""When each step was, in seconds of training: a bounded table, so that a chart can have time along its axis."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

_MOST = 1024  # entries; between them time runs evenly


@dataclass
class Times:
    """Steps and the seconds that had been trained by then; both rise. Of a full table every second entry goes."""

    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stride: int = 1  # steps from one entry to the next, at least

    def note(self, step: int, seconds: float) -> None:
        """Take in the time of a step; one that is nearer to the last entry than the others are is left out."""
        if self.steps and step < self.steps[-1] + self.stride:
            return
        self.steps.append(step)
        self.seconds.append(max(seconds, self.seconds[-1] if self.seconds else 0.0))
        if len(self.steps) > _MOST:
            self.steps, self.seconds, self.stride = self.steps[::2], self.seconds[::2], self.stride * 2

    def cut(self, step: int) -> None:
        """Forget what was behind a step."""
        keep = bisect_right(self.steps, step)
        del self.steps[keep:], self.seconds[keep:]

    def at(self, step: float) -> float:
        """Seconds at a step; before the first and behind the last one at the pace of the whole run."""
        return _between(self.steps, self.seconds, step)

    def step(self, seconds: float) -> float:
        """The step at a time: what `at` undoes."""
        return _between(self.seconds, self.steps, seconds)


def _between(known: list[int] | list[float], wanted: list[int] | list[float], value: float) -> float:
    if not known:
        return value
    place = bisect_right(known, value)
    if place == 0:
        return wanted[0] * value / known[0] if known[0] else 0.0
    if place == len(known):
        return wanted[-1] + (value - known[-1]) * (wanted[-1] / known[-1] if known[-1] else 1.0)
    before, after = known[place - 1], known[place]
    return wanted[place - 1] + (wanted[place] - wanted[place - 1]) * (value - before) / (after - before)
