"""Labelled images that lie on the device, cut into batches there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from workbench.data.catalogue import ImageInfo, find_images
from workbench.data.order import generator, order, sent
from workbench.data.split import apart, fingerprint, scarce
from workbench.data.vision import folder
from workbench.data.vision.augmentation import Augmentation
from workbench.data.vision.baselines import baselines
from workbench.data.vision.labelled import Split, measured, normalise, unit_range
from workbench.data.vision.origin import Own, read
from workbench.errors import WorkbenchError

UNMOVED = Augmentation()
HERE = Own()  # only what needs neither network nor folder


class TrainingBatches:
    """The training split in batches, in an order and with an augmentation that follow from (seed, epoch) alone."""

    unit: str = "img"

    def __init__(self, split: Split, batch_size: int, seed: int, augmentation: Augmentation = UNMOVED) -> None:
        self.split = split
        self.examples = len(split)
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation

    def resized(self, batch_size: int) -> TrainingBatches:
        return TrainingBatches(self.split, batch_size, self.seed, self.augmentation)

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

    @property
    def labelled(self) -> bool:
        """Whether the images have classes; without them all labels are 0."""
        return self.test.info.labelled


def load_images(
    name: str,
    *,
    device: torch.device,
    batch_size: int,
    seed: int,
    split_seed: int = 0,
    examples_per_class: int | None = None,
    augmentation: Augmentation = UNMOVED,
    labels: Literal["required", "optional"] = "required",
    own: Own = HERE,
    baseline: bool = True,
) -> ImageData:
    """A data set by its name in the catalogue, checked, split and put on the device.

    `seed` orders and augments the batches; `split_seed` alone decides which examples are in which split. A test split that
    the data set keeps by itself stays what it is. With `labels` optional, a folder of images without classes will do; see
    `ImageData.labelled`. Without `baseline` none is measured, which takes longer than all else.

    Raises:
        WorkbenchError: there is no such data set, it is missing or damaged, or is not what a classifier can learn from.
    """
    info, images, numbers, homes = read(find_images(name), own, optional=labels == "optional")
    parts = apart(numbers, homes, info.split, split_seed)
    _check_parts(info, parts)
    indices = parts if examples_per_class is None else (scarce(parts[0], numbers, examples_per_class, split_seed), *parts[1:])
    info = measured(info, images[indices[0]])
    train, validation, test = (Split(info, images[part].to(device), numbers[part].to(device)) for part in indices)
    about = _about(info, {"train": train, "validation": validation, "test": test})
    about |= {"split": _rule(info, homes, split_seed, examples_per_class), "split_hash": fingerprint(*indices)}
    if info.labelled and baseline:
        about["baseline"] = _baselines(f"{info.sha256} {info.shape} {about['split_hash']}", train, test)
    if name == "folder":
        own.notice(_balance(train))
    return ImageData(TrainingBatches(train, batch_size, seed, augmentation), validation, test, about)


def outline(name: str, own: Own = HERE, *, labels: Literal["required", "optional"] = "required") -> ImageInfo:
    """Shape and classes of a data set without reading an image; a folder is looked through for its classes.

    Raises:
        WorkbenchError: there is no such data set or folder.
    """
    info = find_images(name)
    if name != "folder":
        return info
    return replace(info, shape=own.folder.shape, classes=folder.classes_in(own.folder, optional=labels == "optional"))


def _check_parts(info: ImageInfo, parts: tuple[Tensor, Tensor, Tensor]) -> None:
    for name, part in zip(("training", "validation", "test"), parts, strict=True):
        if not len(part):
            raise WorkbenchError(
                f"the {name} split of `{info.name}` is empty: there are too few images to divide",
                "ten of each class are enough; or put them into folders train, val and test yourself",
            )


def _balance(train: Split) -> str:
    counts = train.labels.bincount(minlength=max(1, len(train.info.classes))).tolist()
    if not train.info.labelled:
        return f"{counts[0]:,} training images, without classes"
    listed = ", ".join(f"{name} {count:,}" for name, count in zip(train.info.classes, counts, strict=True))
    uneven = "; uneven: class_weights balanced makes the classes count alike" if max(counts) > 2 * max(1, min(counts)) else ""
    return f"training images of each class: {listed}{uneven}"


_KNOWN: dict[str, dict[str, float]] = {}  # a helper that has measured them becomes the worker, whose first step waits for them


def _baselines(key: str, train: Split, test: Split) -> dict[str, float]:
    """The baselines of a split, measured once in a process; `key` tells data and split apart from others."""
    if key not in _KNOWN:
        _KNOWN[key] = baselines(train, test)
    return dict(_KNOWN[key])


def _about(info: ImageInfo, splits: dict[str, Split]) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "source": info.source,
        "sha256": info.sha256,
        "licence": info.licence,
        "examples": {name: len(split) for name, split in splits.items()},
        "classes": list(info.classes),
        "task": _task(info),
        "baseline": {},
    }


def _task(info: ImageInfo) -> str:
    channels, height, width = info.shape
    image = f"{height}x{width} {'grey' if channels == 1 else 'colour'}"
    return f"name the class of a {image} image, one of {len(info.classes)}" if info.labelled else f"{image} images without classes"


def _rule(info: ImageInfo, homes: Tensor, split_seed: int, examples_per_class: int | None) -> str:
    shares = dict(zip(("training", "validation", "test"), info.split, strict=True))
    kept = [name for number, name in ((1, "validation"), (2, "test")) if bool((homes == number).any())]
    cut = [name for name in shares if name not in kept]
    shares["training"] += sum(shares[name] for name in kept)
    words = f"{'/'.join(f'{100 * shares[name]:.0f}' for name in cut)} % {'/'.join(cut)}"
    words += f", {' and '.join(kept)} kept apart by the data set" if kept else ""
    fewer = "" if examples_per_class is None else f", of the training split {examples_per_class} per class"
    return f"stratified by class, {words}, split_seed {split_seed}{fewer}"
