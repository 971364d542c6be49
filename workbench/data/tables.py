"""Sequences of one's own from a csv table, long or wide, checked line by line.

Long form, with a header: `id,t,<features...>,<last column>`, a line for each step; t rises within an id, and the last column,
the class or number to predict, is the same on all lines of an id. Wide form, with or without a header: a line for each
sequence of one feature, the last column being the class or number; a shorter sequence leaves its last cells empty.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from workbench.data.sequences import SequenceBatches, SequenceData, Sequences
from workbench.data.split import fingerprint, stratified
from workbench.data.utf8 import read_utf8
from workbench.errors import WorkbenchError

SHARES = (0.7, 0.15, 0.15)
FEWEST = 4  # examples of a class: one each to validate and to test, and more than one to learn from
LONG = ("id", "t")  # how the header of the long form begins


@dataclass(frozen=True)
class Example:
    """A sequence as it stands in a table: a row of features for each step, and what it is to be named."""

    steps: tuple[tuple[float, ...], ...]
    answer: str
    line: int


def load_table(
    path: str, target: Literal["class", "number"], *, device: torch.device, batch_size: int, seed: int, split_seed: int = 0
) -> SequenceData:
    """A csv table split by sequence, features and numbers normalised by the training split, on the device.

    Raises:
        WorkbenchError: the table cannot be read or is not one of the two forms; says file and line.
    """
    if not path:
        raise WorkbenchError("no table was given", "name a csv file with --path")
    file = Path(path).expanduser()
    content = read_utf8(file)
    found = read_table(file, content)
    examples = list({(example.steps, example.answer): example for example in reversed(found)}.values())[::-1]
    classes = sorted({example.answer for example in examples}) if target == "class" else []
    if target == "class":
        _check_classes(file, examples)
        answers = torch.tensor([classes.index(example.answer) for example in examples])
    else:
        answers = torch.tensor([_number(file, example.line, "the last column", example.answer) for example in examples])
        if len(examples) < FEWEST:
            raise WorkbenchError(f"{file} holds {len(examples)} different sequences, expected at least {FEWEST}", "add some")
    parts = stratified(answers if target == "class" else torch.zeros(len(examples), dtype=torch.long), SHARES, split_seed)
    if target == "class":
        parts = _each_somewhere(parts, answers)
    normal = _normal(examples, parts[0])
    train, validation, test = _splits(examples, answers, parts, normal)
    mean, scale = 0.0, 1.0
    if target == "number":
        mean, scale = float(train.targets.mean()), float(train.targets.std().clamp(min=1e-12))
        train, validation, test = (
            Sequences(split.inputs, (split.targets - mean) / scale, split.lengths) for split in (train, validation, test)
        )
    train, validation, test = (
        Sequences(split.inputs.to(device), split.targets.to(device), split.lengths) for split in (train, validation, test)
    )
    about = _about(file, content, target, {"train": train, "validation": validation, "test": test}, classes, scale)
    about |= {
        "split": f"by sequence, 70 / 15 / 15 % are training/validation/test, split_seed {split_seed}",
        "split_hash": fingerprint(*parts),
    }
    if len(found) > len(examples):
        about["task"] += f"; {len(found) - len(examples)} sequences were left out, being copies of others"
    return SequenceData(
        SequenceBatches(train, batch_size, seed), validation, test, target=target, classes=tuple(classes),
        outputs=len(classes) or 1, about=about, scale=scale, offset=mean, normal=normal,
    )  # fmt: skip


def read_table(file: Path, content: str, *, answered: bool = True) -> list[Example]:
    """The sequences of a table, in its order.

    Args:
        answered: whether the last column must hold an answer; it is there in any case.

    Raises:
        WorkbenchError: a line is not what the form asks for.
    """
    rows = [(number, row) for number, row in _rows(file, content) if any(cell.strip() for cell in row)]
    if not rows:
        raise WorkbenchError(f"the table {file} is empty", "see `workbench recipes rnn` for its two forms")
    header = [cell.strip().lower() for cell in rows[0][1]]
    width = len(header)
    for line, row in rows:
        if len(row) != width:
            raise WorkbenchError(f"{file}, line {line}: {len(row)} columns, expected {width} as in line {rows[0][0]}", "mend that line")
    if tuple(header[:2]) == LONG:
        return _long(file, header, rows[1:], answered)
    return _wide(file, rows if _is_number(header[0]) else rows[1:], answered)


def _rows(file: Path, content: str) -> list[tuple[int, list[str]]]:
    """Each row with the number of the line that it ends on."""
    reader = csv.reader(content.splitlines(), strict=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise WorkbenchError(f"{file}, line {reader.line_num}: {error}", "mend that line") from error


def _long(file: Path, header: list[str], rows: list[tuple[int, list[str]]], answered: bool) -> list[Example]:
    if len(header) < len(LONG) + 2:
        raise WorkbenchError(f"{file} has the columns {', '.join(header)}, expected id, t, features and a last one to predict", "add them")
    steps: dict[str, list[tuple[float, ...]]] = {}
    answers: dict[str, tuple[str, int]] = {}
    times: dict[str, float] = {}
    for line, row in rows:
        name, answer = row[0].strip(), row[-1].strip()
        time, *features = (_number(file, line, header[place], row[place]) for place in range(1, len(row) - 1))
        if not answer and answered:
            raise WorkbenchError(f"{file}, line {line}: the last column is empty", "it holds what is to be predicted")
        if name in times and time <= times[name]:
            raise WorkbenchError(f"{file}, line {line}: t of `{name}` is {time:g} after {times[name]:g}", "t must rise within an id")
        if answers.setdefault(name, (answer, line))[0] != answer:
            raise WorkbenchError(
                f"{file}, line {line}: `{name}` is `{answer}`, but `{answers[name][0]}` in line {answers[name][1]}", "an id has one answer"
            )
        times[name] = time
        steps.setdefault(name, []).append(tuple(features))
    return [Example(tuple(each), *answers[name]) for name, each in steps.items()]


def _wide(file: Path, rows: list[tuple[int, list[str]]], answered: bool) -> list[Example]:
    examples = []
    for line, row in rows:
        cells = [cell.strip() for cell in row]
        length = max((place for place, cell in enumerate(cells[:-1], start=1) if cell), default=0)
        if not length or not (cells[-1] or not answered):
            raise WorkbenchError(f"{file}, line {line}: no sequence, or nothing to predict in the last column", "mend or remove that line")
        numbers = (_number(file, line, str(place), cell) for place, cell in enumerate(cells[:length], start=1))
        examples.append(Example(tuple((number,) for number in numbers), cells[-1], line))
    return examples


def _number(file: Path, line: int, column: str, cell: str) -> float:
    if not _is_number(cell):
        what = f"`{cell}`" if cell.strip() else "empty"
        raise WorkbenchError(f"{file}, line {line}: column {column} is {what}, expected a finite number", "mend or remove that line")
    return float(cell)


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _check_classes(file: Path, examples: list[Example]) -> None:
    counts = Counter(example.answer for example in examples)
    if len(counts) < 2:
        raise WorkbenchError(
            f"all {len(examples)} sequences of {file} are of one class", "there is nothing to tell apart; or --target number"
        )
    rare, count = min(counts.items(), key=lambda pair: pair[1])
    if count < FEWEST:
        line = next(example.line for example in examples if example.answer == rare)
        message = (
            f"{file}, line {line}: class `{rare}` has {count} different sequence{'s' if count > 1 else ''}, expected at least {FEWEST}"
        )
        raise WorkbenchError(message, "add some, remove the class, or predict a number with --target number")


def _each_somewhere(parts: tuple[Tensor, Tensor, Tensor], answers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The split with an example of each class in every part: small classes lend one from the training part."""
    train, *others = parts
    filled = []
    for part in others:
        for label in range(int(answers.max()) + 1):
            if not bool((answers[part] == label).any()):
                lent = train[answers[train] == label][:1]
                train, part = train[train != lent], torch.cat([part, lent])
        filled.append(part.sort().values)
    return train, filled[0], filled[1]


