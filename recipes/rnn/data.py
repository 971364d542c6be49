"""The data that the settings ask for, and the network that fits them."""

from __future__ import annotations

import torch
from torch import Tensor

from recipes.rnn import Config, task
from recipes.rnn.model import Recurrent
from workbench.data import contents as counting
from workbench.data.language.text import Streams, TextData, load_text
from workbench.data.sequences import ImageSequences, SequenceBatches, SequenceData, image_sequences, load_generated
from workbench.data.tables import load_table
from workbench.data.vision.augmentation import Augmentation
from workbench.data.vision.images import load_images
from workbench.recipe import Contents, Tally

BATCHES = 10  # that a training text must hold at least


def text(config: Config, device: torch.device, *, baseline: bool = True) -> TextData:
    """The text of the settings, on the device."""
    data = config.data
    smallest = BATCHES * data.batch_size * data.length
    return load_text(data.dataset, device=device, path=data.path, smallest=smallest, baseline=baseline)


def streams(config: Config, data: TextData) -> Streams:
    """The training text as the loop reads it."""
    return Streams(data.train, config.data.batch_size, config.data.length, config.machine.seed)


def sequences(config: Config, device: torch.device, *, baseline: bool = True) -> SequenceData:
    """The sequences of the settings, on the device."""
    data, machine = config.data, config.machine
    seeds = {"seed": machine.seed, "split_seed": machine.split_seed}
    if data.dataset == "adding" or data.dataset == "copy":
        return load_generated(
            data.dataset,
            device=device,
            length=data.length,
            symbols=data.symbols,
            examples=data.examples,
            batch_size=data.batch_size,
            **seeds,
        )
    if data.dataset == "csv":
        return load_table(data.path, data.target, device=device, batch_size=data.batch_size, **seeds)
    moved = Augmentation(data.shift, data.rotate, data.zoom)
    images = load_images(data.dataset, device=device, batch_size=data.batch_size, augmentation=moved, baseline=baseline, **seeds)
    return image_sequences(images, data.read, data.permute)


def for_text(config: Config, characters: int) -> Recurrent:
    """A network that gives each character logits of the next."""
    return Recurrent(config.model, characters, characters, text=True)


def for_sequences(config: Config, data: SequenceData) -> Recurrent:
    """A network for those features and that target."""
    return Recurrent(config.model, data.features, data.outputs, final=data.target != "steps")


def network(config: Config) -> tuple[Recurrent, Tensor]:
    """The network of the settings and an input of one example."""
    cpu = torch.device("cpu")
    if task(config).name == "text":
        known = len(text(config, cpu, baseline=False).vocabulary)
        return for_text(config, known), torch.zeros(1, config.data.length, dtype=torch.long)
    data = sequences(config, cpu, baseline=False)
    return for_sequences(config, data), data.test.inputs[:1]


def contents(config: Config) -> Contents:
    """How much there is of each split, and what the network has to tell apart, write or predict."""
    cpu = torch.device("cpu")
    if task(config).name == "text":
        known = text(config, cpu)
        batches = streams(config, known)
        written, _ = next(batches.epoch(0))
        return counting.contents(batches, known.about, counting.frequent("characters", known.vocabulary.characters, known.train, written))
    data = sequences(config, cpu)
    _, answers, _ = next(data.train.epoch(0))
    return counting.contents(data.train, data.about, _tally(data, answers))


def _tally(data: SequenceData, answers: Tensor) -> Tally:
    """What is asked for, in the training split where there is one, and in the first batch."""
    train = data.train
    known = train.labels if isinstance(train, ImageSequences) else train.split.targets if isinstance(train, SequenceBatches) else None
    if data.target == "class":
        return counting.classes(data.classes, known, answers)
    if data.target == "number":
        return counting.amounts("the number to predict", known, answers)
    names = ["blank", *(f"symbol {number}" for number in range(1, data.outputs))]
    return counting.frequent("symbols to write", names, known, answers)
