"""Training images moved at random, each on its own, in one sampling of the batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.data.order import sent


@dataclass(frozen=True)
class Augmentation:
    """How far each training image is moved at random: it enlarges the data by what does not change the class."""

    shift: float = 0.0  # pixels, at most, along each axis
    rotate: float = 0.0  # degrees, at most, either way
    zoom: float = 0.0  # largest change of size: 0.1 is from 1 / 1.1 to 1.1
    slant: float = 0.0  # degrees, at most, that upright strokes lean either way

    def __bool__(self) -> bool:
        return any((self.shift, self.rotate, self.zoom, self.slant))

    def apply(self, images: Tensor, numbers: torch.Generator) -> Tensor:
        """Every image shifted, turned, zoomed and slanted on its own, in one sampling of the batch; 0 enters from outside.

        Shapes:
            images (B, C, H, W), float; returns the same
        """
        count, _, height, width = images.shape
        draws = sent(torch.rand(count, 5, generator=numbers), images.device) * 2 - 1  # (B, 5) from -1 to 1
        angle = draws[:, 0] * math.radians(self.rotate)
        slant = (draws[:, 3] * math.radians(self.slant)).tan()
        scale = (draws[:, 4] * math.log1p(self.zoom)).exp()
        sine, cosine = angle.sin() * scale, angle.cos() * scale
        # The grid runs from -1 to 1 along both axes, so a turn in pixels needs the ratio of the sides, a shift 2 / side.
        over, under = (cosine * slant - sine) * (height / width), sine * slant + cosine
        across = torch.stack([cosine, over, draws[:, 1] * (2 * self.shift / width)], dim=1)
        down = torch.stack([sine * (width / height), under, draws[:, 2] * (2 * self.shift / height)], dim=1)
        grid = F.affine_grid(torch.stack([across, down], dim=1), list(images.shape), align_corners=False)  # (B, H, W, 2)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