def _normal(examples: list[Example], train: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (I,) of each feature over all steps of the training part."""
    known = torch.cat([torch.tensor(examples[place].steps) for place in train.tolist()])  # (all training steps, I)
    return known.mean(dim=0), known.std(dim=0, unbiased=False).clamp(min=1e-12)


def _splits(examples: list[Example], answers: Tensor, parts: tuple[Tensor, ...], normal: tuple[Tensor, Tensor]) -> list[Sequences]:
    """Inputs (N, T, I) with zeros behind the last step, normalised."""
    steps = [torch.tensor(example.steps) for example in examples]  # (T, I) each
    lengths = torch.tensor([len(each) for each in steps])
    mean, deviation = normal
    inputs = pad_sequence([(each - mean) / deviation for each in steps], batch_first=True)
    same = bool((lengths == lengths[0]).all())
    return [Sequences(inputs[part], answers[part], None if same else lengths[part]) for part in parts]


def _about(
    file: Path, content: str, target: str, splits: dict[str, Sequences], classes: list[str], scale: float
) -> dict[str, Any]:  # fmt: skip
    train, test = splits["train"].targets, splits["test"].targets
    features = splits["test"].inputs.shape[2]
    if target == "class":
        commonest = train.bincount().argmax()
        what, baseline = f"the class, one of {len(classes)}", {"majority class": float((test == commonest).float().mean())}
    else:
        what, baseline = "a number", {"always the mean": float(test.square().mean()) * scale**2}
    return {
        "name": file.name,
        "source": str(file),
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "examples": {name: len(split) for name, split in splits.items()},
        "classes": classes,
        "task": f"{what} of a sequence of {features} {'feature' if features == 1 else 'features'}",
        "baseline": baseline,
    }
