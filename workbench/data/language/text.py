"""Text as numbers on the device: one number a character, split where the text is cut, in streams or in windows."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.data.language.ngram import ORDER, ngram_bits
from workbench.data.order import generator, order, sent
from workbench.data.utf8 import read_utf8
from workbench.errors import WorkbenchError, unknown
from workbench.uses import Elsewhere

DOCUMENTATION = "python-docs"
OWN = "text"
SHARES = (0.85, 0.05, 0.1)  # of training, validation and test, one behind the other
SHORTEST = 1000  # characters: of less, a test split of a tenth says nothing
RARE = 2  # a character that the training split has less often is unknown, so that a model learns what to make of unknown ones
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
SUFFIXES = (".txt", ".text", ".md", ".rst")


@dataclass(frozen=True)
class Vocabulary:
    """The characters that a model of text knows; number 0 stands for all others."""

    characters: tuple[str, ...]  # sorted, UNKNOWN before them

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Tensor:
        """(N,) one number a character."""
        if not text:
            return torch.zeros(0, dtype=torch.long)
        codes, places = torch.unique(_codes(text), return_inverse=True)
        numbers = {character: number for number, character in enumerate(self.characters)}
        return torch.tensor([numbers.get(chr(code), 0) for code in codes.tolist()])[places]

    def decode(self, ids: Tensor) -> str:
        """The text of (N,) numbers, with UNKNOWN for 0."""
        return "".join(self.characters[number] for number in ids.tolist())


def text_elsewhere(vocabulary: Vocabulary) -> Elsewhere:
    """What a model of text needs that runs without the workbench."""
    return Elsewhere(
        ("characters (N, T), int64, by their places in `characters`; 0 stands for any that is not there",),
        "logits (N, T, K) of the character behind each; leave number 0 out when you draw",
        {"characters": list(vocabulary.characters)},
    )


@dataclass(frozen=True)
class TextData:
    """A text in three parts: (N,) numbers each, on the device; and what a run records about it."""

    vocabulary: Vocabulary
    train: Tensor
    validation: Tensor
    test: Tensor
    about: dict[str, Any]


class Streams:
    """The text cut into B streams that are read side by side, T characters a step: batch after batch goes on where it was.

    So a recurrent network may carry its state from one batch to the next within an epoch (truncated backpropagation through
    time). Each epoch turns the text by another length first, so that the cuts lie elsewhere.

    Args:
        seed: of the turns; None leaves the text where it is, for evaluation.
    """

    unit: str = "char"

    def __init__(self, ids: Tensor, batch_size: int, length: int, seed: int | None = None) -> None:
        self._ids = ids
        self._streams, self._length, self._seed = batch_size, length, seed
        self._each = (len(ids) - 1) // batch_size  # characters that a stream predicts
        if self._each < 1:
            raise _too_short(len(ids), batch_size, 1)
        self.examples = self._each * batch_size
        self.batch_size = batch_size * length

    def resized(self, batch_size: int) -> Streams:
        return Streams(self._ids, batch_size, self._length, self._seed)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; the last may have fewer characters.

        Shapes:
            yields inputs and targets (B, T), the targets being the characters behind each input
        """
        ids = self._ids
        if self._seed is not None:
            turn = int(torch.randint(len(ids), (), generator=generator("turn", self._seed, epoch)))
            ids = ids.roll(-turn)
        inputs = ids[: self.examples].view(self._streams, self._each)
        targets = ids[1 : self.examples + 1].view(self._streams, self._each)
        for start in range(skip * self._length, self._each, self._length):
            yield inputs[:, start : start + self._length], targets[:, start : start + self._length]


