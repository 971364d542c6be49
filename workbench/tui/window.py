"""The part of a run that a chart shows, and the cursor in it: zoom, pan, reset, as plain arithmetic on steps."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.views.plots.view import CURSOR_STRIDE

_CLOSER = 0.5  # of the visible steps, for one press
_PAN = 0.5
_LEAST_STEPS = 4.0


@dataclass
class Window:
    """Steps from `limits[0]` to `limits[1]`, or the whole run as it grows.

    Attributes:
        cursor: the step that is read; None reads none.
        newest: the last step of the run.
    """

    limits: tuple[float, float] | None = None
    cursor: float | None = None
    newest: int = 1

    @property
    def seen(self) -> tuple[float, float]:
        return self.limits or (0.0, float(self.newest))

    def move(self, by: int) -> None:
        """Move the cursor by a fiftieth of what is seen, at least a step; the window follows it."""
        low, high = self.seen
        at = (low + high) / 2 if self.cursor is None else self.cursor
        self.cursor = float(max(1, min(self.newest, round(at + by * max(1.0, (high - low) * CURSOR_STRIDE)))))
        if self.limits and not low <= self.cursor <= high:
            self._around(self.cursor, high - low)

    def closer(self) -> None:
        low, high = self.seen
        self._around(self._middle, max(_LEAST_STEPS, (high - low) * _CLOSER))

    def farther(self) -> None:
        low, high = self.seen
        span = (high - low) / _CLOSER
        if span >= self.newest:
            self.limits = None
        else:
            self._around(self._middle, span)

    def pan(self, by: int) -> None:
        """Half a window earlier or later; the cursor stays on its step."""
        if self.limits:
            low, high = self.limits
            self._around((low + high) / 2 + by * _PAN * (high - low), high - low)

    def whole(self) -> None:
        self.limits = None

    def live(self) -> None:
        """The whole run as it goes on, without a cursor."""
        self.limits = self.cursor = None

    @property
    def _middle(self) -> float:
        low, high = self.seen
        return (low + high) / 2 if self.cursor is None else self.cursor

    def _around(self, middle: float, span: float) -> None:
        low = max(0.0, min(middle - span / 2, self.newest - span))
        self.limits = (low, low + span)
