"""Image files as a classifier takes them, and images as a PNG."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.data.vision.folder import SUFFIXES
from workbench.errors import ExitCode, WorkbenchError
from workbench.paths import short

Invert = Literal["auto", "yes", "no"]
_LEAST_TILE = 64  # pixels of a drawn image's longer side in a PNG: smaller ones are enlarged
_GAP = 2  # pixels between two of them
_BRIGHT = 0.5


def listed(paths: Sequence[Path]) -> list[Path]:
    """The files, and all images in the folders and below them.

    Raises:
        WorkbenchError: something is not there, or a folder holds no image.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
            if not inside:
                raise WorkbenchError(f"there is no image in {short(path)}", f"files that end in {', '.join(sorted(SUFFIXES))} are read")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise WorkbenchError(f"there is no file {short(path)}", "name an image file, several, or a folder", code=ExitCode.NOT_FOUND)
    return found


def read(path: Path, shape: tuple[int, int, int], *, on_dark: bool, invert: Invert = "auto") -> tuple[Tensor, str]:
    """An image file as (C, H, W) from 0 to 1, and in words what was done to it.

    The whole image is kept: what is not square is padded with the colour of its edge. Where grey images are wanted that are
    bright on dark, one with a bright edge is inverted.

    Raises:
        WorkbenchError: it cannot be read as an image.
    """
    from PIL import Image, ImageOps

    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as opened:
            image: Image.Image = ImageOps.exif_transpose(opened)
            colours = "grey" if image.mode in ("1", "L", "LA", "I;16", "I", "F") else "colour"
            size = f"{image.width}x{image.height} {colours}"
            if image.mode in ("I;16", "I", "F"):
                image = _eight_bits(image)
            if "A" in image.mode or "transparency" in image.info:
                seen = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
            image = image.convert("L" if shape[0] == 1 else "RGB")
            pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(image.height, image.width, -1)
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise WorkbenchError(f"{short(path)} has too many pixels: at most {most:,} are read", "scale it down first") from error
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:  # what Pillow raises for broken files
        why = getattr(error, "strerror", None) or str(error)
        why = "not an image" if type(error).__name__ == "UnidentifiedImageError" else why
        raise WorkbenchError(f"{short(path)} cannot be read: {why}", "PNG, JPEG and what else Pillow reads will do") from error
    found = pixels.permute(2, 0, 1).float() / 255
    done = [size] if tuple(found.shape) == shape else [f"{size} -> {shape[2]}x{shape[1]} {'grey' if shape[0] == 1 else 'colour'}"]
    inverted = invert == "yes" or (invert == "auto" and on_dark and shape[0] == 1 and float(_edge(found).median()) > _BRIGHT)
    if inverted:
        found = 1 - found
        done.append("inverted")
    if bool((found == found[:, :1, :1]).all()):
        done.append("blank: all of it has one colour")
    return resized(found, shape[1:]), ", ".join(done)


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """(C, H, W) at another size, the whole of it: padded with the median of its edge to the wanted sides' ratio first."""
    if tuple(image.shape[1:]) == size:
        return image
    height, width = image.shape[1:]
    wide, tall = max(width, round(height * size[1] / size[0])), max(height, round(width * size[0] / size[1]))
    padded = _edge(image).median(dim=1).values[:, None, None].expand(-1, tall, wide).clone()
    top, left = (tall - height) // 2, (wide - width) // 2
    padded[:, top : top + height, left : left + width] = image
    smaller = F.interpolate(padded[None], size, mode="bilinear", antialias=True, align_corners=False)[0]
    return smaller.clamp(0, 1)


def centred(image: Tensor) -> Tensor:
    """A drawing (C, H, W) moved by whole pixels so that its middle is the image's, as those of data sets are."""
    ink = image.amax(dim=0) > 0.1  # (H, W)
    if not bool(ink.any()):
        return image
    moves = []
    for axis, side in ((1, image.shape[1]), (0, image.shape[2])):
        places = ink.any(dim=axis).nonzero()[:, 0]
        moves.append((side - 1 - int(places[0]) - int(places[-1])) // 2)
    return image.roll((moves[0], moves[1]), dims=(1, 2))


def sheet(images: Tensor, columns: int | None = None) -> bytes:
    """Images (N, C, H, W) from 0 to 1 as one PNG: side by side in rows, small ones enlarged by a whole number."""
    from PIL import Image

    count, channels, height, width = images.shape
    across = columns or math.isqrt(max(0, count - 1)) + 1
    scale = max(1, _LEAST_TILE // max(height, width))
    mode = "L" if channels == 1 else "RGB"
    levels = (images * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().cpu()
    down = -(-count // across)
    size = (across * (width * scale + _GAP) - _GAP, down * (height * scale + _GAP) - _GAP)
    page = Image.new(mode, size, 64 if mode == "L" else (64, 64, 64))
    for place in range(count):
        tile = Image.frombytes(mode, (width, height), levels[place].numpy().tobytes())
        tile = tile.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        page.paste(tile, (place % across * (width * scale + _GAP), place // across * (height * scale + _GAP)))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def grey(images: Tensor) -> dict[str, Any]:
    """Images (N, C, H, W) from 0 to 1 as a preview has them: `shape` and `pixels`, colours as grey."""
    levels = (images.float().mean(dim=1) * 255).round().clamp(0, 255).byte().cpu().contiguous()
    return {"kind": "images", "shape": list(levels.shape), "pixels": base64.b64encode(levels.numpy().tobytes()).decode()}


def in_batches(images: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(images), size):
        yield images[start : start + size]


def _edge(image: Tensor) -> Tensor:
    """The pixels around an image (C, H, W), as (C, P)."""
    return torch.cat([image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]], dim=1)


def _eight_bits(image: Any) -> Any:
    """An image of deeper pixels, stretched from its darkest to its brightest."""
    low, high = image.convert("F").getextrema()
    scale = 255 / (high - low) if high > low else 0.0
    return image.convert("F").point(lambda level: level * scale - low * scale).convert("L")
