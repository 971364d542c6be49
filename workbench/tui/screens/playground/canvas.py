"""A small grey image to draw on, and how its pixels stand in cells."""

from __future__ import annotations

import base64
from typing import NamedTuple

from workbench.charts.rows import Row, Rows, Span, merge
from workbench.tui.theme import Look

_FULL = 255
_EDGE = 110  # grey of what a wide pen touches
_WIDE_FROM = 16  # pixels a side from which a stroke is two pixels wide with soft edges, as in 28x28 digits
_ASCII = " .:-=+*#%@"
_BLOCKS = " ░▒▓█"
_BRIGHT = 100  # grey from which half a cell is marked where there are no greys
_FEW = 256  # colours below which there are no greys


class Form(NamedTuple):
    """How pixels stand in cells: each on `2 * scale` by `scale` of them, or with scale 0 two in a cell, one above the other."""

    scale: int
    width: int
    height: int


class Canvas:
    """Grey levels from 0 to 255, and a pen."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.levels = [[0] * width for _ in range(height)]
        self.x, self.y = width // 2, height // 4
        self.is_down = False

    def move(self, right: int, down: int) -> bool:
        """Move the pen by one pixel; whether it drew."""
        self.x = max(0, min(self.width - 1, self.x + right))
        self.y = max(0, min(self.height - 1, self.y + down))
        if self.is_down:
            self.dab()
        return self.is_down

    def dab(self, level: int = _FULL) -> None:
        """Draw, or with level 0 rub out, where the pen is."""
        wide = min(self.width, self.height) >= _WIDE_FROM
        for down in (0, 1) if wide else (0,):
            for right in (0, 1) if wide else (0,):
                self._touch(self.x + right, self.y + down, level)
        if wide and level:
            for right, down in ((-1, 0), (-1, 1), (2, 0), (2, 1), (0, -1), (1, -1), (0, 2), (1, 2)):
                self._touch(self.x + right, self.y + down, _EDGE)

    def clear(self) -> None:
        """Rub out all, and lift the pen."""
        self.levels = [[0] * self.width for _ in range(self.height)]
        self.is_down = False

    def show(self, pixels: bytes) -> None:
        """Another image in its place, row by row."""
        self.levels = [list(pixels[start : start + self.width]) for start in range(0, len(pixels), self.width)]
        self.is_down = False

    @property
    def pixels(self) -> str:
        """The image as a question carries it."""
        return base64.b64encode(bytes(level for row in self.levels for level in row)).decode()

    def form(self, width: int, height: int) -> Form:
        """The largest form for so much room."""
        scale = min(width // (2 * self.width), height // self.height)
        return Form(scale, 2 * scale * self.width, scale * self.height) if scale else Form(0, self.width, -(-self.height // 2))

    def pixel(self, column: int, row: int, form: Form) -> tuple[int, int] | None:
        """The pixel at a cell; None beside the image."""
        x, y = (column // (2 * form.scale), row // form.scale) if form.scale else (column, 2 * row)
        return (x, y) if 0 <= x < self.width and 0 <= y < self.height else None

    def rows(self, form: Form, look: Look) -> Rows:
        """The image with the pen."""
        if form.scale:
            return [self._whole(row // form.scale, row % form.scale, form.scale, look) for row in range(form.height)]
        return [merge(self._half(x, 2 * row, look) for x in range(self.width)) for row in range(form.height)]

    def _touch(self, x: int, y: int, level: int) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            self.levels[y][x] = max(self.levels[y][x], level) if level else 0

    def _whole(self, y: int, part: int, scale: int, look: Look) -> Row:
        row: Row = []
        for x, level in enumerate(self.levels[y]):
            if (x, y) == (self.x, self.y) and part == 0:
                row.append(Span(f"[{' ' * (2 * scale - 2)}]", "caret"))
            elif look.ascii_only or look.colours < _FEW:
                shades = _ASCII if look.ascii_only else _BLOCKS
                row.append(Span(shades[level * (len(shades) - 1) // _FULL] * 2 * scale))
            else:
                row.append(Span(" " * 2 * scale, "", None, level))
        return merge(row)

    def _half(self, x: int, y: int, look: Look) -> Span:
        upper, lower = self.levels[y][x], self.levels[y + 1][x] if y + 1 < self.height else 0
        if (x, y // 2) == (self.x, self.y // 2):
            above = self.y % 2 == 0
            other = None if look.colours < _FEW else lower if above else upper
            return Span("^" if above else "v", "caret") if look.ascii_only else Span("▀" if above else "▄", "mark", None, other)
        if look.ascii_only or look.colours < _FEW:
            marks = " '.#" if look.ascii_only else " ▀▄█"
            return Span(marks[(upper >= _BRIGHT) + 2 * (lower >= _BRIGHT)])
        return Span(" ", "", None, upper) if upper == lower else Span("▀", "", upper, lower)
