"""What a run would learn from, counted before it starts: the sizes of the splits, and what is frequent in them.

Recipes load with the baselines for it, though they are not among what is counted: the helper that is asked becomes the worker,
and has measured them by then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from workbench.recipe import Batches, Contents, Tally

MOST_LABELS = 40  # tokens that are listed
_BINS = 10  # at most, of lengths and of numbers


def contents(batches: Batches, about: Mapping[str, object], *tallies: Tally) -> Contents:
    """Sizes as a run would record them in `about`, and the steps of an epoch."""
    examples = about["examples"]
    assert isinstance(examples, Mapping)
    return Contents(examples, batches.unit, math.ceil(batches.examples / batches.batch_size), tallies)


def classes(names: Sequence[str], training: Tensor | None, batch: Tensor) -> Tally:
    """How many examples there are of each class; `training` (N,) and `batch` (B,) are labels."""
    count = len(names)
    counted = () if training is None else _counts(training, count)
    return Tally("class", "classes", tuple(names), counted, _counts(batch, count))


def frequent(title: str, names: Sequence[str], training: Tensor | None, batch: Tensor) -> Tally:
    """The most frequent of many kinds of token, most frequent first; (M,) and (L,) numbers of tokens."""
    of_batch = _counts(batch, len(names))
    of_training = of_batch if training is None else _counts(training, len(names))
    there = sorted((place for place in range(len(names)) if of_training[place]), key=lambda place: -of_training[place])
    listed = there[:MOST_LABELS]
    return Tally(
        title,
        "tokens",
        tuple(_visible(names[place]) for place in listed),
        () if training is None else tuple(of_training[place] for place in listed),
        tuple(of_batch[place] for place in listed),
        left_out=len(there) - len(listed),
    )


def lengths(title: str, training: Tensor, batch: Tensor) -> Tally:
    """How many sequences are how long, in bins of a round width; (N,) and (B,) lengths."""
    longest = int(torch.cat([training, batch]).max())
    width = next(size for size in _round_sizes() if longest < size * _BINS)
    ends = range(0, longest + 1, width)
    names = [str(first) if width == 1 else f"{first}-{first + width - 1}" for first in ends]
    first = next(place for place, count in enumerate(_counts(training // width, len(names))) if count)
    known, seen = (_counts(each // width, len(names))[first:] for each in (training, batch))
    return Tally(title, "lengths", tuple(names[first:]), known, seen)


def amounts(title: str, training: Tensor | None, batch: Tensor) -> Tally:
    """How the numbers that are to be predicted are spread, in bins of equal width; (N,) and (B,)."""
    known = batch if training is None else torch.cat([training, batch])
    low, high = float(known.min()), float(known.max())
    size = (high - low) / _BINS or 1.0
    names = tuple(f"{low + place * size:.3g} to {low + (place + 1) * size:.3g}" for place in range(_BINS))

    def binned(numbers: Tensor) -> tuple[int, ...]:
        return _counts(((numbers - low) / size).long().clamp(0, _BINS - 1), _BINS)

    return Tally(title, "numbers", names, () if training is None else binned(training), binned(batch))


def _counts(numbers: Tensor, count: int) -> tuple[int, ...]:
    return tuple(torch.bincount(numbers.flatten().long().cpu(), minlength=count)[:count].tolist())


def _round_sizes() -> Sequence[int]:
    """1, 2, 5, 10, 20 ..."""
    return [digit * 10**power for power in range(9) for digit in (1, 2, 5)]


def _visible(token: str) -> str:
    """A token as it can be told apart in a list: a blank and what cannot be printed as Python writes them."""
    return token if token.isprintable() and not token.isspace() else repr(token)
