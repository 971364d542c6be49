"""Horizontal bars with a label and a value each: class probabilities, F1 per class."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from workbench.charts.rows import Rows, Span, cells, fill, fit, printable
from workbench.units import compact

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_MOST_LABEL = 0.4  # of the width
_SHORTEST_BAR = 3  # cells; with less room, label and value stand alone


def render(
    labels: Sequence[str],
    values: Sequence[float],
    width: int,
    height: int,
    *,
    maximum: float | None = None,
    highlight: int | None = None,
    form: Callable[[float], str] = compact,
    ascii_only: bool = False,
) -> Rows:
    """Draw a row for each label; of more than fit, the last row says how many are left out.

    Args:
        maximum: the value of a full bar, 1 for probabilities; by default the greatest value.
        highlight: the place of a bar to draw in another colour and with `*`, such as the true class.
        form: how a value is written.
    """
    names = [printable(label, ascii_only=ascii_only) for label in labels]
    texts = [form(value) for value in values]
    finite = [value for value in values if math.isfinite(value)]
    full = max(finite, default=0.0) if maximum is None else maximum
    text_width = max(map(cells, texts), default=0)
    sign_width = 0 if highlight is None else 1
    name_width = min(max(map(cells, names), default=0), int(_MOST_LABEL * width))
    bar_width = width - sign_width - name_width - text_width - 2
    if bar_width < _SHORTEST_BAR:
        bar_width = -1  # neither a bar nor the blank after it
        name_width = max(0, width - sign_width - text_width - 1)
    rows: Rows = []
    for index, (name, value, text) in enumerate(zip(names, values, texts, strict=False)):
        chosen = index == highlight
        bar = _bar(value / full if full > 0 else 0.0, bar_width, ascii_only)
        rows.append([
            Span("*".rjust(sign_width) if chosen else " " * sign_width, "mark"),
            Span(fit(name, name_width) + " "),
            Span(bar + " " if bar_width > 0 else "", "series1" if chosen else "series0"),
            Span(text.rjust(text_width), "" if math.isfinite(value) else "mark"),
        ])  # fmt: skip
    if len(rows) > height > 0:
        rows[height - 1 :] = [[Span(f"+ {len(rows) - height + 1} more", "muted")]]
    return fill(rows, width, height)


def _bar(share: float, width: int, ascii_only: bool) -> str:
    share = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
    if ascii_only:
        return ("#" * round(share * width)).ljust(width)
    full, eighths = divmod(round(share * max(0, width) * 8), 8)
    return ("█" * full + _EIGHTHS[eighths]).ljust(width)
