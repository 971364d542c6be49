"""Labelled images that lie on the device, cut into batches there."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.data.catalogue import ImageInfo, find_images
from workbench.data.order import generator, order, sent
from workbench.data.split import fingerprint, scarce, stratified
from workbench.errors import WorkbenchError

EVALUATION_BATCH = 500  # examples; larger ones are no faster on a CPU, whose caches they leave


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


class TrainingBatches:
    """The training split in batches, in an order and with an augmentation that follow from (seed, epoch) alone."""

    unit: str = "img"

    def __init__(self, split: Split, batch_size: int, seed: int, augmentation: Augmentation = Augmentation()) -> None:
        self.split = split
        self.examples = len(split)
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; the last may be smaller.

        Shapes:
            yields images (B, C, H, W), normalised, and labels (B,)
        """
        visits = sent(order(self.seed, epoch, self.examples), self.split.labels.device)
        for index, chosen in enumerate(torch.split(visits, self.batch_size)[skip:], start=skip):
            images = unit_range(self.split.info, self.split.images[chosen])
            if self.augmentation:
                images = self.augmentation.apply(images, generator("augmentation", self.seed, epoch, index))
            yield normalise(self.split.info, images), self.split.labels[chosen]


@dataclass(frozen=True)
class ImageData:
    """A data set of images, split, and what a run records about it."""

    train: TrainingBatches
    validation: Split
    test: Split
    about: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.test.info.shape

    @property
    def classes(self) -> tuple[str, ...]:
        return self.test.info.classes


def load_images(
    name: str,
    *,
    device: torch.device,
    batch_size: int,
    seed: int,
    split_seed: int = 0,
    examples_per_class: int | None = None,
    augmentation: Augmentation = Augmentation(),
) -> ImageData:
    """A data set by its name in the catalogue, checked, split and put on the device.

    `seed` orders and augments the batches; `split_seed` alone decides which examples are in which split.

    Raises:
        WorkbenchError: there is no such data set, or its file is missing or damaged.
    """
    info = find_images(name)
    images, labels = _read(info)
    parts = stratified(labels, info.split, split_seed)
    indices = parts if examples_per_class is None else (scarce(parts[0], labels, examples_per_class, split_seed), *parts[1:])
    train, validation, test = (Split(info, images[part].to(device), labels[part].to(device)) for part in indices)
    about = _about(info, {"train": train, "validation": validation, "test": test})
    about |= {"split": _rule(info, split_seed, examples_per_class), "split_hash": fingerprint(*indices)}
    return ImageData(TrainingBatches(train, batch_size, seed, augmentation), validation, test, about)


def unit_range(info: ImageInfo, images: Tensor) -> Tensor:
    """Raw pixels as shares of the brightest one, from 0 to 1."""
    return images.float() / info.brightest


def normalise(info: ImageInfo, images: Tensor) -> Tensor:
    """Pixels from 0 to 1 with the mean and deviation of the training data taken out."""
    return (images - info.mean) / info.std


def majority_class(train: Split, test: Split) -> float:
    """Accuracy on `test` of always naming the commonest class of `train`."""
    commonest = train.labels.bincount(minlength=len(train.info.classes)).argmax()
    return int((test.labels == commonest).sum()) / len(test)


def nearest_neighbour(train: Split, test: Split) -> float:
    """Accuracy on `test` of naming the class of the training image that is nearest in pixels (Euclidean distance)."""
    distances = torch.cdist(test.images.flatten(1).float(), train.images.flatten(1).float())  # (N_test, N_train)
    return int((train.labels[distances.argmin(dim=1)] == test.labels).sum()) / len(test)


def _read(info: ImageInfo) -> tuple[Tensor, Tensor]:
    """Images (N, C, H, W) uint8 and labels (N,) of a file whose checksum is right."""
    import numpy as np  # 0.1 s that only a worker should pay

    hint = "install the workbench again, or run `python -m workbench.data.files.rebuild`"
    try:
        content = info.path.read_bytes()
    except OSError as error:
        raise WorkbenchError(f"the data file {info.path} cannot be read: {error.strerror}", hint) from error
    found = hashlib.sha256(content).hexdigest()
    if found != info.sha256:
        raise WorkbenchError(f"the data file {info.path} is damaged: its SHA-256 is {found}, expected {info.sha256}", hint)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        images, labels = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
    return images.view(-1, *info.shape), labels.long()


def _about(info: ImageInfo, splits: dict[str, Split]) -> dict[str, Any]:
    channels, height, width = info.shape
    return {
        "name": info.name,
        "version": info.version,
        "source": info.source,
        "sha256": info.sha256,
        "licence": info.licence,
        "examples": {name: len(split) for name, split in splits.items()},
        "classes": list(info.classes),
        "task": f"name the class of a {height}x{width} {'grey' if channels == 1 else 'colour'} image, one of {len(info.classes)}",
        "baseline": {
            "majority class": majority_class(splits["train"], splits["test"]),
            "nearest neighbour": nearest_neighbour(splits["train"], splits["test"]),
        },
    }


def _rule(info: ImageInfo, split_seed: int, examples_per_class: int | None) -> str:
    shares = "/".join(f"{100 * share:.0f}" for share in info.split)
    fewer = "" if examples_per_class is None else f", of the training split {examples_per_class} per class"
    return f"stratified by class, {shares} % training/validation/test, split_seed {split_seed}{fewer}"
