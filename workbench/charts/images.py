"""Grey images as terminal cells: blocks where there are greys, braille for one colour, matched glyphs for ASCII."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from workbench.charts.dots import BLANK_BRAILLE, BRAILLE_BITS
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, merge, printable

Image = Sequence[Sequence[int]]  # rows of grey levels, 0 (dark) to 255
Mode = Literal["quadrant", "half", "braille", "ascii"]

_GREYS = 24  # that 256 colours have; more levels would only cost bytes
QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"  # by bits: upper left 1, upper right 2, lower left 4, lower right 8
_FLAT = 12  # grey levels; below this contrast a cell is one colour, which needs no glyph
_BRIGHT = 110  # the level from which braille sets a dot: below the middle, so that thin strokes stay whole
_LEAST = {"quadrant": (10, 5), "half": (10, 5), "braille": (10, 5), "ascii": (14, 7)}  # cells at which a 28x28 digit is legible
_GAP = 1  # cells between images side by side
_BLANK = -1.0  # the level of what belongs to no image

# How much ink each glyph has in a grid of 2x3 over its cell, row by row, as digits: 9 is 40 % ink or more, about the
# densest a letter gets. Measured on DejaVu Sans Mono (Pillow, 40 points, a cell of 24x48 pixels, so 12x16 a digit):
# round(9 * min(1, ink / 0.4)). Digits are left out, since they read as captions, and so are letters that match as
# nothing but noise.
_GLYPHS = r"""
.000022 '111100 `210000 ,000042 :002222 ;002242 -002200 _000044 ~004400 "332200 =007700 +006611 /033440 \305204 |223333
(036123 )311632 <007602 >006720 [326143 ]231624 {146325 }413652 !223311 *333400 #239922 %508805 @339966 &429745 $345745
o008833 d048934 b409843 q008938 p009883 Y335511 P549630 L307044 J240743 T554411 V337722 A339933 M559933 X337733 N539934
K349633 7351630 j023644
"""
INK = [(" ", (0,) * 6), *((entry[0], tuple(map(int, entry[1:]))) for entry in _GLYPHS.split())]


class Layout(NamedTuple):
    """A grid of images: how many side by side and below each other, the cells of one, and of the slot it stands in."""

    columns: int
    rows: int
    width: int
    height: int
    slot: int


def choose_mode(colours: int, utf8: bool) -> Mode:
    """The mode for a terminal: greys need 256 colours, and an escape sequence for almost every cell, which braille does not.

    A thin link is drawn for with 16 colours, and so in braille.
    """
    if not utf8:
        return "ascii"
    return "braille" if colours < 256 else "quadrant"


def draw(image: Image, width: int, height: int, *, mode: Mode, apart: bool = False) -> Rows:
    """The image, its contrast stretched, in all of `width` by `height` cells; a cell is taken as twice as high as wide.

    Args:
        apart: leave the lowest part of the last row blank, so that an image below it does not touch it.
    """
    if width < 1 or height < 1 or not image or not image[0]:
        return fill([], width, height)
    across, down, drawn = MODES[mode]
    pixels = _resized(_stretched(image), width * across, height * down - apart)
    if apart:
        pixels.append([_BLANK] * (width * across))
    rows: Rows = []
    for row in range(height):
        band = pixels[down * row : down * (row + 1)]
        rows.append(merge(drawn([line[across * column : across * (column + 1)] for line in band]) for column in range(width)))
    return rows


def layout(count: int, width: int, height: int, *, mode: Mode, captions: Sequence[str] = (), aspect: float = 1.0) -> Layout:
    """The grid that shows most of `count` images while each stays legible, and those as large as they can be.

    Args:
        aspect: width over height of one image, in pixels.
    """
    captioned = any(captions) and height > 1
    longest = max((cells(printable(caption)) for caption in captions), default=0) if captioned else 0
    least_wide, least_tall = _LEAST[mode]
    grids = [
        _grid(columns, rows, width, height - rows * captioned, longest, aspect)
        for rows in range(1, max(1, min(count, height // least_tall)) + 1)
        for columns in range(1, max(1, min(count, width // least_wide)) + 1)
    ]
    legible = [grid for grid in grids if grid.width >= least_wide and grid.height >= least_tall]
    if legible:
        return max(legible, key=lambda grid: (min(count, grid.columns * grid.rows), grid.width * grid.height))
    largest = grids[0]  # one row, as high as there is room
    return largest._replace(columns=max(1, (width + _GAP) // (largest.slot + _GAP)))


def _grid(columns: int, rows: int, width: int, height: int, caption: int, aspect: float) -> Layout:
    """The largest images of a grid in so much room for them without their captions."""
    slot, tall = (width + _GAP) // columns - _GAP, max(1, height // rows)
    wide = max(1, min(slot, round(2 * tall * aspect)))
    tall = max(1, min(tall, round(wide / 2 / aspect)))
    return Layout(columns, rows, wide, tall, max(wide, min(slot, caption, 2 * wide)))


def page_count(count: int, grid: Layout) -> int:
    """How many pages `count` images take, at least one."""
    return max(1, math.ceil(count / (grid.columns * grid.rows)))


def gallery(images: Sequence[Image], captions: Sequence[str], width: int, height: int, *, mode: Mode, page: int = 0) -> Rows:
    """Images side by side with a caption under each (`7 not 1 .93`); pages beyond the last begin again at the first."""
    if width < 1 or height < 1 or not images:
        return fill([], width, height)
    first = images[0]
    aspect = len(first[0]) / len(first) if first and first[0] else 1.0
    grid = layout(len(images), width, height, mode=mode, captions=captions, aspect=aspect)
    start = page % page_count(len(images), grid) * grid.columns * grid.rows
    rows: Rows = []
    for line in range(grid.rows):
        places = range(start + line * grid.columns, min(start + (line + 1) * grid.columns, len(images)))
        apart = line < grid.rows - 1 and not any(captions)
        tiles = [draw(images[place], grid.width, grid.height, mode=mode, apart=apart) for place in places]
        rows += [_beside([tile[index] for tile in tiles], grid) for index in range(grid.height)]
        if any(captions) and height > 1:
            texts = [captions[place] if place < len(captions) else "" for place in places]
            rows.append(_beside([[Span(fit(text, grid.slot, ascii_only=mode == "ascii"), "muted")] for text in texts], grid, grid.slot))
    return fill(rows, width, height)


def _beside(parts: Sequence[Row], grid: Layout, width: int | None = None) -> Row:
    taken = grid.width if width is None else width
    return [span for part in parts for span in [*part, Span(" " * (grid.slot + _GAP - taken))]]


def _stretched(image: Image) -> list[list[float]]:
    low, high = min(map(min, image)), max(map(max, image))
    scale = 255 / (high - low) if high > low else 0.0
    return [[(level - low) * scale for level in row] for row in image]


def _resized(image: Sequence[Sequence[float]], width: int, height: int) -> list[list[float]]:
    """Each new pixel is the mean of the area it covers: rows first, then columns."""
    across, down = _shares(len(image[0]), width), _shares(len(image), height)
    narrow = [[sum(row[place] * share for place, share in shares) for shares in across] for row in image]
    return [
        [sum(level) for level in zip(*([level * share for level in narrow[place]] for place, share in shares), strict=True)]
        for shares in down
    ]


@lru_cache(maxsize=64)
def _shares(old: int, new: int) -> list[list[tuple[int, float]]]:
    """For each of `new` pixels, which of `old` ones it covers and by what share."""
    covered: list[list[tuple[int, float]]] = []
    for index in range(new):
        start, end = index * old / new, (index + 1) * old / new
        places = range(int(start), min(old, max(int(start) + 1, math.ceil(end - 1e-9))))
        weights = [min(place + 1, end) - max(place, start) for place in places]
        covered.append([(place, weight / sum(weights)) for place, weight in zip(places, weights, strict=True)])
    return covered


def _grey(level: float) -> int:
    return round(level / 255 * (_GREYS - 1)) * 255 // (_GREYS - 1)


def _half(pixels: list[list[float]]) -> Span:
    (upper,), (lower,) = pixels
    if lower == _BLANK:
        return Span("▀", "", _grey(upper))
    top, bottom = _grey(upper), _grey(lower)
    return Span(" ", "", None, top) if top == bottom else Span("▀", "", top, bottom)


def _quadrant(pixels: list[list[float]]) -> Span:
    """Two greys a cell: the means of its pixels above and below the mean of all four."""
    if pixels[1][0] == _BLANK:
        return Span("▀", "", _grey(sum(pixels[0]) / 2))
    levels = [*pixels[0], *pixels[1]]
    mean = sum(levels) / 4
    if max(levels) - min(levels) < _FLAT:
        return Span(" ", "", None, _grey(mean))
    bright = [level for level in levels if level > mean]
    dark = [level for level in levels if level <= mean]
    bits = sum(1 << place for place, level in enumerate(levels) if level > mean)
    return Span(QUADRANTS[bits], "", _grey(sum(bright) / len(bright)), _grey(sum(dark) / len(dark)))


def _braille(pixels: list[list[float]]) -> Span:
    bits = sum(BRAILLE_BITS[column][row] for row in range(4) for column in range(2) if pixels[row][column] >= _BRIGHT)
    return Span(chr(BLANK_BRAILLE | bits))


def _ascii(pixels: list[list[float]]) -> Span:
    return Span(_nearest_glyph(tuple(max(0, round(level / 255 * 9)) for row in pixels for level in row)))


@lru_cache(maxsize=4096)
def _nearest_glyph(ink: tuple[int, ...]) -> str:
    """The glyph whose ink lies most like that, by the sum of squares over the 2x3 grid."""
    return min(INK, key=lambda entry: sum((have - want) ** 2 for have, want in zip(entry[1], ink, strict=True)))[0]


MODES: dict[str, tuple[int, int, Callable[[list[list[float]]], Span]]] = {  # pixels in a cell, across and down
    "quadrant": (2, 2, _quadrant),
    "half": (1, 2, _half),
    "braille": (2, 4, _braille),
    "ascii": (2, 3, _ascii),
}
