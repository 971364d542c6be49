"""What to look at while two networks play: samples, the way from one to another, and the real image next to each."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from recipes.gan.data import Reals
from recipes.gan.judging import Judge
from recipes.gan.model import Adversaries
from workbench.recipe import Preview

SAMPLES = 32  # a grid of 4 x 8
_STEPS = 8  # images of a way
_NEIGHBOURS = 8  # samples that are shown beside their nearest real image
_CHUNK = 4096  # real images compared at a time
_YARDSTICK = 64  # held-out images whose distance to their nearest training image is the measure for the samples'


class Gallery:
    """Draws the previews of a run, always from the same noise."""

    def __init__(self, reals: Reals, judge: Judge, latent: int, *, conditional: bool) -> None:
        self._reals = reals
        self._noise, drawn = judge.noise("previews", SAMPLES, latent)
        self._labels: Tensor | None = None
        if conditional:  # class by class, so that each column or row of the grid is one
            self._labels = torch.arange(SAMPLES, device=drawn.device) % len(reals.classes)
        self._typical = _nearest(reals, reals.images(held_out=True)[:_YARDSTICK])[0].median()

    def previews(self, networks: Adversaries) -> Iterator[Preview]:
        """The previews `samples`, `interpolation` and `nearest`."""
        samples = networks.sample(self._noise, self._labels)
        names = () if self._labels is None else tuple(self._reals.classes[label] for label in self._labels.tolist())
        yield Preview("samples", "samples: from a fixed noise", "images", images=_grey(samples), captions=names)
        yield self._interpolation(networks)
        yield self._nearest(samples[:_NEIGHBOURS])

    def _interpolation(self, networks: Adversaries) -> Preview:
        """From one noise to another along the sphere on which noise of many numbers lies."""
        start, end = self._noise[:2]
        angle = torch.acos(torch.nn.functional.cosine_similarity(start, end, dim=0).clamp(-1, 1))
        share = torch.linspace(0, 1, _STEPS, device=start.device)[:, None]
        between = (((1 - share) * angle).sin() * start + (share * angle).sin() * end) / angle.sin()  # (steps, Z)
        labels = None if self._labels is None else self._labels[:1].expand(_STEPS)
        return Preview(
            "interpolation", "interpolation: from one sample to another", "images", images=_grey(networks.sample(between, labels))
        )

    def _nearest(self, samples: Tensor) -> Preview:
        """Each sample and, behind it, the training image most like it, with their distance (root mean square of pixels)."""
        distances, images = _nearest(self._reals, samples)
        pairs = torch.stack([samples, images], dim=1).flatten(0, 1)
        captions = tuple(caption for distance in distances.tolist() for caption in ("sample", f"at {distance:.2f}"))
        title = f"nearest images: samples, each with the training image most like it (real ones: {float(self._typical):.2f})"
        return Preview("nearest", title, "images", images=_grey(pairs), captions=captions)


def real_images(reals: Reals, count: int) -> Preview:
    """The first images of the first epoch, each with its class."""
    images, labels = next(reals.train.epoch(0))
    captions = tuple(reals.classes[label] for label in labels[:count].tolist())
    title = f"{min(count, len(images))} of a batch of {len(images)} real images"
    return Preview("batch", title, "images", images=_grey((images[:count] + 1) / 2), captions=captions)


def _nearest(reals: Reals, images: Tensor) -> tuple[Tensor, Tensor]:
    """The distance (B,) of each image to the training image that is nearest in pixels, and that image (B, C, H, W)."""
    split = reals.train.split
    wanted = images.flatten(1)
    best = torch.full((len(images),), torch.inf, device=images.device)
    found = torch.zeros(len(images), dtype=torch.long, device=images.device)
    for start in range(0, len(split), _CHUNK):
        real = split.images[start : start + _CHUNK].flatten(1).float() / split.info.brightest
        distances, places = torch.cdist(wanted, real).min(dim=1)
        found = torch.where(distances < best, places + start, found)
        best = torch.minimum(best, distances)
    return best / wanted.shape[1] ** 0.5, split.images[found].float() / split.info.brightest


def _grey(images: Tensor) -> Tensor:
    """(N, H, W) from 0 to 255 of images (N, C, H, W) from 0 to 1, channels averaged."""
    return (images.float().mean(dim=1) * 255).round().clamp(0, 255).byte().cpu()