class Windows:
    """Windows of T characters in a random order, for models that remember nothing from one batch to the next.

    Which windows, and in which order, follows from (seed, epoch): each epoch cuts the text at another place.
    """

    unit: str = "char"

    def __init__(self, ids: Tensor, batch_size: int, length: int, seed: int) -> None:
        self._ids = ids
        self._windows, self._length, self._seed = batch_size, length, seed
        self._count = (len(ids) - length) // length  # whatever the first cut, up to length - 1 characters in
        if self._count < 1:
            raise _too_short(len(ids), 1, length)
        self.examples = self._count * length
        self.batch_size = batch_size * length

    def resized(self, batch_size: int) -> Windows:
        return Windows(self._ids, batch_size, self._length, self._seed)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; the last may have fewer windows.

        Shapes:
            yields inputs and targets (B, T), the targets being the characters behind each input
        """
        first = int(torch.randint(self._length, (), generator=generator("cut", self._seed, epoch)))
        starts = sent(order(self._seed, epoch, self._count) * self._length + first, self._ids.device)
        within = torch.arange(self._length + 1, device=self._ids.device)
        for chosen in torch.split(starts, self._windows)[skip:]:
            window = self._ids[chosen[:, None] + within]  # (B, T + 1)
            yield window[:, :-1], window[:, 1:]


def load_text(
    name: str, *, device: torch.device, path: str = "", smallest: int = 0, shares: tuple[float, float, float] = SHARES,
    baseline: bool = True,
) -> TextData:  # fmt: skip
    """The documentation of the running Python, or a text of one's own, split and put on the device.

    The split is by place: the end is the test, what comes before it the validation split. No seed has a say in it, for a
    random choice of windows would let the model see what surrounds the characters that it is tested on.

    Args:
        name: `python-docs`, or `text` for the UTF-8 file or folder of files at `path`.
        smallest: characters that the training split must have at least; for a run, ten of its batches.
        baseline: whether to count n-grams, too, which takes longer than all else.

    Raises:
        WorkbenchError: the text cannot be read, is not UTF-8, or is too short.
    """
    text, about = _read(name, path)
    first, second = round(len(text) * shares[0]), round(len(text) * (shares[0] + shares[1]))
    if len(text) < SHORTEST or first < smallest:
        least = max(SHORTEST, math.ceil(smallest / shares[0]))
        raise WorkbenchError(
            f"the text {path or name} has {len(text):,} characters, expected at least {least:,}",
            "use a longer text" + ("" if len(text) < SHORTEST else ", or a smaller --batch-size or --length"),
        )
    vocabulary = vocabulary_of(text[:first])
    ids = vocabulary.encode(text)
    parts = {"train": ids[:first], "validation": ids[first:second], "test": ids[second:]}
    unknown_share = int((ids == 0).sum()) / len(ids)
    shown = " / ".join(f"{100 * share:.0f}" for share in shares)
    digest = hashlib.sha256(text.encode()).hexdigest()
    about |= {
        "sha256": digest,
        "examples": {split: len(part) for split, part in parts.items()},
        "task": f"predict the next character, one of {len(vocabulary):,}; {unknown_share:.2%} of the text are others",
        "split": f"by place: the first {shown} % are training/validation/test",
        "split_hash": hashlib.sha256(f"{digest}:{first}:{second}".encode()).hexdigest(),
    }
    if baseline:  # counting needs no validation split, so it may count that, too
        about["baseline"] = {f"order-{ORDER} n-gram": _ngram_bits(digest, ids, first, second, len(vocabulary))}
    train, validation, test = (part.to(device) for part in parts.values())
    return TextData(vocabulary, train, validation, test, about)


_KNOWN: dict[tuple[str, int, int], float] = {}  # a helper that has counted becomes the worker, whose first step waits for it


def _ngram_bits(digest: str, ids: Tensor, first: int, second: int, known: int) -> float:
    """Bits a character of the test split, counted once in a process for a text with these cuts."""
    key = (digest, first, second)
    if key not in _KNOWN:
        _KNOWN[key] = ngram_bits(ids[:second], ids[second:], known)
    return _KNOWN[key]


def vocabulary_of(text: str, rare: int = RARE) -> Vocabulary:
    """The characters that occur at least `rare` times."""
    codes, counts = torch.unique(_codes(text), return_counts=True)
    return Vocabulary((UNKNOWN, *(chr(code) for code in codes[counts >= rare].tolist() if chr(code) != UNKNOWN)))


def _codes(text: str) -> Tensor:
    """(N,) the code points of a text."""
    import numpy as np  # 0.1 s that only a worker should pay

    return torch.from_numpy(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.int32).astype(np.int64))


def _read(name: str, path: str) -> tuple[str, dict[str, Any]]:
    """The text and what is known of it."""
    if name == DOCUMENTATION:
        from pydoc_data.topics import topics  # 0.5 MB that nothing else needs

        text = "\n\n".join(topics[topic] for topic in sorted(topics))
        version = f"Python {platform.python_version()}"  # the text differs from version to version
        return text, {"name": name, "version": version, "licence": "PSF-2.0", "source": "pydoc_data.topics of the running Python"}
    if name != OWN:
        raise unknown("text", name, (DOCUMENTATION, OWN))
    if not path:
        raise WorkbenchError("no text was given", "name a UTF-8 file, or a folder of .txt files, with --path")
    place = Path(path).expanduser()
    return _own(place), {"name": place.name, "version": "", "licence": "", "source": str(place)}


def _own(place: Path) -> str:
    """The text of a file, or of all text files in a folder and below, by name."""
    if not place.is_dir():
        return read_utf8(place)
    found = sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise WorkbenchError(f"the folder {place} holds no text", f"files that end in {', '.join(SUFFIXES)} are read")
    return "\n\n".join(read_utf8(file).strip("\n") for file in found)


def _too_short(characters: int, batch_size: int, length: int) -> WorkbenchError:
    what = f"{characters:,} characters are too few for {batch_size} times {length} of them"
    return WorkbenchError(what, "use a longer text, or smaller batches")
