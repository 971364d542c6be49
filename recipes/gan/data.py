"""Real images as the discriminator takes them: from -1 to 1, the range of the generator's tanh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recipes.gan import Config
from workbench.data import contents as counting
from workbench.data.order import order, sent
from workbench.data.vision.images import load_images, outline
from workbench.data.vision.labelled import Split, unit_range
from workbench.data.vision.origin import own_images
from workbench.recipe import Contents, Run

Batch = tuple[Tensor, Tensor]


class RealImages:
    """The training split in batches, in an order that follows from (seed, epoch) alone."""

    unit: str = "img"

    def __init__(self, split: Split, batch_size: int, seed: int) -> None:
        self.split = split
        self.batch_size = min(batch_size, len(split))
        self.examples = len(split) // self.batch_size * self.batch_size
        self.seed = seed

    def resized(self, batch_size: int) -> RealImages:
        return RealImages(self.split, batch_size, self.seed)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0) without its first `skip` ones.

        All are whole, since a norm over the last few images would be another than over a batch; who is left out changes.

        Shapes:
            yields images (B, C, H, W) from -1 to 1 and labels (B,)
        """
        visits = sent(order(self.seed, epoch, len(self.split))[: self.examples], self.split.images.device)
        for chosen in torch.split(visits, self.batch_size)[skip:]:
            yield unit_range(self.split.info, self.split.images[chosen]) * 2 - 1, self.split.labels[chosen]


@dataclass(frozen=True)
class Reals:
    """All that a run needs of its data set."""

    train: RealImages
    held_out: tuple[Split, ...]
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    about: dict[str, Any]

    def images(self, *, held_out: bool) -> Tensor:
        """Images (N, C, H, W) from 0 to 1: those held out of training, or the others."""
        return torch.cat([unit_range(split.info, split.images) for split in self._splits(held_out)])

    def labels(self, *, held_out: bool) -> Tensor:
        return torch.cat([split.labels for split in self._splits(held_out)])

    def _splits(self, held_out: bool) -> tuple[Split, ...]:
        return self.held_out if held_out else (self.train.split,)


def load(config: Config, device: torch.device, run: Run | None = None) -> Reals:
    """The images that the settings ask for, on the device; a run is told how far it is and what was left out.

    Raises:
        WorkbenchError: samples are to be judged by classes, and the images have none.
    """
    settings, machine = config.data, config.machine
    data = load_images(
        settings.dataset,
        device=device,
        batch_size=settings.batch_size,
        seed=machine.seed,
        split_seed=machine.split_seed,
        labels="required" if settings.labels else "optional",
        own=own_images(config.data, run),
        baseline=False,  # samples are judged by distances, not by how well they are classified
    )
    train = RealImages(data.train.split, settings.batch_size, machine.seed)
    return Reals(train, (data.validation, data.test), data.shape, data.classes, data.about)


def contents(config: Config) -> Contents:
    """The real images of each split and, where they are labelled, of each class in the training split and the first batch."""
    data = load(config, torch.device("cpu"))
    _, labels = next(data.train.epoch(0))
    tallies = [counting.classes(data.classes, data.train.split.labels, labels)] if config.data.labels else []
    return counting.contents(data.train, data.about, *tallies)


def shape_and_classes(config: Config) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """(C, H, W) and the names of the classes, without reading an image."""
    info = outline(config.data.dataset, own_images(config.data), labels="required" if config.data.labels else "optional")
    return info.shape, info.classes
