"""What a trained recurrent network can be asked: to continue a text, to name an image, to answer a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from recipes.rnn import Config, task
from recipes.rnn import data as loading
from recipes.rnn.model import Recurrent
from recipes.rnn.previews import PROMPT
from workbench.data.catalogue import find_images
from workbench.data.language.text import text_elsewhere
from workbench.data.order import generator
from workbench.data.sequences import SequenceData, adding, copying, reader
from workbench.data.tables import read_table
from workbench.data.utf8 import read_utf8
from workbench.data.vision.images import ImageData, load_images
from workbench.data.vision.labelled import images_in_words, normalise, unit_range
from workbench.data.vision.origin import require_same
from workbench.errors import WorkbenchError
from workbench.uses import Answers, Asked, Continues, Elsewhere, Names, Use

CPU = torch.device("cpu")


def use(config: Config, model: Recurrent, known: Mapping[str, Any]) -> Use:
    """What the data set made of the model."""
    if task(config).name == "text":
        return _continues(config, model, known)
    if config.data.dataset in ("adding", "copy"):
        return _generated(config, model)
    return _table(config, model, known) if config.data.dataset == "csv" else _names(config, model)


def _continues(config: Config, model: Recurrent, known: Mapping[str, Any]) -> Continues:
    data = loading.text(config, CPU, baseline=False)
    require_same(data.about, known)

    def follow(ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        logits, state = model(ids[None], state or ())
        return logits[0, -1], state

    prompt = config.look.prompt or data.vocabulary.decode(data.validation[:PROMPT])
    return Continues(data.vocabulary.characters, follow, prompt, text_elsewhere(data.vocabulary))


def _names(config: Config, model: Recurrent) -> Names:
    info = find_images(config.data.dataset)
    read = reader(info.shape, config.data.read, config.data.permute, CPU)

    @cache
    def data() -> ImageData:
        machine = config.machine
        return load_images(config.data.dataset, device=CPU, batch_size=1, seed=machine.seed, split_seed=machine.split_seed)

    def name(images: Tensor) -> Tensor:
        return model(read(normalise(info, images)))[0].float().softmax(dim=1)

    def example(number: int) -> tuple[Tensor, str]:
        test = data().test
        place = number % len(test)
        return unit_range(info, test.images[place]), info.classes[int(test.labels[place])]

    how = "row by row, (N, H, W * C)" if config.data.read == "rows" else "pixel by pixel, (N, H * W, C)"
    moved = reader(info.shape, "pixels", True, CPU)(torch.arange(info.shape[1] * info.shape[2]).view(1, 1, *info.shape[1:]))
    elsewhere = Elsewhere(
        (f"{images_in_words(info)}; read {how}" + (", the pixels moved first as `pixel_order` has it" if config.data.permute else ""),),
        "logits (N, K) of the classes; softmax makes probabilities",
        {"mean": info.mean, "deviation": info.std, **({"pixel_order": moved.flatten().tolist()} if config.data.permute else {})},
    )
    return Names(info.classes, info.shape, name, None, example, True, elsewhere)


def _table(config: Config, model: Recurrent, known: Mapping[str, Any]) -> Answers:
    data = loading.sequences(config, CPU)
    require_same(data.about, known)
    assert data.normal is not None
    mean, deviation = data.normal

    def read(path: Path) -> list[Asked]:
        found = _read(path, data.features, f"the columns that {config.data.path} has; the last one may be empty")
        return [replace(asked, steps=(asked.steps - mean) / deviation) for asked in found]

    is_number = data.target == "number"
    elsewhere = Elsewhere(
        (f"sequences (N, T, {data.features}), float32: the columns of the table, minus `mean`, divided by `deviation`",),
        "numbers (N, 1), in the table's unit once multiplied by `scale` with `offset` added"
        if is_number
        else "logits (N, K) of the classes",
        {"mean": mean.flatten().tolist(), "deviation": deviation.flatten().tolist(), "scale": data.scale, "offset": data.offset},
    )
    takes = f"a csv file in the form of {config.data.path}"
    return Answers(takes, lambda asked: _answered(model, data, asked), read, elsewhere=elsewhere)


def _read(path: Path, features: int, columns: str) -> list[Asked]:
    """The sequences of a csv file as they stand there."""
    found = []
    for place, example in enumerate(read_table(path, read_utf8(path), answered=False), start=1):
        steps = torch.tensor(example.steps)
        if steps.shape[1] != features:
            raise WorkbenchError(f"{path} has {steps.shape[1]} features a step, expected {features}", f"give it {columns}")
        found.append(Asked(f"{place}", steps, f"{len(steps)} steps", example.answer))
    return found


def _answered(model: Recurrent, data: SequenceData, asked: list[Tensor]) -> list[str]:
    """The class with its probability, or the number in the unit of the table."""
    lengths = torch.tensor([len(steps) for steps in asked])
    outputs = model(pad_sequence(asked, batch_first=True), lengths=lengths)[0].float()
    if data.target == "number":
        return [f"{value * data.scale + data.offset:.4g}" for value in outputs[:, 0].tolist()]
    best = outputs.softmax(dim=1).max(dim=1)
    return [f"{data.classes[place]} {share:.1%}" for place, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def _generated(config: Config, model: Recurrent) -> Answers:
    settings = config.data
    is_adding = settings.dataset == "adding"
    draw = adding(settings.length) if is_adding else copying(settings.length, settings.symbols)

    def make(count: int, seed: int) -> list[Asked]:
        inputs, targets = draw(count, generator("playground", seed))
        return [_example(steps, target, is_adding, settings.symbols) for steps, target in zip(inputs, targets, strict=True)]

    def answer(asked: list[Tensor]) -> list[str]:
        if not is_adding:
            return [_symbols(row) for row in model(torch.stack(asked))[0].argmax(dim=2)[:, -settings.symbols :].tolist()]
        lengths = torch.tensor([len(steps) for steps in asked])
        outputs = model(pad_sequence(asked, batch_first=True), lengths=lengths)[0].float()
        return [f"{value:.3f}" for value in outputs[:, 0].tolist()]

    made = "nothing: it answers examples that are made (--count, --seed)"
    if not is_adding:
        symbols = Elsewhere(
            ("symbols (N, T, 10), float32, one-hot: 1 to 8 to remember, then 0, then 9 at each step that wants one back",),
            "logits (N, T, 9) of the symbols",
        )
        return Answers(made, answer, None, make, symbols)
    columns = "the columns id, t, value, marked (0 or 1) and the sum, which may be empty"
    numbers = Elsewhere(("sequences (N, T, 2), float32: a number from 0 to 1, and 1 beside the two to add, else 0",), "the sum, (N, 1)")
    return Answers(f"{made}, or a csv file with {columns}", answer, lambda path: _read(path, 2, columns), make, numbers)


def _example(steps: Tensor, target: Tensor, is_adding: bool, symbols: int) -> Asked:
    if is_adding:
        marked = steps[steps[:, 1] > 0, 0].tolist()
        return Asked("", steps, f"{' + '.join(f'{value:.3f}' for value in marked)}, among {len(steps)}", f"{float(target):.3f}")
    wanted = _symbols(target[-symbols:].tolist())
    return Asked("", steps, f"{wanted}, {len(steps) - 2 * symbols} steps ago", wanted)


def _symbols(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))
