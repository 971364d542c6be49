"""How good the samples are: measured in a classifier's features where there are labels, in pixels where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.gan.data import Reals
from recipes.gan.model import Adversaries
from workbench.data.order import generator
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.modes import evaluating
from workbench.training.scoring import evaluator, quality

SAMPLES = 2000
_BATCH = 250  # samples drawn at a time, which caches like
_SHOWN = 128  # samples and as many real images that both networks are shown to find units that are dead
_SIDE = 8  # pixels to which images without labels are averaged, or their covariance would be too large to be known


class Judge:
    """Compares samples with all real images of a set; the noise is the same at every evaluation, so that only the weights differ."""

    def __init__(self, reals: Reals, *, labelled: bool, seed: int) -> None:
        self._seed = seed
        self._device = reals.train.split.images.device
        self.labels = torch.cat([reals.labels(held_out=False), reals.labels(held_out=True)])
        self._images = torch.cat([reals.images(held_out=False), reals.images(held_out=True)])
        self._evaluator = evaluator_of(reals) if labelled else None
        if self._evaluator is not None:
            features, _ = self._evaluator.look(self._images)
            self._reference = quality.Reference(features, self.labels, len(reals.classes))
            self.floor = self._reference.floor
        else:
            pixels = _small(self._images)
            self._moments = quality.Moments.of(pixels)
            self._pixels = quality.neighbourhood(pixels)
            self.floor = quality.real_half_floor(pixels)

    @property
    def description(self) -> str:
        """Who judges, in words, with its own accuracy."""
        if self._evaluator is None:
            return "their pixels alone, since without labels there is no classifier"
        return f"a classifier that names {self._evaluator.accuracy:.1%} of held-out images right"

    def noise(self, purpose: str, count: int, latent: int) -> tuple[Tensor, Tensor]:
        """Noise (count, Z) and the labels (count,) of random real images, which follow from the seed and the purpose alone."""
        numbers = generator("noise", purpose, self._seed)
        noise = torch.randn(count, latent, generator=numbers)
        chosen = torch.randint(len(self.labels), (count,), generator=numbers)
        return noise.to(self._device), self.labels[chosen.to(self._device)]

    def evaluate(
        self, networks: Adversaries, split: str, precision: AbstractContextManager[object], *, conditional: bool
    ) -> dict[str, float]:
        """Measures of 2,000 samples, as `<split>/relative_frechet_distance` and so on."""
        noise, labels = self.noise(split, SAMPLES, networks.latent)
        with precision:
            samples = torch.cat([networks.sample(part, classes) for part, classes in _batches(noise, labels if conditional else None)])
        values = self._measure(samples) | {"diversity": quality.diversity(self._images, samples)}
        return {f"{split}/{name}": value for name, value in values.items()}

    @torch.no_grad()
    def dead_units(self, networks: Adversaries, precision: AbstractContextManager[object], *, conditional: bool) -> dict[str, float]:
        """`validation/dead_units/<network>.<layer>`: of the generator, and of the discriminator before real images and samples."""
        noise, labels = self.noise("validation", _SHOWN, networks.latent)
        real, known = 2 * self._images[-_SHOWN:] - 1, self.labels[-_SHOWN:]
        parts = {"generator": networks.generator, "discriminator": networks.discriminator}
        with evaluating(*parts.values()), Activity(parts) as activity, precision:
            fake = networks.generator(noise, labels if conditional else None)
            for images, classes in ((real, known), (fake, labels)):
                networks.discriminator(images, classes if conditional else None)
        return activity.dead("validation")

    def _measure(self, samples: Tensor) -> dict[str, float]:
        if self._evaluator is None:
            pixels = _small(samples)
            precision, recall = quality.precision_and_recall(self._pixels, pixels[: quality.NEIGHBOURHOOD])
            distance = quality.relative_frechet_distance(self._moments, quality.Moments.of(pixels))
            return {"pixel_distance": distance, "precision": precision, "recall": recall}
        return self._reference.measure(*self._evaluator.look(samples))


def evaluator_of(reals: Reals) -> evaluator.Evaluator:
    """The classifier of a data set: trained on its training images, its accuracy that on all others."""
    train, test = (evaluator.Labelled(reals.images(held_out=held), reals.labels(held_out=held)) for held in (False, True))
    key = f"{reals.about['sha256']} {reals.about['split_hash']}"
    return evaluator.obtain(train, test, len(reals.classes), key=key)


def _small(images: Tensor) -> Tensor:
    """(N, C * h * w), h and w at most 8."""
    sides = [min(side, _SIDE) for side in images.shape[2:]]
    return F.adaptive_avg_pool2d(images, sides).flatten(1)


def _batches(noise: Tensor, labels: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    parts = torch.split(noise, _BATCH)
    return zip(parts, [None] * len(parts) if labels is None else torch.split(labels, _BATCH), strict=True)
