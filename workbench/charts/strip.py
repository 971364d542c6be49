"""Many series as shades over time, one below the other: the gradient of each layer, from the first to the last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.charts.axis import Limits, labels, position, ticks, usable
from workbench.charts.dots import Column
from workbench.charts.line import Columns
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, merge, printable
from workbench.units import compact

ASCII_SHADES = " .:-=+*#%@"
SHADES = " ░▒▓█"
_GREYS = 24  # that 256 colours have
_DARKEST = 48  # of 255: the least value is still told from no value, also on a dark grey ground
_NARROWEST = 8
_VALUE = 8  # cells of the latest value: "5.81e-10"; a cut exponent would be another number
_MOST_NAME = 1 / 4  # of the width
_CELLS_PER_LABEL = 10
_MOST_ROWS = 3  # of one layer, where there is room


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
    ascii_only: bool = False,
    greys: bool = True,
    heading: Sequence[Span] = (),
    cursor: float | None = None,
    chosen: int | None = None,
    placeholder: str = "",
) -> Rows:
    """Draw a row of shades for each layer by the logarithm of its values, its name before it and its latest value behind it.

    Where there are more layers than rows, neighbours share a row, which shows the greatest value of them and what stands out;
    with a chosen layer those around it are shown, and how many there are besides.

    Args:
        y_limits: both above zero: the values of the darkest and of the brightest shade.
        chosen: the layer whose name is marked.
    """
    x_limits, y_limits = usable(x_limits), usable(y_limits, log=True)
    top = [list(heading)] if heading else []
    room = height - len(top) - 1
    if chosen is None and len(layers) > room > 0:
        layers = [_joined(layers[index * len(layers) // room : (index + 1) * len(layers) // room]) for index in range(room)]
    gutter = _gutter(layers, width, ascii_only)
    across = width - gutter - _VALUE - 1
    if not layers or room < 1 or across < _NARROWEST:
        return fill([*top, [Span(fit(placeholder, width, align="center", ascii_only=ascii_only), "muted")]], width, height)
    shown = window(len(layers), room, chosen)
    thick = max(1, min(_MOST_ROWS, room // len(layers)))
    rows: Rows = []
    for place in shown:
        name_ink = "cursor" if place == chosen else "mark" if layers[place].remark else "axis"
        name = [Span(_end_of(layers[place].name, gutter - 1, ascii_only), name_ink), Span(" ")]
        shades = _shades(layers[place], across, x_limits, y_limits, ascii_only, greys, cursor)
        rows.append(merge([*name, *shades, *_value(layers[place])]))
        rows += [merge([Span(" " * gutter), *shades, Span(" " * (_VALUE + 1))])] * (thick - 1)
    hidden = len(layers) - len(shown)
    return fill([*top, *rows, _foot(gutter, across, x_limits, f"+{hidden}" if hidden else "")], width, height)


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
        odd.name if odd else f"{layers[0].name}-{layers[-1].name}",
        _Greatest(tuple(layer.columns for layer in layers)),
        max(known, default=None),
        odd.remark if odd else "",
        [x for layer in layers for x in layer.nonfinite_at],
    )


def _end_of(name: str, width: int, ascii_only: bool) -> str:
    """A name, of which the end tells layers apart: where it is too long, its beginning is left out."""
    name = printable(name, ascii_only=ascii_only)
    while cells(name) > max(0, width):
        name = name[1:]
    return fit(name, width, ascii_only=ascii_only)


def window(count: int, room: int, chosen: int | None) -> range:
    """The layers for which there is room, the chosen one among them."""
    start = max(0, min(count - room, (chosen or 0) - room // 2))
    return range(start, min(count, start + room))


def _gutter(layers: Sequence[Layer], width: int, ascii_only: bool) -> int:
    longest = max((cells(printable(layer.name, ascii_only=ascii_only)) for layer in layers), default=0)
    return max(2, min(longest, int(_MOST_NAME * width)) + 1)


def _shades(
    layer: Layer, width: int, x_limits: Limits, y_limits: Limits, ascii_only: bool, greys: bool, cursor: float | None
) -> list[Span]:
    lost = {position(x, *x_limits, width) for x in layer.nonfinite_at}
    at = None if cursor is None else position(cursor, *x_limits, width)
    spans = []
    for place, column in enumerate(_held(layer.columns.columns(width, *x_limits))):
        if place in lost:
            span = Span("!", "mark")
        elif column is None:
            span = Span(" ")
        else:
            span = _shade(_part(column[2], y_limits), ascii_only, greys)
        if place == at:
            span = Span("|" if ascii_only else "┊", "mark", None, span.background)
        spans.append(span)
    return spans


def _held(columns: Sequence[Column | None]) -> list[Column | None]:
    """The columns without the gaps between two: a value holds until the next one is logged."""
    newest = max((place for place, column in enumerate(columns) if column is not None), default=-1)
    held: list[Column | None] = []
    for place, column in enumerate(columns):
        held.append(held[-1] if column is None and held and place < newest else column)
    return held


def _part(value: float, y_limits: Limits) -> float:
    """Where a value lies between the darkest and the brightest, from 0 to 1."""
    if not value > 0:
        return 0.0
    low, high = math.log10(y_limits[0]), math.log10(y_limits[1])
    return max(0.0, min(1.0, (math.log10(value) - low) / (high - low)))


def scale(ascii_only: bool, greys: bool, width: int = 5) -> list[Span]:
    """The shades from the least value to the greatest."""
    if greys and not ascii_only:
        return [_shade(place / (width - 1), ascii_only, greys) for place in range(width)]
    return [Span((ASCII_SHADES if ascii_only else SHADES)[1:])]


def _shade(part: float, ascii_only: bool, greys: bool) -> Span:
    if greys and not ascii_only:
        level = _DARKEST + round(part * (_GREYS - 1)) * (255 - _DARKEST) // (_GREYS - 1)
        return Span(" ", "", None, level)
    shades = ASCII_SHADES if ascii_only else SHADES
    return Span(shades[max(1, round(part * (len(shades) - 1)))])


def _value(layer: Layer) -> list[Span]:
    """The latest value; of a layer that stands out the remark, for the cursor tells its value."""
    text = layer.remark or ("" if layer.latest is None else compact(layer.latest))
    return [Span(" " + fit(text, _VALUE), "mark" if layer.remark else "")]


def _foot(gutter: int, width: int, x_limits: Limits, hidden: str) -> Row:
    """The labels of the x axis, and how many layers are not in sight."""
    letters = [" "] * width
    values = ticks(*x_limits, max(1, width // _CELLS_PER_LABEL))
    for value, label in zip(values, labels(values), strict=True):
        place = position(value, *x_limits, width)
        if place is not None:
            start = max(0, min(place - len(label) // 2, width - len(label)))
            if not "".join(letters[max(0, start - 1) : start + len(label)]).strip():
                letters[start : start + len(label)] = label
    return [Span(fit(hidden, gutter), "muted"), Span("".join(letters), "axis")]
