"""Tokens as numbers: the kinds of token that a side of the pairs has, and sequences of them on the device."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

PAD, START, END, UNKNOWN = range(4)
SPECIAL = ("", "<s>", "</s>", "\N{REPLACEMENT CHARACTER}")  # how the four are shown
Unit = Literal["char", "space"]


@dataclass(frozen=True)
class Symbols:
    """The tokens of one side: number 0 is padding, 1 the start, 2 the end, 3 whatever the training pairs do not have."""

    tokens: tuple[str, ...]  # SPECIAL, then the others, sorted
    unit: Unit  # a token is a character, or what stands between spaces

    def __len__(self) -> int:
        return len(self.tokens)

    def split(self, text: str) -> Sequence[str]:
        """The tokens of a text."""
        return text if self.unit == "char" else text.split()

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """All tokens of the texts (M,), end to end, and how many each text has (N,)."""
        numbers = _Numbers((token, number) for number, token in enumerate(self.tokens))
        split = list(texts) if self.unit == "char" else [text.split() for text in texts]
        flat = torch.tensor(list(map(numbers.__getitem__, itertools.chain.from_iterable(split))), dtype=torch.long)
        return flat, torch.tensor(list(map(len, split)), dtype=torch.long)

    def decode(self, ids: Sequence[int]) -> list[str]:
        """The tokens up to the end, without padding and start."""
        kept = itertools.takewhile(lambda number: number != END, ids)
        return [self.tokens[number] for number in kept if number not in (PAD, START)]

    def join(self, tokens: Sequence[str]) -> str:
        """Tokens as one writes them."""
        return ("" if self.unit == "char" else " ").join(tokens)


def symbols_of(texts: Iterable[str], unit: Unit) -> Symbols:
    """The symbols that all tokens of the texts are among."""
    joined = ("" if unit == "char" else " ").join(texts)
    found = set(joined if unit == "char" else joined.split())
    return Symbols((*SPECIAL, *sorted(found.difference(SPECIAL))), unit)


class Sequences:
    """Sequences of different lengths end to end in one tensor, so that one long one costs nothing beside the others.

    Args:
        flat, lengths: as `Symbols.encode` returns them.
        framed: put START before and END behind each.
    """

    def __init__(self, flat: Tensor, lengths: Tensor, device: torch.device, *, framed: bool = False) -> None:
        if framed:
            flat, lengths = _framed(flat, lengths)
        self.lengths = lengths  # (N,), on the CPU, where the widths of batches are decided
        self._lengths = lengths.to(device)
        self._starts = (lengths.cumsum(0) - lengths).to(device)
        self.ids = flat.to(device)

    def padded(self, chosen: Tensor, width: int) -> Tensor:
        """The chosen sequences side by side: (B,) on the device to (B, width), PAD behind each."""
        within = torch.arange(width, device=self.ids.device)
        places = (self._starts[chosen, None] + within).clamp(max=len(self.ids) - 1)
        return torch.where(within < self._lengths[chosen, None], self.ids[places], PAD)


def _framed(flat: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    longer = lengths + 2
    last = longer.cumsum(0) - 1  # where each ends
    whole = torch.full((int(longer.sum()),), END)
    whole[last - lengths - 1] = START
    inside = torch.ones(len(whole), dtype=torch.bool)
    inside[last] = inside[last - lengths - 1] = False
    whole[inside] = flat
    return whole, longer


class _Numbers(dict[str, int]):
    """Numbers of tokens; UNKNOWN for one that has none."""

    def __missing__(self, token: str) -> int:
        return UNKNOWN
