"""Many series as shades over time, one below the other: the gradient of each layer, from the first to the last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.charts.axis import Limits, labels, position, ticks, usable
from workbench.charts.dots import Column
from workbench.charts.rows import Row, Rows, Span, cells, cut, fill, fit, merge, pad, printable, width_of
from workbench.charts.series.line import Columns
from workbench.charts.series.marks import Mark, around
from workbench.units import compact

ASCII_SHADES = " .:-=+*#%@"
SHADES = " ░▒▓█"
_GREYS = 24  # that 256 colours have
_DARKEST, _BRIGHTEST = 48, 215  # of 255: both are told from no value, on a dark ground and on a white one
_NARROWEST = 8
_VALUE = 8  # cells of the latest value: "5.81e-10"; a cut exponent would be another number
_MOST_NAME = 1 / 4  # of the width
_CELLS_PER_LABEL = 10
_MOST_ROWS = 10  # of one layer, where there is room
_REMARK = 8  # cells of a word beside the value, where the shades keep most of the width
_WIDE = 60
_ARROWS = {"explode": ("↑", "^"), "vanish": ("↓", "v")}


@dataclass(frozen=True)
class Layer:
    """One row of a strip.

    Attributes:
        remark: in a word, why the layer stands out; empty where it does not.
        nonfinite_at: where a value was NaN or infinite.
    """

    name: str
    columns: Columns
    latest: float | None = None
    remark: str = ""
    nonfinite_at: Sequence[float] = ()


def render(
    layers: Sequence[Layer],
    width: int,
    height: int,
    *,
    x_limits: Limits,
    y_limits: Limits,
    log: bool = True,
    form: Callable[[float], str] = compact,
    x_unit: str = "",
    ascii_only: bool = False,
    greys: bool = True,
    title: str = "",
    cursor: float | None = None,
    chosen: int | None = None,
    marks: Sequence[Mark] = (),
    placeholder: str = "",
) -> Rows:
    """Draw a row of shades for each layer, its name before it and its value behind it, below a title with the scale of the shades.

    Where there are more layers than rows, neighbours share a row, which shows the greatest value of them and what stands out;
    with a chosen layer those around it are shown, and how many there are besides.

    Args:
        y_limits: the values of the darkest and of the brightest shade; both above zero where `log`.
        log: whether shades go by the logarithm of the values.
        form: how a value is written.
        x_unit: what x is, where that is not steps.
        chosen: the layer whose name is marked.
        marks: what was done during the run, as letters on the x axis.
    """
    x_limits, y_limits = usable(x_limits), usable(y_limits, log)
    part = _Part(y_limits, log)
    room = height - bool(title) - 1
    every = len(layers)
    if chosen is None and every > room > 0:
        layers = [_joined(layers[index * every // room : (index + 1) * every // room]) for index in range(room)]
    key = [Span(f"{form(y_limits[0])} ", "muted"), *scale(ascii_only, greys), Span(f" {form(y_limits[1])}", "muted")]
    remark = f" ({every} in {len(layers)} rows)" if len(layers) < every else ""
    head = _heading(title + remark, key, width, ascii_only)
    top = [head or [Span(cut(title + remark, width, ascii_only=ascii_only), "title")]] if title else []
    gutter = _gutter(layers, width, ascii_only)
    says = _REMARK if width >= _WIDE and any(layer.remark for layer in layers) else 0
    across = width - gutter - _VALUE - 1 - says
    if not layers or room < 1 or across < _NARROWEST:
        return fill([*top, [Span(fit(placeholder, width, align="center", ascii_only=ascii_only), "muted")]], width, height)
    shown = window(len(layers), room, chosen)
    thick = max(1, min(_MOST_ROWS, room // len(layers)))
    names = _names([layer.name for layer in layers], gutter - 1, ascii_only)
    rows: Rows = []
    for place in shown:
        name_ink = "cursor" if place == chosen else "mark" if layers[place].remark else "axis"
        name = [Span(names[place], name_ink), Span(" ")]
        shades = _shades(layers[place], across, x_limits, part, ascii_only, greys, cursor)
        rows.append(merge([*name, *shades, *_value(layers[place], form, says, ascii_only)]))
        rows += [merge([Span(" " * gutter), *shades, Span(" " * (_VALUE + 1 + says))])] * (thick - 1)
    hidden = len(layers) - len(shown)
    foot = _foot(gutter, across, x_limits, x_unit, f"+{hidden}" if hidden else "", marks)
    if title and not head:  # the scale stands where the labels of the x axis end
        free = width - width_of(key)
        foot = [*pad(foot, max(gutter, free - 1)), Span(" "), *key]
    return fill([*top, *rows, foot], width, height)


class _Part:
    """Where a value lies between the darkest shade and the brightest, from 0 to 1."""

    def __init__(self, bounds: Limits, log: bool) -> None:
        self._log = log
        self._low, self._high = map(math.log10, bounds) if log else bounds

    def __call__(self, value: float) -> float:
        if self._log:
            if not value > 0:
                return 0.0
            value = math.log10(value)
        return max(0.0, min(1.0, (value - self._low) / (self._high - self._low)))


def _heading(title: str, key: Sequence[Span], width: int, ascii_only: bool) -> Row:
    """The title, and at the right end which shade is which value; empty where both do not fit."""
    title = printable(title, ascii_only=ascii_only)
    blank = width - cells(title) - width_of(key)
    return [Span(title, "title"), Span(" " * blank), *key] if blank >= 2 else []


@dataclass(frozen=True)
class _Greatest:
    """Several series as one: the greatest of their values."""

    parts: tuple[Columns, ...]

    def columns(self, count: int, x_low: float, x_high: float) -> list[Column | None]:
        found = zip(*(_held(part.columns(count, x_low, x_high)) for part in self.parts), strict=True)
        return [max((column for column in columns if column is not None), key=lambda column: column[2], default=None) for columns in found]

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        reaches = [reach for part in self.parts if (reach := part.extent(x_low, x_high)) is not None]
        return (min(low for low, _ in reaches), max(high for _, high in reaches)) if reaches else None


def _joined(layers: Sequence[Layer]) -> Layer:
    """Neighbours in one row, named after those of them that stand out, else after the first and the last."""
    if len(layers) == 1:
        return layers[0]
    known = [layer.latest for layer in layers if layer.latest is not None and math.isfinite(layer.latest)]
    odd = next((layer for layer in layers if layer.remark), None)
    return Layer(
        odd.name if odd else _from_to(layers[0].name, layers[-1].name),
        _Greatest(tuple(layer.columns for layer in layers)),
        max(known, default=None),
        odd.remark if odd else "",
        [x for layer in layers for x in layer.nonfinite_at],
    )


def _from_to(first: str, last: str) -> str:
    """`block.0-3.norm`: where names differ in one word, only that is said twice; else the modules that both are in are said once."""
    words, others = first.split("."), last.split(".")
    differ = [place for place, pair in enumerate(zip(words, others, strict=False)) if pair[0] != pair[1]]
    if len(words) == len(others) and len(differ) == 1:
        words[differ[0]] += f"-{others[differ[0]]}"
        return ".".join(words)
    shared = differ[0] if differ else 0
    return f"{first}-{'.'.join(others[shared:])}"


def _names(names: Sequence[str], width: int, ascii_only: bool) -> list[str]:
    """The names in exactly `width` cells: of the modules as many letters as fit, or where that makes two alike only the ends."""
    whole = [printable(name, ascii_only=ascii_only) for name in names]
    most = max((len(name) for name in whole), default=0)
    while most > 1 and any(cells(_abridged(name, most)) > width for name in whole):
        most -= 1
    short = [_abridged(name, most) for name in whole]
    alike = Counter(short)
    shown = [name if alike[name] == 1 else full for name, full in zip(short, whole, strict=True)]
    return [fit(_end_of(name, width, ascii_only), width, ascii_only=ascii_only) for name in shown]


def _abridged(name: str, most: int) -> str:
    """`enc.ahead.0` of `encoder.ahead.0`: at most so many letters of each module, but all of a number and of the last word."""
    *modules, last = name.split(".")
    return ".".join([*(word if word.isdigit() or "-" in word else word[:most] for word in modules), last])


def _end_of(name: str, width: int, ascii_only: bool) -> str:
    """The end of a name that is too long, which tells layers apart rather than its beginning."""
    sign = ""
    while cells(sign + name) > max(0, width) and name:
        name, sign = name[1:], "~" if ascii_only else "…"
    return sign + name


def window(count: int, room: int, chosen: int | None) -> range:
    """The layers for which there is room, the chosen one among them."""
    start = max(0, min(count - room, (chosen or 0) - room // 2))
    return range(start, min(count, start + room))


def _gutter(layers: Sequence[Layer], width: int, ascii_only: bool) -> int:
    longest = max((cells(printable(layer.name, ascii_only=ascii_only)) for layer in layers), default=0)
    return max(2, min(longest, int(_MOST_NAME * width)) + 1)


def _shades(layer: Layer, width: int, x_limits: Limits, part: _Part, ascii_only: bool, greys: bool, cursor: float | None) -> list[Span]:
    lost = {position(x, *x_limits, width) for x in layer.nonfinite_at}
    at = None if cursor is None else position(cursor, *x_limits, width)
    spans = []
    for place, column in enumerate(_held(layer.columns.columns(width, *x_limits))):
        if place in lost:
            span = Span("!", "mark")
        elif column is None:
            span = Span(" " if ascii_only else "·", "muted")
        else:
            span = _shade(part(column[2]), ascii_only, greys)
        if place == at:  # black and white on every shade
            span = Span("|" if ascii_only else "│", "", *((255, 0) if span.background is not None else (None, None)))
        spans.append(span)
    return spans


def _held(columns: Sequence[Column | None]) -> list[Column | None]:
    """The columns without the gaps between two: a value holds until the next one is logged."""
    newest = max((place for place, column in enumerate(columns) if column is not None), default=-1)
    held: list[Column | None] = []
    for place, column in enumerate(columns):
        held.append(held[-1] if column is None and held and place < newest else column)
    return held


def scale(ascii_only: bool, greys: bool, width: int = 5) -> list[Span]:
    """The shades from the least value to the greatest."""
    if greys and not ascii_only:
        return [_shade(place / (width - 1), ascii_only, greys) for place in range(width)]
    return [Span((ASCII_SHADES if ascii_only else SHADES)[1:])]


def _shade(part: float, ascii_only: bool, greys: bool) -> Span:
    if greys and not ascii_only:
        level = _DARKEST + round(part * (_GREYS - 1)) * (_BRIGHTEST - _DARKEST) // (_GREYS - 1)
        return Span(" ", "", None, level)
    shades = ASCII_SHADES if ascii_only else SHADES
    return Span(shades[max(1, round(part * (len(shades) - 1)))])


def _value(layer: Layer, form: Callable[[float], str], says: int, ascii_only: bool) -> list[Span]:
    """The value, and of a layer that stands out why: in a word where there is room for one, else by an arrow."""
    text = "" if layer.latest is None else form(layer.latest)
    ink = "mark" if layer.remark else ""
    if says:
        return [Span(" " + fit(text, _VALUE), ink), Span(fit(layer.remark, says), ink)]
    sign = _ARROWS.get(layer.remark, ("", ""))[ascii_only] if cells(text) < _VALUE else ""
    return [Span(" " + fit(text + sign, _VALUE), ink)]


def _foot(gutter: int, width: int, x_limits: Limits, unit: str, hidden: str, marks: Sequence[Mark]) -> Row:
    """The labels of the x axis, what was done to the run, and how many layers are not in sight."""
    letters = [" "] * width
    values = ticks(*x_limits, max(1, width // _CELLS_PER_LABEL))
    for value, label in zip(values, labels(values), strict=True):
        place = position(value, *x_limits, width)
        words = f"{label} {unit}" if unit and value == values[-1] else label
        if place is not None:
            start = max(0, min(place - len(label) // 2, width - len(words)))
            if not "".join(letters[max(0, start - 1) : start + len(words)]).strip():
                letters[start : start + len(words)] = words[:width]
    row = [Span(letter, "axis") for letter in letters]
    for mark in marks:
        place = position(mark.x, *x_limits, width)
        free = [at for at in around(place, 0, width) if row[at].text == " "] if place is not None else []
        if free:
            row[free[0]] = Span(mark.letter, "mark")
    return merge([Span(fit(hidden, gutter), "muted"), *row])
