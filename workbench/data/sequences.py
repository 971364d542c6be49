"""Sequences of numbers with one answer each or one at each step: generated tasks, and images read in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from workbench.data.order import generator, order, sent
from workbench.data.vision.images import ImageData
from workbench.data.vision.labelled import EVALUATION_BATCH, normalise, unit_range

HELD_OUT = 1000  # generated examples that validate, and as many that test
SYMBOLS = 8  # of the copy task, besides the blank 0 and the delimiter 9
Target = Literal["class", "number", "steps"]  # one class, one number, or a class at each step
Batch = tuple[Tensor, Tensor, Tensor | None]  # inputs (B, T, I), targets, lengths (B,) on the CPU; None where all have T steps


@dataclass(frozen=True)
class Sequences:
    """The examples of one split, on the device: inputs (N, T, I), targets (N,) or (N, T), lengths (N,) on the CPU or None."""

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, size: int = EVALUATION_BATCH) -> Iterator[Batch]:
        """All examples in their order."""
        for start in range(0, len(self), size):
            yield self.chosen(slice(start, start + size))

    def chosen(self, places: Tensor | slice) -> Batch:
        """Some of the examples, cut behind the longest of them; `places` are numbers on the CPU, where the lengths are."""
        there = sent(places, self.targets.device) if isinstance(places, Tensor) else places
        if self.lengths is None:
            return self.inputs[there], self.targets[there], None
        lengths = self.lengths[places]
        return self.inputs[there, : int(lengths.max())], self.targets[there], lengths


class SequenceBatches:
    """Training sequences in batches, in an order that follows from (seed, epoch) alone."""

    unit: str = "seq"

    def __init__(self, split: Sequences, batch_size: int, seed: int) -> None:
        self.split = split
        self.examples = len(split)
        self.batch_size = batch_size
        self.seed = seed

    def resized(self, batch_size: int) -> SequenceBatches:
        return SequenceBatches(self.split, batch_size, self.seed)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; the last may be smaller."""
        for chosen in torch.split(order(self.seed, epoch, self.examples), self.batch_size)[skip:]:
            yield self.split.chosen(chosen)


class GeneratedBatches:
    """Examples that are drawn anew for every batch: none is ever seen twice, so nothing can be learned by heart."""

    unit: str = "seq"

    def __init__(self, draw: Draw, examples: int, batch_size: int, seed: int, device: torch.device) -> None:
        self._draw, self._seed, self._device = draw, seed, device
        self.examples = examples
        self.batch_size = batch_size

    def resized(self, batch_size: int) -> GeneratedBatches:
        return GeneratedBatches(self._draw, self.examples, batch_size, self._seed, self._device)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0) without its first `skip` ones."""
        for index in range(skip, -(-self.examples // self.batch_size)):
            count = min(self.batch_size, self.examples - index * self.batch_size)
            inputs, targets = self._draw(count, generator("examples", self._seed, epoch, index))
            yield sent(inputs, self._device), sent(targets, self._device), None


class ImageSequences:
    """Images as they are augmented for training, read as sequences."""

    unit: str = "img"

    def __init__(self, data: ImageData, read: Callable[[Tensor], Tensor]) -> None:
        self._data, self._batches, self._read = data, data.train, read
        self.labels = data.train.split.labels
        self.examples = data.train.examples
        self.batch_size = data.train.batch_size

    def resized(self, batch_size: int) -> ImageSequences:
        return ImageSequences(replace(self._data, train=self._batches.resized(batch_size)), self._read)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; the last may be smaller."""
        for images, labels in self._batches.epoch(epoch, skip):
            yield self._read(images), labels, None


@dataclass(frozen=True)
class SequenceData:
    """Sequences in three parts, and what a run records about them; `outputs` is the number of classes, or 1 for a number."""

    train: Any  # Batches of `Batch`
    validation: Sequences
    test: Sequences
    target: Target
    classes: tuple[str, ...]
    outputs: int
    about: dict[str, Any]
    scale: float = 1.0  # what a predicted number is multiplied by to be in the unit of the data
    offset: float = 0.0  # and what is added then
    normal: tuple[Tensor, Tensor] | None = None  # mean and deviation (I,) that were taken out of the inputs

    @property
    def features(self) -> int:
        return self.test.inputs.shape[2]


Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]


