"""Grey images as terminal cells: blocks where there are greys, braille for one colour, matched glyphs for ASCII."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
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
_LEAST_ASCII = (14, 7)  # cells at which a digit is legible in matched glyphs
_LEAST_WIDE, _LEAST_TALL = 12, 6  # cells that are enough for any image; a smaller one wants a cell for each pixel across
_MOST_TIMES = 64  # as large as its pixels, or as small
_GAP = 1  # cells between images side by side
_RAISED = 64  # the darkest level of every other row of images that touch, which tells one from the next
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


class Size(NamedTuple):
    """How an image is drawn: the cells it takes, the mode, and how often each pixel is repeated, or how many share a part of a cell."""

    width: int
    height: int
    mode: Mode
    times: Fraction = Fraction(0)  # cells across for one pixel; 0 is however large


class Layout(NamedTuple):
    """A grid of images: how many side by side and below each other, the size of one, the slot it stands in, rows between, captions."""

    columns: int
    rows: int
    size: Size
    slot: int
    between: int
    captioned: bool

    @property
    def most(self) -> int:
        return self.columns * self.rows


def choose_mode(colours: int, utf8: bool) -> Mode:
    """The mode for a terminal: greys need 256 colours, and an escape sequence for almost every cell, which braille does not.

    A thin link is drawn for with 16 colours, and so in braille.
    """
    if not utf8:
        return "ascii"
    return "braille" if colours < 256 else "quadrant"


def draw(image: Image, width: int, height: int, *, mode: Mode) -> Rows:
    """The image, its contrast stretched, in all of `width` by `height` cells; a cell is taken as twice as high as wide."""
    if width < 1 or height < 1 or not image or not image[0]:
        return fill([], width, height)
    across, down, _ = MODES[mode]
    return _cells(_resized(_stretched(image), width * across, height * down), width, height, mode)


def exact(image: Image, size: Size, *, darkest: int = 0) -> Rows:
    """The image with all of its pixels equally large, blank where they do not fill the last cells."""
    if not size.times:
        return draw(image, size.width, size.height, mode=size.mode)
    across, down, _ = MODES[size.mode]
    wide, tall = size.times * across, size.times * down / 2  # parts of cells for one pixel, or the other way round
    levels = [[darkest + level * (255 - darkest) / 255 for level in row] for row in _stretched(image)]
    pixels = _repeated(levels, wide, tall)
    pixels = [row + [float(darkest)] * (size.width * across - len(row)) for row in pixels]
    pixels += [[_BLANK] * (size.width * across)] * (size.height * down - len(pixels))
    return _cells(pixels, size.width, size.height, size.mode)


def sizes(width: int, height: int, mode: Mode) -> list[Size]:
    """In which sizes an image of so many pixels can be drawn with all of them equally large, the smallest first, from a legible one on.

    Glyphs are matched to whatever lies below a cell, so that in ASCII every size will do.
    """
    if mode == "ascii":
        wide, tall = _LEAST_ASCII
        found = [Size(max(1, round(2 * rows * width / height)), rows, mode) for rows in range(1, _MOST_TIMES)]
        return [size for size in found if size.width >= wide and size.height >= tall] or found[-1:]
    smaller = [Fraction(1, 2 * share) for share in range(_MOST_TIMES, 0, -1)]
    larger = [Fraction(times) for times in range(1, _MOST_TIMES)]
    if mode == "braille":
        larger = [Fraction(times, 2) for times in range(2, _MOST_TIMES)]
    found = [_size(width, height, times, mode) for times in [*smaller, *larger]]
    least = min(width, _LEAST_WIDE), min(-(-height // 2), _LEAST_TALL)
    return [size for size in found if size.width >= least[0] and size.height >= least[1]]


def _size(width: int, height: int, times: Fraction, mode: Mode) -> Size:
    """With greys a pixel of a cell or more is drawn in half blocks: nothing is joined, and every pixel keeps its own grey."""
    if mode in ("quadrant", "half"):
        mode = "half" if times >= 1 else "quadrant"
    return Size(math.ceil(width * times), math.ceil(height * times / 2), mode, times)


def layout(
    count: int,
    width: int,
    height: int,
    *,
    mode: Mode,
    captions: Sequence[str] = (),
    pixels: tuple[int, int] = (28, 28),
    enough: int | None = None,
) -> Layout:
    """The grid that shows most of `count` images while each stays legible, and those as large as they can be.

    Captions say what an image is, and are left out only where none would be legible with them.

    Args:
        pixels: of one image, across and down.
        enough: so many in sight are no worse than more of them, if they are larger; the others have further pages.
    """
    count = count if enough is None else min(count, enough)
    possible = sizes(*pixels, mode)
    without = _fullest(count, width, height, possible, ())
    if not any(captions) or height < 2:
        return without
    found = _fullest(count, width, height, possible, captions)
    return without if found.size not in possible and without.size in possible else found


def _fullest(count: int, width: int, height: int, possible: Sequence[Size], captions: Sequence[str]) -> Layout:
    grids = [_grid(width, height, size, slot, between, bool(captions))
             for size in possible for slot in _slots(size, captions) for between in ((1,) if captions else (1, 0))
             if size.width <= width and size.height + bool(captions) <= height]  # fmt: skip
    if grids:
        return max(grids, key=lambda grid: (min(count, grid.most), grid.size.width * grid.size.height, grid.between, grid.slot))
    small = _fitting(possible[0], max(1, width), max(1, height - bool(captions)))  # not legible, but all that there is room for
    return _grid(width, height, small, small.width, 0, bool(captions))


def _grid(width: int, height: int, size: Size, slot: int, between: int, captioned: bool) -> Layout:
    each = size.height + (1 if captioned else between)
    rows = max(1, (height + (0 if captioned else between)) // each)
    return Layout(max(1, (width + _GAP) // (slot + _GAP)), rows, size, slot, 0 if captioned else between, captioned)


def _slots(size: Size, captions: Sequence[str]) -> set[int]:
    """How wide the place of an image may be: as its captions want it, whole or without their last words, or no wider than it is."""
    words = [printable(caption).split(" ") for caption in captions]
    whole = max((cells(" ".join(each)) for each in words), default=0)
    brief = max((cells(" ".join(each[:-1] or each)) for each in words), default=0)
    return {max(size.width, min(wanted, 2 * size.width)) for wanted in (whole, brief)} | {size.width}


def _fitting(size: Size, width: int, height: int) -> Size:
    """As much of the size as there is room for, whatever becomes of its pixels."""
    tall = max(1, min(height, width * size.height // max(1, size.width)))
    return Size(max(1, min(width, round(tall * size.width / size.height))), tall, "quadrant" if size.mode == "half" else size.mode)


def page_count(count: int, grid: Layout) -> int:
    """How many pages `count` images take, at least one."""
    return max(1, math.ceil(count / grid.most))


def gallery(
    images: Sequence[Image], captions: Sequence[str], width: int, height: int, *, mode: Mode, page: int = 0, enough: int | None = None
) -> Rows:
    """Images side by side with a caption under each (`7, said 1 .93`); pages beyond the last begin again at the first."""
    if width < 1 or height < 1 or not images or not images[0] or not images[0][0]:
        return fill([], width, height)
    pixels = len(images[0][0]), len(images[0])
    grid = layout(len(images), width, height, mode=mode, captions=captions, pixels=pixels, enough=enough)
    start = page % page_count(len(images), grid) * grid.most
    rows: Rows = []
    for line in range(grid.rows):
        places = range(start + line * grid.columns, min(start + (line + 1) * grid.columns, len(images)))
        darkest = _RAISED if line % 2 and not grid.captioned and not grid.between else 0
        tiles = [exact(images[place], grid.size, darkest=darkest) for place in places]
        rows += [_beside([tile[index] for tile in tiles], grid, grid.size.width) for index in range(grid.size.height)]
        rows += [[Span("")]] * grid.between
        if grid.captioned:
            texts = [brief(captions[place] if place < len(captions) else "", grid.slot) for place in places]
            rows.append(_beside([[Span(fit(text, grid.slot, ascii_only=mode == "ascii"), "muted")] for text in texts], grid, grid.slot))
    return fill(rows, width, height)


def brief(caption: str, width: int) -> str:
    """A caption without its last words where it is too long, rather than with a part of one: `9, said 5` for `9, said 5 .93`."""
    words = printable(caption).split(" ")
    while len(words) > 1 and cells(" ".join(words)) > width:
        words.pop()
    return " ".join(words)


def _beside(parts: Sequence[Row], grid: Layout, width: int) -> Row:
    return [span for part in parts for span in [*part, Span(" " * (grid.slot + _GAP - width))]]


def _cells(pixels: list[list[float]], width: int, height: int, mode: Mode) -> Rows:
    across, down, drawn = MODES[mode]
    rows: Rows = []
    for row in range(height):
        band = pixels[down * row : down * (row + 1)]
        rows.append(merge(drawn([line[across * column : across * (column + 1)] for line in band]) for column in range(width)))
    return rows


def _repeated(image: list[list[float]], wide: Fraction, tall: Fraction) -> list[list[float]]:
    """Each pixel as often as that, or the mean of as many as share a place."""
    if wide < 1:
        share = round(1 / wide)
        image = [[sum(row[at : at + share]) / len(row[at : at + share]) for at in range(0, len(row), share)] for row in image]
    if tall < 1:
        share = round(1 / tall)
        bands = [image[at : at + share] for at in range(0, len(image), share)]
        image = [[sum(levels) / len(levels) for levels in zip(*band, strict=True)] for band in bands]
    return [[level for level in row for _ in range(max(1, int(wide)))] for row in image for _ in range(max(1, int(tall)))]


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
        return Span(" ") if upper == _BLANK else Span("▀", "", _grey(upper))
    top, bottom = _grey(upper), _grey(lower)
    return Span(" ", "", None, top) if top == bottom else Span("▀", "", top, bottom)


def _quadrant(pixels: list[list[float]]) -> Span:
    """Two greys a cell: the means of its pixels above and below the mean of all four."""
    if pixels[1][0] == _BLANK:
        return Span(" ") if pixels[0][0] == _BLANK else Span("▀", "", _grey(sum(pixels[0]) / 2))
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
