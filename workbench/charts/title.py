"""The row above a chart: its name and legend, the latest and the best value, and how many values were not finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from workbench.charts.rows import Row, Span, cells, fit, pad, printable
from workbench.units import compact, grouped

_LEAST_NAME = 8  # cells that a long name may be cut to
SERIES = 8  # that have an ink of their own; a ninth takes the first one's
MARKERS = "ox*+#@%&bcdeghkmnpqrstuvwyzADEH"  # the first eight stand out best
DASHES = ((True, True, True, True), (True, False, True, False), (True, True, False, False), (True, False, False, False))
_DASH_LEGENDS = ("⠒⠒", "⠂⠂", "⠒", "⠂")  # two cells of each of the dashes
_POINT_LEGEND = "⠶"

Style = Literal["line", "points"]


class Reading(NamedTuple):
    """The latest value of one series.

    Attributes:
        trend: by how much it moved; an arrow shows the sign.
        marker: as the line of the chart has it; likewise `ink` and `style`.
    """

    label: str
    value: float | None
    trend: float = 0.0
    marker: str = ""
    ink: str = ""
    style: Style = "line"


def dashes(place: int) -> int:
    """Which of the dashes belong to a place: beyond the eighth, colours come back with others."""
    return (place + place // SERIES) % len(DASHES)


def legend(index: int, *, marker: str = "", style: Style = "line", ascii_only: bool = False) -> str:
    """How the line at this place of a chart looks: its marker in ASCII, else a bit of its dashes."""
    if ascii_only:
        return printable(marker, ascii_only=True)[:1] or MARKERS[index % len(MARKERS)]
    return _POINT_LEGEND if style == "points" else _DASH_LEGENDS[dashes(index)]


def title(
    name: str,
    readings: Sequence[Reading],
    width: int,
    *,
    best: tuple[float, float] | None = None,
    nonfinite: tuple[int, float] | None = None,
    note: str = "",
    form: Callable[[float], str] = compact,
    ascii_only: bool = False,
) -> Row:
    """One row of exactly `width` cells: `loss  o D v 0.52  x G ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150`.

    What does not fit is left out in this order: the arrows, the step of the best value, digits behind the third and the
    labels but for their first letters, the best value, the labels, where the first NaN was, all values but two, the name,
    the count of NaN. Two values go last.

    Args:
        best: the best value and its step.
        note: a few words more, left out where the step of the best value is.
        nonfinite: how many values were not finite, and the step of the first.
        form: how a value is written.
    """
    name = printable(name, ascii_only=ascii_only)
    head = [Span(name, "title")] if name else []
    record = [Span("best ", "muted"), Span(f"{form(best[0])} @ {_step(best[1])}")] if best else []
    short_record = [Span("best ", "muted"), Span(form(best[0]))] if best else []
    brief_record = [Span("best ", "muted"), Span(form(_three_digits(best[0])))] if best else []
    remark = [Span(printable(note, ascii_only=ascii_only), "muted")] if note else []
    count = [Span(f"{nonfinite[0]:,} NaN", "mark")] if nonfinite else []
    count_and_place = [*count, Span(f" @ {_step(nonfinite[1])}", "mark")] if nonfinite else []
    labelled = [_reading(reading, form, ascii_only) for reading in readings]
    level = [_reading(reading._replace(trend=0.0), form, ascii_only) for reading in readings]
    initials = _initials([reading.label for reading in readings])
    brief = [
        _reading(reading._replace(trend=0.0, label=initial, value=_three_digits(reading.value)), form, ascii_only)
        for reading, initial in zip(readings, initials, strict=True)
    ]
    bare = [_reading(reading._replace(trend=0.0, label=""), form, ascii_only) for reading in readings]
    if len(readings) > 1:  # of one series the marker says nothing
        for index, reading in enumerate(readings):
            sign = legend(index, marker=reading.marker, style=reading.style, ascii_only=ascii_only)
            for parts, space in ((labelled, " "), (level, " "), (brief, " " if ascii_only else ""), (bare, " ")):
                parts[index] = [Span(sign + space, reading.ink or f"series{index % SERIES}"), *parts[index]]
    candidates = [
        _spaced([head, *labelled, record, remark, count_and_place]),
        _spaced([head, *level, record, remark, count_and_place]),
        _spaced([head, *level, short_record, count_and_place]),
        _spaced([head, *brief, brief_record, count_and_place], " "),
        _spaced([head, *labelled, count_and_place]),
        _spaced([head, *level, count_and_place]),
        _spaced([head, *bare, count_and_place]),
        _spaced([head, *bare, count]),
        *(_spaced([head, *bare[:shown], [Span(f"+{len(bare) - shown}", "muted")], count]) for shown in range(len(bare) - 1, 1, -1)),
        _cut(name, [*bare, count], width, ascii_only),
        _spaced([*bare, count]),
        _spaced(bare or [head]),
    ]
    fitting = (row for row in candidates if sum(cells(span.text) for span in row) <= width)
    return pad(next(fitting, candidates[-1]), max(0, width))


def _reading(reading: Reading, form: Callable[[float], str], ascii_only: bool) -> Row:
    falling, rising = ("v ", "^ ") if ascii_only else ("↓ ", "↑ ")
    label = printable(reading.label, ascii_only=ascii_only)
    known = reading.value is not None and math.isfinite(reading.value)
    return [
        Span(f"{label} " if label else ""),
        Span((falling if reading.trend < 0 else rising) if reading.trend and known else "", "muted"),
        Span("-" if reading.value is None else form(reading.value), "" if known or reading.value is None else "mark"),
    ]


def _spaced(parts: Sequence[Row], space: str = "  ") -> Row:
    row: Row = []
    for part in parts:
        if part:
            row += [Span(space), *part] if row else part
    return row


def _cut(name: str, rest: Sequence[Row], width: int, ascii_only: bool) -> Row:
    """As much of a long name as stands beside the values, if that is enough to know it by."""
    values = _spaced(rest)
    room = width - sum(cells(span.text) for span in values) - 2
    if not name or room < _LEAST_NAME:
        return [Span(" " * (width + 1))]  # does not fit, so the next is taken
    return _spaced([[Span(fit(name, room, ascii_only=ascii_only).rstrip(), "title")], values])


def _initials(labels: Sequence[str]) -> list[str]:
    """The first letters, where they tell the labels apart."""
    letters = [label[:1] for label in labels]
    return letters if len(set(letters)) == len(letters) else list(labels)


def _three_digits(value: float | None) -> Any:
    return float(f"{value:.3g}") if value is not None and math.isfinite(value) else value


def _step(step: float) -> str:
    return grouped(round(step)) if math.isfinite(step) else compact(step)
