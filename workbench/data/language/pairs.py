"""Pairs of token sequences on the device: a source and the targets that are right for it, in batches of like lengths."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.data.catalogue import PairsInfo, find_pairs
from workbench.data.language.exercises import dates, sums
from workbench.data.language.tokens import END, PAD, SPECIAL, START, Sequences, Symbols, Unit, symbols_of
from workbench.data.language.tsv import SPLITS, Listing, Pair, read_tsv
from workbench.data.order import generator, order, sent
from workbench.data.split import fingerprint
from workbench.data.utf8 import read_bytes
from workbench.errors import WorkbenchError

TEST, VALIDATION = (0.1, 2000), (0.1, 1000)  # share of the pairs, and most of them
JUDGING = (1000, 500)  # generated pairs for test and validation, beside those that train
FEWEST = 30  # pairs: of fewer, a test split of a tenth says nothing
GENERATED = {"dates": 3_000, "sums": 5_000}  # training pairs where no number is asked for: few, so that attention shows its worth
EVALUATION_BATCH = 250


@dataclass(frozen=True)
class Batch:
    """Sources (B, S) and what a decoder is given (B, T) and should say (B, T): START a b, and a b END.

    PAD stands behind each; where `outputs` is PAD nothing is asked, whatever `inputs` has there. `tokens` counts the others.
    """

    sources: Tensor
    inputs: Tensor
    outputs: Tensor
    tokens: int

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def weight(self) -> int:
        """What the mean of its loss is over, where several processes have a part each."""
        return self.tokens

    def part(self, rows: slice) -> Batch:
        """Some of its examples, as wide as before."""
        outputs = self.outputs[rows]
        return Batch(self.sources[rows], self.inputs[rows], outputs, int((outputs != PAD).sum()))


class PairSplit:
    """The examples of one split, on the device."""

    def __init__(self, pairs: Sequence[Pair], sources: Symbols, targets: Symbols, device: torch.device) -> None:
        self.pairs = pairs
        self.sources, self.targets = sources, targets
        self.device = device
        self._sources = Sequences(*sources.encode([pair.source for pair in pairs]), device)
        self._targets = Sequences(*targets.encode([pair.targets[0] for pair in pairs]), device, framed=True)

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def longest_source(self) -> int:
        return int(self._sources.lengths.max())

    @property
    def longest_target(self) -> int:
        return int(self._targets.lengths.max()) - 2  # without START and END

    @property
    def written(self) -> tuple[Tensor, Tensor]:
        """All tokens of the targets (M,), and how many each has (N,), without START and END."""
        ids = self._targets.ids
        return ids[(ids != START) & (ids != END)], self._targets.lengths - 2

    def by_length(self, chosen: Tensor) -> Tensor:
        """The same examples, those of equal lengths side by side and else in the order in which they were."""
        lengths = self._sources.lengths * (int(self._targets.lengths.max()) + 1) + self._targets.lengths
        return chosen[lengths[chosen].argsort(stable=True)]

    def batches(self, size: int = EVALUATION_BATCH, most: int | None = None) -> Iterator[tuple[list[Pair], Batch]]:
        """The first `most` examples in batches of like lengths, as pairs and as numbers."""
        chosen = self.by_length(torch.arange(min(len(self), most or len(self))))
        for part, batch in zip(torch.split(chosen, size), self.cut(chosen, size), strict=True):
            yield [self.pairs[index] for index in part.tolist()], batch

    def cut(self, chosen: Tensor, size: int, places: Iterable[int] | None = None) -> Iterator[Batch]:
        """The chosen examples, (M,) on the CPU, in batches of `size`: all in order, or those at `places` among them."""
        sources, targets = (_rows(every.lengths[chosen], size) for every in (self._sources, self._targets))
        across, down = sources.amax(dim=1).tolist(), targets.amax(dim=1).tolist()
        tokens = (targets - 1).clamp(min=0).sum(dim=1).tolist()
        parts = torch.split(sent(chosen, self.device), size)
        for place in range(len(parts)) if places is None else places:
            target = self._targets.padded(parts[place], down[place])
            yield Batch(self._sources.padded(parts[place], across[place]), target[:, :-1], target[:, 1:], tokens[place])


class PairBatches:
    """The training pairs in batches of like lengths, so that little is padding; which, and in which order, follows from (seed, epoch)."""

    unit: str = "pair"

    def __init__(self, split: PairSplit, batch_size: int, seed: int) -> None:
        self.split = split
        self.examples = len(split)
        self.batch_size = batch_size
        self.seed = seed

    def resized(self, batch_size: int) -> PairBatches:
        return PairBatches(self.split, batch_size, self.seed)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0) without its first `skip` ones; one of them may be smaller."""
        chosen = self.split.by_length(order(self.seed, epoch, self.examples))
        count = -(-self.examples // self.batch_size)
        visits = torch.randperm(count, generator=generator("batches", self.seed, epoch))
        yield from self.split.cut(chosen, self.batch_size, visits[skip:].tolist())


@dataclass(frozen=True)
class PairData:
    """Pairs in three splits, and what a run records about them."""

    sources: Symbols
    targets: Symbols
    train: PairBatches
    validation: PairSplit
    test: PairSplit
    about: dict[str, Any]


def load_pairs(
    name: str,
    *,
    device: torch.device,
    batch_size: int,
    seed: int,
    split_seed: int = 0,
    path: str = "",
    source_tokens: Unit = "char",
    target_tokens: Unit = "char",
    examples: int | None = None,
    digits: int = 2,
    longest: int | None = None,
) -> PairData:
    """Pairs by the name of their data set, split by source and put on the device.

    Args:
        path: the file of `pairs`, whose tokens are what `source_tokens` and `target_tokens` say.
        examples: training pairs at most; of what is generated, so many are made.
        digits: of the numbers in `sums`.
        longest: tokens on a side; pairs with more are passed over and counted.

    Raises:
        WorkbenchError: there is no such data set, or its file is missing, damaged, ill-formed or too small.
    """
    info = find_pairs(name)
    units: tuple[Unit, Unit] = (source_tokens, target_tokens) if name == "pairs" else (info.source_tokens, info.target_tokens)
    listing, about = _listing(info, path, examples, split_seed, digits)
    kept = _short_enough(listing, units, longest)
    parts = _parts(listing, kept, split_seed, path or name)
    if examples is not None:
        parts = (parts[0][:examples], *parts[1:])
    pairs = [[listing.pairs[index] for index in part.tolist()] for part in parts]
    sources = symbols_of((pair.source for pair in pairs[0]), units[0])
    targets = symbols_of((pair.targets[0] for pair in pairs[0]), units[1])
    train, validation, test = (PairSplit(each, sources, targets, device) for each in pairs)
    about |= {
        "examples": {split: len(each) for split, each in zip(SPLITS, pairs, strict=True)},
        "task": f"write {len(targets) - len(SPECIAL)} kinds of token for sources of {len(sources) - len(SPECIAL)}{_passed_over(listing)}",
        "split": "as its third column says" if listing.splits else f"by source, at random, split_seed {split_seed}",
        "split_hash": fingerprint(*parts),
    }
    return PairData(sources, targets, PairBatches(train, batch_size, seed), validation, test, about)


def _listing(info: PairsInfo, path: str, examples: int | None, seed: int, digits: int) -> tuple[Listing, dict[str, Any]]:
    """All pairs of a data set, and what is known of where they come from."""
    about = {"name": info.name, "version": info.version, "licence": info.licence, "source": info.source, "sha256": ""}
    if info.name in GENERATED:
        wanted = (GENERATED[info.name] if examples is None else examples) + sum(JUDGING)
        return Listing(dates(wanted, seed) if info.name == "dates" else sums(wanted, seed, digits)), about
    if info.file:
        return _shipped(info), about | {"sha256": info.sha256}
    if not path:
        raise WorkbenchError("no file of pairs was given", "name one with --path: lines of `source<TAB>target`")
    file = Path(path).expanduser()
    content = read_bytes(file, "pairs")
    return read_tsv(content, file), about | {"name": file.name, "source": str(file), "sha256": hashlib.sha256(content).hexdigest()}


@lru_cache(maxsize=1)  # a model is built from it as well as a run
def _shipped(info: PairsInfo) -> Listing:
    return read_tsv(gzip.decompress(info.content()), info.path)


def _short_enough(listing: Listing, units: tuple[Unit, Unit], longest: int | None) -> Tensor:
    """(M,) which pairs have at most `longest` tokens on either side; the others are counted."""
    if longest is None:
        return torch.arange(len(listing.pairs))
    kept = []
    for index, pair in enumerate(listing.pairs):
        sizes = (
            len(text) if unit == "char" else len(text.split()) for text, unit in zip((pair.source, pair.targets[0]), units, strict=True)
        )
        if max(sizes) <= longest:
            kept.append(index)
        else:
            listing.skip(f"longer than {longest} tokens")
    return torch.tensor(kept, dtype=torch.long)


def _parts(listing: Listing, kept: Tensor, seed: int, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the training, validation and test pairs; a source is in one of them only, since it is listed once."""
    if len(kept) < FEWEST:
        raise WorkbenchError(
            f"{name} has {len(kept)} different sources, expected at least {FEWEST}", "use more pairs, or a larger --longest"
        )
    if listing.splits:
        train, validation, test = (torch.tensor([index for index in kept.tolist() if listing.splits[index] == split]) for split in SPLITS)
        empty = [split for split, part in zip(SPLITS, (train, validation, test), strict=True) if not len(part)]
        if empty:
            raise WorkbenchError(f"no line of {name} is in split {empty[0]}", "give each split some lines, or leave the third column out")
        return train, validation, test
    import numpy as np  # 0.1 s that only a worker should pay

    shuffled = kept[torch.from_numpy(np.random.RandomState(seed).permutation(len(kept)))]
    tested, chosen = JUDGING if name in GENERATED else (min(most, round(share * len(kept))) for share, most in (TEST, VALIDATION))
    return shuffled[tested + chosen :], shuffled[tested : tested + chosen], shuffled[:tested]


def _rows(lengths: Tensor, size: int) -> Tensor:
    """(M,) as rows of `size`, with zeros in what the last row lacks."""
    return F.pad(lengths, (0, -len(lengths) % size)).view(-1, size)


def _passed_over(listing: Listing) -> str:
    counts = ", ".join(f"{count:,} {why}" for why, count in listing.skipped.items())
    return f"; {counts}" if counts else ""
