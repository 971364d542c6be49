"""How much of a digit survives being drawn in a terminal: drawn, turned back into pixels, and named by the GAN's own evaluator.

    python -m tests.benchmarks.previews [--images 1000] [--width 14] [--height 7]

Each glyph counts as what the terminal shows: block glyphs are their greys, braille its dots, and a letter its ink in the 2x3
densities that were measured on a font. The pixels are brought back to the images' size by area.
"""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.gan.data import load
from recipes.gan.judging import evaluator_of
from tests.training_runs import configure
from workbench.charts.dots import BLANK_BRAILLE, BRAILLE_BITS
from workbench.charts.images import INK, MODES, QUADRANTS, Mode, draw
from workbench.charts.rows import Rows, Span
from workbench.finding import find_recipe

LEAST_ASCII = 0.85
_INK = dict(INK)


def pixels(rows: Rows, mode: Mode) -> Tensor:
    """The drawing as the terminal shows it, (H, W) from 0 to 1: a few pixels a cell."""
    across, down, _ = MODES[mode]
    cells = [[_cell(character, span, mode) for span in row for character in span.text] for row in rows]
    return torch.tensor(cells).view(len(rows), -1, down, across).permute(0, 2, 1, 3).reshape(len(rows) * down, -1)


def _cell(character: str, span: Span, mode: Mode) -> list[float]:
    """The brightness of a cell's pixels from 0 to 1, row by row."""
    light, dark = (0.0 if level is None else level / 255 for level in (span.foreground, span.background))
    if mode == "half":
        return [light if character == "▀" else dark, dark]
    if mode == "quadrant":
        bits = QUADRANTS.index(character)
        return [light if bits >> place & 1 else dark for place in range(4)]
    if mode == "braille":
        bits = 0 if character == " " else ord(character) - BLANK_BRAILLE
        return [float(bool(bits & BRAILLE_BITS[column][row])) for row in range(4) for column in range(2)]
    return [ink / 9 for ink in _INK[character]]


def named(images: Tensor, mode: Mode, width: int, height: int) -> Tensor:
    """Images (N, 1, H, W) from 0 to 1 as they come back from drawings of so many cells."""
    levels = (images[:, 0] * 255).round().int().tolist()
    drawn = torch.stack([pixels(draw(image, width, height, mode=mode), mode) for image in levels])[:, None]
    return F.interpolate(drawn, size=images.shape[2:], mode="area")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--width", type=int, default=14, help="cells")
    parser.add_argument("--height", type=int, default=7, help="cells")
    given = parser.parse_args()
    torch.set_num_threads(1)
    reals = load(configure(find_recipe("gan"), "mnist"), torch.device("cpu"))
    judge = evaluator_of(reals)
    images, labels = reals.images(held_out=True)[: given.images], reals.labels(held_out=True)[: given.images]
    right = float((judge.look(images)[1] == labels).float().mean())
    print(f"{len(images)} held-out digits of 28x28 pixels, named right as they are: {right:.1%}")
    shares = {}
    for mode in ("quadrant", "half", "braille", "ascii"):
        seen = judge.look(named(images, mode, given.width, given.height))[1]
        shares[mode] = float((seen == labels).float().mean())
        print(f"{mode:9} in {given.width}x{given.height} cells: {shares[mode]:.1%}", flush=True)
    if (given.width, given.height) == (14, 7) and shares["ascii"] < LEAST_ASCII:
        raise SystemExit(f"the ASCII drawing is named right in {shares['ascii']:.1%}, wanted at least {LEAST_ASCII:.0%}")


if __name__ == "__main__":
    main()
