"""Previews and strips as PNG pictures, for what shows no terminal."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.views.drawing import Loaded

_LEAST_SIDE = 24  # pixels of a small image's shorter side, after whole magnification
_GAP = (96, 104, 112)
_NOTHING = (128, 128, 128)  # NaN, or where nothing was logged
# Five of viridis, whose lightness rises evenly (van der Walt and Smith 2015, CC0); between them straight lines.
_INKS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


@dataclass(frozen=True)
class Picture:
    """A PNG and its size in pixels."""

    width: int
    height: int
    png: bytes

    @property
    def address(self) -> str:
        """The picture itself as an address, for a page that fetches nothing."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def of(loaded: Loaded) -> Picture | None:
    """The picture of a preview; None for one that is none."""
    if loaded.kind == "images" and loaded.images:
        return _sheet(loaded.images)
    return heat(loaded.matrix) if loaded.kind == "matrix" and loaded.matrix else None


def heat(matrix: Sequence[Sequence[float | None]], *, log: bool = False) -> Picture:
    """A pixel a number, from the lowest (dark) to the highest (light); grey where there is none."""
    values = [[_finite(value, log) for value in row] for row in matrix]
    known = [value for row in values for value in row if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    span = (high - low) or 1.0
    width = max(len(row) for row in values)
    pixels = bytearray()
    for row in values:
        for value in [*row, *[None] * (width - len(row))]:
            pixels += bytes(_NOTHING if value is None else _ink((value - low) / span))
    return _png(width, len(values), bytes(pixels), "RGB")


def _sheet(images: Sequence[Sequence[Sequence[int]]]) -> Picture:
    """All images beside and below each other, nearly square, magnified by a whole number."""
    from PIL import Image

    count, height, width = len(images), len(images[0]), len(images[0][0])
    scale = max(1, -(-_LEAST_SIDE // min(height, width)))
    columns = math.isqrt(max(0, count - 1)) + 1
    rows = -(-count // columns)
    sheet = Image.new("RGB", (columns * (width * scale + 1) - 1, rows * (height * scale + 1) - 1), _GAP)
    for place, image in enumerate(images):
        tile = Image.frombytes("L", (width, height), bytes(pixel for row in image for pixel in row))
        larger = tile.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        sheet.paste(larger, ((place % columns) * (width * scale + 1), (place // columns) * (height * scale + 1)))
    return _encoded(sheet)


def _png(width: int, height: int, pixels: bytes, mode: str) -> Picture:
    from PIL import Image

    return _encoded(Image.frombytes(mode, (width, height), pixels))


def _encoded(image: object) -> Picture:
    from PIL import Image

    assert isinstance(image, Image.Image)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return Picture(image.width, image.height, buffer.getvalue())


def _finite(value: float | None, log: bool) -> float | None:
    if value is None or not math.isfinite(value) or (log and value <= 0):
        return None
    return math.log10(value) if log else value


def _ink(share: float) -> tuple[int, ...]:
    place = max(0.0, min(1.0, share)) * (len(_INKS) - 1)
    left = min(int(place), len(_INKS) - 2)
    return tuple(round(a + (b - a) * (place - left)) for a, b in zip(_INKS[left], _INKS[left + 1], strict=True))
