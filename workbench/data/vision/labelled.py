"""Labelled images on the device, and how their pixels become a model's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from workbench.data.catalogue import ImageInfo

EVALUATION_BATCH = 500  # examples; larger ones are no faster on a CPU, whose caches they leave


@dataclass(frozen=True)
class Split:
    """The examples of one split: raw images (N, C, H, W) uint8 and labels (N,), on the device."""

    info: ImageInfo
    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int = EVALUATION_BATCH) -> Iterator[tuple[Tensor, Tensor]]:
        """All examples in their order: images (B, C, H, W) as a model takes them, labels (B,)."""
        for images, labels in zip(torch.split(self.images, size), torch.split(self.labels, size), strict=True):
            yield normalise(self.info, unit_range(self.info, images)), labels


def unit_range(info: ImageInfo, images: Tensor) -> Tensor:
    """Raw pixels as shares of the brightest one, from 0 to 1."""
    return images.float() / info.brightest


def normalise(info: ImageInfo, images: Tensor) -> Tensor:
    """Pixels from 0 to 1 with the mean and deviation of the training data taken out, channel by channel."""
    if isinstance(info.mean, float) and isinstance(info.std, float):
        return (images - info.mean) / info.std
    return (images - _per_channel(info.mean, images.device)) / _per_channel(info.std, images.device)


def images_in_words(info: ImageInfo) -> str:
    """How images come to a network: shape, type, range and what is taken out."""
    channels, height, width = info.shape
    colours = "grey" if channels == 1 else "red, green and blue"
    return (
        f"images (N, {channels}, {height}, {width}), float32: {colours} from 0 (black) to 1 (white), "
        "then minus `mean`, divided by `deviation`, as in the metadata"
    )


def measured(info: ImageInfo, images: Tensor) -> ImageInfo:
    """With the mean and deviation of each channel of the training images (N, C, H, W) where the catalogue has none."""
    if info.mean is not None:
        return info
    shares = torch.arange(256, dtype=torch.double) / info.brightest
    means, deviations = [], []
    for channel in images.unbind(dim=1):  # from a histogram: exact, and 60,000 images take no second copy as floats
        counts = channel.flatten().bincount(minlength=256).double()
        mean = float((counts * shares).sum() / counts.sum())
        means.append(mean)
        deviations.append(max(1e-6, float((counts * (shares - mean).square()).sum() / counts.sum()) ** 0.5))
    return replace(info, mean=means[0], std=deviations[0]) if len(means) == 1 else replace(info, mean=tuple(means), std=tuple(deviations))


@cache
def _per_channel(values: tuple[float, ...], device: torch.device) -> Tensor:
    """(C, 1, 1) on the device, copied there once: a copy for each batch would make an accelerator wait."""
    return torch.tensor(values, device=device).view(-1, 1, 1)
