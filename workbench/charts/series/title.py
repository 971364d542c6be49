"""The row above a chart: its name and legend, the latest and the best value, and how many values were not finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from workbench.charts.rows import Row, Span, cut, pad, printable, width_of
from workbench.units import compact, grouped

_LEAST_NAME = 8  # cells that a long name may be cut to
SERIES = 8  # that have an ink of their own; a ninth takes the first one's
MARKERS = "ox*+#@%&bcdeghkmnpqrstuvwyzADEH"  # the first eight stand out best
_PATTERNS = ("1", "1100", "10", "111110", "1000", "11110100", "111000", "110100")  # neighbours and like colours differ most
DASHES = tuple(tuple(letter == "1" for letter in pattern) for pattern in _PATTERNS)
_DASH_LEGENDS = ("⠒⠒", "⠒", "⠂⠂", "⠒⠒⠂", "⠂", "⠒⠒⠐", "⠒⠂", "⠒⠐")  # one period of each, or two cells of it
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
    lost_as: str = "NaN",
    note: str = "",
    form: Callable[[float], str] = compact,
    ascii_only: bool = False,
) -> Row:
    """One row of exactly `width` cells: `loss  o D v 0.52  x G ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150`.

    What does not fit is left out in this order: digits behind the third and the labels but for their first letters, the
    arrows, the step of the best value, the best value, the values of several lines, where the first NaN was, the last
    labels, the end of the name, the name, the count of NaN.

    Args:
        best: the best value and its step.
        note: a few words more, left out where the step of the best value is.
        nonfinite: how many values were not finite, and the step of the first.
        lost_as: what those were.
        form: how a value is written.
    """
    row: Row = []
    count = (nonfinite[0], nonfinite[1], lost_as) if nonfinite else None
    for row in _candidates(name, readings, width, best, count, note, form, ascii_only):
        if width_of(row) <= width:
            break
    return pad(row, max(0, width))


def legends(
    readings: Sequence[Reading], width: int, rows: int, *, form: Callable[[float], str] = compact, ascii_only: bool = False
) -> list[Row]:
    """The readings in at most `rows` rows of exactly `width` cells; values go before labels, and of labels the last ones.

    Every reading has its place in the row whether its values fit or not, so its sign is always that of its line.
    """
    rounded = [reading._replace(value=reading.value if reading.value is None else _three_digits(reading.value)) for reading in readings]
    level = [reading._replace(trend=0.0) for reading in rounded]
    for shown in (readings, rounded, level):
        parts = [[_sign(at, each, " ", ascii_only), *_reading(each, form, ascii_only)] for at, each in enumerate(shown)]
        if found := _in_rows(parts, width, rows):
            return found
    names = [_name(at, each, ascii_only) for at, each in enumerate(readings)]
    for count in range(len(names), 0, -1):
        rest = [[Span(f"+{len(names) - count}", "muted")]] if count < len(names) else []
        if found := _in_rows([*names[:count], *rest], width, rows):
            return found
    return []


def _in_rows(parts: Sequence[Row], width: int, most: int) -> list[Row]:
    """The parts one behind the other, as many in a row as fit; empty where there are too many."""
    rows: list[Row] = [[]]
    for part in parts:
        longer = _spaced([rows[-1], part])
        if width_of(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(list(part))
    return [pad(row, width) for row in rows] if len(rows) <= most and all(width_of(row) <= width for row in rows) else []


def _name(index: int, reading: Reading, ascii_only: bool) -> Row:
    label = printable(reading.label, ascii_only=ascii_only)
    return [_sign(index, reading, " " if label else "", ascii_only), Span(label)]


def _candidates(
    name: str,
    readings: Sequence[Reading],
    width: int,
    best: tuple[float, float] | None,
    nonfinite: tuple[int, float, str] | None,
    note: str,
    form: Callable[[float], str],
    ascii_only: bool,
) -> Iterator[Row]:
    """Rows that say less and less, each made only if the one before did not fit."""
    name = printable(name, ascii_only=ascii_only)
    head = [Span(name, "title")] if name else []
    place = f" @ {_step(best[1])}" if best else ""
    remark = [Span(printable(note, ascii_only=ascii_only), "muted")] if note else []
    count = [Span(f"{nonfinite[0]:,} {nonfinite[2]}", "mark")] if nonfinite else []
    count_and_place = [*count, Span(f" @ {_step(nonfinite[1])}", "mark")] if nonfinite else []

    def record(where: str, change: Callable[[float], float] = float) -> Row:
        return [Span("best ", "muted"), Span(form(change(best[0])) + where)] if best else []

    def signed(parts: Sequence[Row], space: str = " ") -> list[Row]:
        if len(parts) < 2:  # of one series the marker says nothing
            return list(parts)
        return [
            [_sign(index, reading, space, ascii_only), *part] for index, (reading, part) in enumerate(zip(readings, parts, strict=True))
        ]

    labelled = signed([_reading(reading, form, ascii_only) for reading in readings])
    yield _spaced([head, *labelled, record(place), remark, count_and_place])
    tight = " " if ascii_only else ""
    short = _shortened(readings, ascii_only)
    brief = signed([_reading(reading, form, ascii_only, tight=True) for reading in short], tight)
    yield _spaced([head, *brief, record(place, _three_digits), remark, count_and_place], " ")
    level = signed([_reading(reading._replace(trend=0.0), form, ascii_only) for reading in readings])
    yield _spaced([head, *level, record(""), count_and_place])
    even = signed([_reading(reading._replace(trend=0.0), form, ascii_only) for reading in short], tight)
    yield _spaced([head, *even, record("", _three_digits), count_and_place], " ")
    yield _spaced([head, *labelled, count_and_place])
    yield _spaced([head, *brief, count_and_place], " ")
    yield _spaced([head, *even, count_and_place], " ")
    bare = [_reading(reading._replace(trend=0.0, label=""), form, ascii_only) for reading in readings[:1]]
    names = [_name(index, reading, ascii_only) for index, reading in enumerate(readings)] if len(readings) > 1 else bare
    for said in (count_and_place, count):
        yield _spaced([head, *names, said])
        yield _spaced([head, *names, said], " ")
    for shown in range(len(names) - 1, 1, -1):
        yield _spaced([head, *names[:shown], [Span(f"+{len(names) - shown}", "muted")], count])
    yield _cut(name, [*names, count], width, ascii_only)
    values = signed([_reading(reading._replace(trend=0.0, label=""), form, ascii_only) for reading in readings])
    yield _cut(name, [*values, count], width, ascii_only)
    yield _spaced([*names, count])
    yield _spaced([*values, count])
    yield _cut(name, [count], width, ascii_only)
    yield _spaced(bare or [head])


def _sign(index: int, reading: Reading, space: str, ascii_only: bool) -> Span:
    """How the line looks, before its reading."""
    sign = legend(index, marker=reading.marker, style=reading.style, ascii_only=ascii_only)
    return Span(sign + space, reading.ink or f"series{index % SERIES}")


def _reading(reading: Reading, form: Callable[[float], str], ascii_only: bool, *, tight: bool = False) -> Row:
    """`D v 0.52`; tight, the arrow takes the place of the blank behind the label, where there is one."""
    falling, rising = ("v", "^") if ascii_only else ("↓", "↑")
    label = printable(reading.label, ascii_only=ascii_only)
    known = reading.value is not None and math.isfinite(reading.value)
    arrow = (falling if reading.trend < 0 else rising) if reading.trend and known else ""
    close = tight and bool(label) and not ascii_only
    return [
        Span(label if close and arrow else f"{label} " if label else ""),
        Span(arrow if close or not arrow else f"{arrow} ", "muted"),
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
    room = width - width_of(values) - 2
    if not name or room < _LEAST_NAME:
        return [Span(" " * (width + 1))]  # does not fit, so the next is taken
    return _spaced([[Span(_abridged(name, room, ascii_only), "title")], values])


def _abridged(name: str, room: int, ascii_only: bool) -> str:
    """The first words of a name, as many as fit with the sign that there were more."""
    short = cut(name, room, ascii_only=ascii_only)
    words, _, piece = short[:-1].rpartition(" ")
    return words + short[-1] if short != name and len(words) > len(piece) else short


def _shortened(readings: Sequence[Reading], ascii_only: bool) -> list[Reading]:
    """With three digits and the first letters of the labels, where those tell them apart; in ASCII `v` is an arrow, so large ones."""
    letters = [reading.label[:1].upper() if ascii_only else reading.label[:1] for reading in readings]
    labels = letters if len(set(letters)) == len(letters) else [reading.label for reading in readings]
    return [
        reading._replace(label=label, value=reading.value if reading.value is None else _three_digits(reading.value))
        for reading, label in zip(readings, labels, strict=True)
    ]


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}") if math.isfinite(value) else value


def _step(step: float) -> str:
    return grouped(round(step)) if math.isfinite(step) else compact(step)
