"""Which part of a run is looked at: zoom, pan and cursor of a chart, the way through its previews; plain arithmetic on steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.views.plots.view import CURSOR_STRIDE

_CLOSER = 0.5  # of the visible steps, for one press
_PAN = 0.5
_LEAST_STEPS = 4.0
_FOLLOWS_BY = 0.05  # of what is seen: a window that follows goes on by so much at a time, so that most frames stand still


@dataclass
class Window:
    """Some of the steps of a run, or the whole of it as it grows.

    Attributes:
        fixed: from which step to which, while those stay the same.
        last: how many of the newest steps, while the window follows the run.
        cursor: the step that is read; None reads none.
        newest: the last step of the run.
    """

    fixed: tuple[float, float] | None = None
    last: float | None = None
    cursor: float | None = None
    newest: int = 1

    @property
    def limits(self) -> tuple[float, float] | None:
        """The steps that are seen; None is the whole run."""
        if self.last is None:
            return self.fixed
        stride = max(1.0, self.last * _FOLLOWS_BY)
        high = max(self.last, math.ceil(self.newest / stride) * stride)
        return high - self.last, high

    @property
    def seen(self) -> tuple[float, float]:
        return self.limits or (0.0, float(self.newest))

    def move(self, by: int) -> None:
        """Put the cursor on the newest step that is seen, or move it by a fiftieth of those, at least a step."""
        low, high = self.seen
        if self.cursor is None:
            self.go_to(min(high, self.newest))
        else:
            self.go_to(self.cursor + by * max(1.0, (high - low) * CURSOR_STRIDE))

    def go_to(self, step: float) -> None:
        """Put the cursor on a step; the window follows it, and no longer the run."""
        low, high = self.seen
        self.cursor = float(max(1, min(self.newest, round(step))))
        if self.last is not None:
            self.fixed, self.last = (low, high), None
        if self.fixed and not low <= self.cursor <= high:
            self._around(self.cursor, high - low)

    def closer(self) -> None:
        """Half as many steps: around the cursor, without one the newest, also when there are newer ones."""
        low, high = self.seen
        span = max(_LEAST_STEPS, (high - low) * _CLOSER)
        if self.cursor is None and self.fixed is None:
            self.last = span
        else:
            self._around(self._middle, span)

    def farther(self) -> None:
        low, high = self.seen
        span = (high - low) / _CLOSER
        if span >= self.newest:
            self.whole()
        elif self.last is not None:
            self.last = span
        else:
            self._around(self._middle, span)

    def pan(self, by: int) -> bool:
        """Half a window earlier or later, and on with the run from its end; the cursor stays on its step. Whether it could move."""
        if self.limits is None:
            return False
        low, high = self.limits
        span = high - low
        if self.last is not None and by > 0:
            return True
        self._around((low + high) / 2 + by * _PAN * span, span)
        if by > 0 and self.cursor is None and self.fixed and self.fixed[1] >= self.newest:
            self.fixed, self.last = None, span
        return True

    def whole(self) -> None:
        self.fixed = self.last = None

    def live(self) -> None:
        """The whole run as it goes on, without a cursor."""
        self.fixed = self.last = self.cursor = None

    @property
    def _middle(self) -> float:
        low, high = self.seen
        return (low + high) / 2 if self.cursor is None else self.cursor

    def _around(self, middle: float, span: float) -> None:
        low = max(0.0, min(middle - span / 2, self.newest - span))
        self.fixed, self.last = (low, low + span), None


def following(names: Sequence[str], name: str) -> str:
    """The name behind this one, around the end; the first where this is none of them."""
    place = names.index(name) if name in names else -1
    return names[(place + 1) % len(names)] if names else ""


def scrubbed(steps: tuple[int, ...], step: int | None, by: int) -> int | None:
    """The step of the preview so many places earlier or later; None, the newest, at the end."""
    if not steps:
        return None
    place = (steps.index(step) if step in steps else len(steps) - 1) + by
    return None if place >= len(steps) - 1 else steps[max(0, place)]