def adding(length: int) -> Draw:
    """The adding problem: the sum of the two marked numbers (Hochreiter and Schmidhuber 1997; Arjovsky et al. 2016).

    Channel 1 is uniform on 0 to 1; channel 2 is 1 at one step of each half and 0 elsewhere. Always answering 1 has a mean
    squared error of 2 * 1/12 = 1/6.

    Shapes:
        inputs (B, length, 2); targets (B,)
    """

    def draw(count: int, numbers: torch.Generator) -> tuple[Tensor, Tensor]:
        values = torch.rand(count, length, generator=numbers)
        first = torch.randint(length // 2, (count, 1), generator=numbers)
        second = torch.randint(length // 2, length, (count, 1), generator=numbers)
        marks = torch.zeros(count, length).scatter_(1, torch.cat([first, second], dim=1), 1.0)
        return torch.stack([values, marks], dim=2), (values * marks).sum(dim=1)

    return draw


def copying(blanks: int, symbols: int) -> Draw:
    """The copy task: repeat what was shown `blanks` steps ago (Arjovsky et al. 2016; form of Bai, Kolter, Koltun 2018).

    In: `symbols` symbols of 1 to 8, blanks - 1 zeros, symbols + 1 delimiters 9. Out: zeros, then the symbols. Without any
    memory the best mean cross-entropy is symbols * ln 8 / (blanks + 2 * symbols).

    Shapes:
        inputs (B, blanks + 2 * symbols, 10), one-hot; targets (B, blanks + 2 * symbols), 0 to 8
    """

    def draw(count: int, numbers: torch.Generator) -> tuple[Tensor, Tensor]:
        shown = torch.randint(1, SYMBOLS + 1, (count, symbols), generator=numbers)
        steps = blanks + 2 * symbols
        inputs = torch.zeros(count, steps, dtype=torch.long)
        inputs[:, :symbols], inputs[:, symbols + blanks - 1 :] = shown, SYMBOLS + 1
        targets = torch.zeros(count, steps, dtype=torch.long)
        targets[:, steps - symbols :] = shown
        return torch.nn.functional.one_hot(inputs, SYMBOLS + 2).float(), targets

    return draw


def load_generated(
    name: Literal["adding", "copy"], *, device: torch.device, length: int, symbols: int, examples: int, batch_size: int, seed: int,
    split_seed: int = 0,
) -> SequenceData:  # fmt: skip
    """A generated task; `split_seed` alone decides the held-out examples, `seed` the training ones.

    Args:
        examples: that are called an epoch.
    """
    draw = adding(length) if name == "adding" else copying(length, symbols)

    def held_out(split: str) -> Sequences:
        inputs, targets = draw(HELD_OUT, generator(name, split, split_seed, length, symbols))
        return Sequences(inputs.to(device), targets.to(device))

    about: dict[str, Any] = {
        "name": name,
        "version": f"length {length}" + (f", {symbols} symbols" if name == "copy" else ""),
        "source": "generated",
        "examples": {"train": examples, "validation": HELD_OUT, "test": HELD_OUT},
        "split": f"training examples drawn anew for each batch; the others from split_seed {split_seed}",
    }
    if name == "adding":
        about |= {"task": f"the sum of the two marked of {length} numbers", "baseline": {"always the mean": 1 / 6}}
    else:
        memoryless = symbols * math.log(SYMBOLS) / (length + 2 * symbols)
        about |= {
            "task": f"repeat {symbols} symbols of {SYMBOLS} after {length} steps; a loss of {memoryless:.4f} needs no memory",
            "baseline": {"chance": 1 / SYMBOLS},
        }
    return SequenceData(
        GeneratedBatches(draw, examples, batch_size, seed, device), held_out("validation"), held_out("test"),
        target="number" if name == "adding" else "steps",
        classes=(), outputs=1 if name == "adding" else SYMBOLS + 1, about=about,
    )  # fmt: skip


def reader(
    shape: tuple[int, int, int], by: Literal["rows", "pixels"], permute: bool, device: torch.device
) -> Callable[[Tensor], Tensor]:  # fmt: skip
    """How images (B, C, H, W) become sequences: (B, H, W * C) row by row, or (B, H * W, C) pixel by pixel.

    `permute` first moves the pixels of all images by the same fixed permutation, so that what is near is no longer near in time.
    """
    channels, height, width = shape
    moved = torch.randperm(height * width, generator=generator("permutation", height, width)).to(device) if permute else None

    def read(images: Tensor) -> Tensor:
        pixels = images.flatten(2).transpose(1, 2)  # (B, H * W, C)
        if moved is not None:
            pixels = pixels[:, moved]
        return pixels.reshape(len(images), height, width * channels) if by == "rows" else pixels.contiguous()

    return read


def image_sequences(data: ImageData, by: Literal["rows", "pixels"], permute: bool = False) -> SequenceData:
    """A data set of images as sequences."""
    read = reader(data.shape, by, permute, data.test.labels.device)
    validation, test = (
        Sequences(read(normalise(split.info, unit_range(split.info, split.images))), split.labels) for split in (data.validation, data.test)
    )
    steps, features = test.inputs.shape[1:]
    about = data.about | {"task": f"{data.about['task']}, read in {steps} steps of {features}" + (", permuted" if permute else "")}
    return SequenceData(
        ImageSequences(data, read), validation, test, target="class", classes=data.classes, outputs=len(data.classes), about=about
    )
