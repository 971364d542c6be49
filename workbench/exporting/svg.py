"""Charts of a run as inline SVG: a band from the lowest to the highest point, the mean over it, marks where somebody intervened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workbench.charts.axis import labels, limits, log_ticks, ticks, usable
from workbench.charts.dots import Column

WIDTH, HEIGHT = 400, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 8, 22  # of the plot within the picture
COLUMNS = 300  # places that a line is drawn at
_TICKS = 5
INKS = 8  # s1 to s8 in the style sheet


@dataclass(frozen=True)
class Line:
    """A named line: lowest, highest and mean of the points at each of COLUMNS places, None where there is none."""

    name: str
    columns: Sequence[Column | None]
    ghost: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step."""

    step: float
    text: str
    is_bad: bool = False


def chart(lines: Sequence[Line], *, last_step: float, log: bool, marks: Sequence[Mark] = (), title: str = "") -> str:
    """An SVG element; its colours are those of the page's style sheet."""
    known = [column for line in lines for column in line.columns if column is not None]
    lows = [low for low, _, _ in known if low > 0 or not log]
    if not known or (log and not lows):
        return f'<svg viewBox="0 0 {WIDTH} 60" role="img"><text x="{WIDTH / 2}" y="34" class="empty">nothing finite to draw</text></svg>'
    y = usable(limits(min(lows), max(high for _, high, _ in known), None, log), log)
    plot = _Plot(max(1.0, last_step), y, log)
    body = [plot.grid(), *(plot.mark(mark) for mark in marks)]
    inked = [line for line in lines if not line.ghost]
    body += [plot.line(line, "ghost") for line in lines if line.ghost]
    body += [plot.line(line, f"s{place % INKS + 1}") for place, line in enumerate(inked)]
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(body)}</svg>'


class _Plot:
    """Where numbers lie in the picture."""

    def __init__(self, last_step: float, y: tuple[float, float], log: bool) -> None:
        self.last_step, self.log = last_step, log
        self.low, self.high = (math.log10(y[0]), math.log10(y[1])) if log else y
        self.y = y

    def across(self, step: float) -> float:
        return _LEFT + step / self.last_step * (WIDTH - _LEFT - _RIGHT)

    def down(self, value: float) -> float:
        place = (math.log10(value) if value > 0 else self.low) if self.log else value
        share = (min(self.high, max(self.low, place)) - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def grid(self) -> str:
        rows = log_ticks(*self.y, _TICKS) if self.log else ticks(*self.y, _TICKS)
        steps = ticks(0.0, self.last_step, _TICKS)
        parts = []
        for value, label in zip(rows, labels(rows, self.log), strict=True):
            at = f"{self.down(value):.1f}"
            parts.append(f'<path class="grid" d="M{_LEFT} {at}H{WIDTH - _RIGHT}"/><text class="y" x="{_LEFT - 6}" y="{at}">{label}</text>')
        for step, label in zip(steps, labels(steps), strict=True):
            parts.append(f'<text class="x" x="{self.across(step):.1f}" y="{HEIGHT - 5}">{label}</text>')
        return "".join(parts)

    def mark(self, mark: Mark) -> str:
        at = f"{self.across(mark.step):.1f}"
        kind = "bad" if mark.is_bad else "mark"
        return f'<path class="{kind}" d="M{at} {_TOP}V{HEIGHT - _BOTTOM}"><title>step {mark.step:,.0f}: {escape(mark.text)}</title></path>'

    def line(self, line: Line, ink: str) -> str:
        """The band and the mean; a gap in the points is a gap in neither, for metrics are logged at different paces."""
        share = self.last_step / max(1, len(line.columns) - 1)
        points = [(self.across(place * share), column) for place, column in enumerate(line.columns) if column is not None]
        mean = " ".join(f"{x:.1f},{self.down(value):.1f}" for x, (_, _, value) in points)
        upper = [f"{x:.1f},{self.down(high):.1f}" for x, (_, high, _) in points]
        lower = [f"{x:.1f},{self.down(low):.1f}" for x, (low, _, _) in points]
        is_wide = any(high > low for _, (low, high, _) in points)
        band = f'<polygon class="band {ink}" points="{" ".join([*upper, *reversed(lower)])}"/>' if is_wide else ""
        if len(points) == 1:
            x, (_, _, value) = points[0]
            return f'<circle class="dot {ink}" cx="{x:.1f}" cy="{self.down(value):.1f}" r="3"><title>{escape(line.name)}</title></circle>'
        return f'{band}<polyline class="line {ink}" points="{mean}"><title>{escape(line.name)}</title></polyline>'
