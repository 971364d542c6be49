"""The processes that train one model together: each has its rows of every batch, and what they find is added up.

The rows are contiguous parts of each batch, weighted by how many they are, so that the sum of the gradients is that of one
process. What is drawn at random for a batch is drawn for all of it by every process, which then keeps its own rows.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor

_PATIENCE = timedelta(days=30)  # a pause may last; a process that has gone is noticed by its closed connection
_ORDER_BYTES = 512


class LostRank(Exception):
    """Another process of the run has gone: nothing can be added up any more."""


@dataclass(frozen=True)
class Part:
    """Rows of a batch that has `of` of them."""

    start: int
    stop: int
    of: int


class Ranks:
    """This process among those of its run; alone, unless it has joined others.

    Attributes:
        rank: its number among `count`; 0 leads.
        part: its rows of the batch that is worked at; None outside of steps.
        share: what its rows weigh among all rows of the step.
    """

    def __init__(self) -> None:
        self.rank, self.count = 0, 1
        self.part: Part | None = None
        self.share = 1.0

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def join(self, device: torch.device) -> None:
        """Meet the other processes that torchrun started; does nothing in a process that it did not start."""
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        with self._together():
            torch.distributed.init_process_group(backend, timeout=_PATIENCE)
        self.rank, self.count = torch.distributed.get_rank(), torch.distributed.get_world_size()

    def rows(self, count: int) -> Part:
        """Its rows of a batch of `count`; all of them where there are too few to give each process one."""
        if count < self.count:
            return Part(0, count, count)
        return Part(self.rank * count // self.count, (self.rank + 1) * count // self.count, count)

    def parts(self, batches: list[Any]) -> list[Any]:
        """Its rows of the batches of a step: tensors (B, ...) in tuples, or what has a method `part(rows)` and a `weight`.

        Where a batch with fewer rows than processes comes with others in one step, it counts more than its rows: each
        process has all of them.
        """
        if self.count == 1:
            return batches
        parts = [self.rows(len(_first(batch))) for batch in batches]
        own = [_cut(batch, part) for batch, part in zip(batches, parts, strict=True)]
        copies = [1 if part.of >= self.count else self.count for part in parts]
        total = sum(_weight(batch) * times for batch, times in zip(batches, copies, strict=True))
        self.share = sum(map(_weight, own)) / max(1, total)
        return _Parts(self, own, parts)

    def drawn(self, draw: Callable[[int], Tensor], count: int, dimension: int = 0) -> Tensor:
        """`draw(count)` random rows; in a step, those of this process among the rows that are drawn for the whole batch."""
        part = self._of(count)
        return draw(count) if part is None else draw(part.of).narrow(dimension, part.start, count)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of what each row of the whole batch has, from what the rows of this process have, (B,)."""
        part = self._of(len(values))
        return values.mean() if part is None else self.added([values.sum()])[0] / part.of

    def begin(self, count: int) -> int:
        """Where in the whole batch the rows of this process begin, `count` in number."""
        part = self._of(count)
        return 0 if part is None else part.start

    def whole(self, rows: Tensor, dimension: int = 0) -> Tensor:
        """The rows of all processes, from those of the batch that was worked at last."""
        part = self.part
        if self.count == 1 or part is None or part.of < self.count:
            return rows
        shape = list(rows.shape)
        shape[dimension] = part.of
        joined = rows.new_zeros(shape)
        joined.narrow(dimension, part.start, part.stop - part.start).copy_(rows)
        return self.added([joined])[0]

    def own(self, rows: Tensor, dimension: int = 0) -> Tensor:
        """Its rows of what `whole` put together."""
        part = self.rows(rows.shape[dimension])
        return rows.narrow(dimension, part.start, part.stop - part.start).contiguous()

    def added(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The sums over all processes, of tensors of one kind, in one message."""
        return self._reduced(tensors, torch.distributed.ReduceOp.SUM)

    def greatest(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The greatest of each number over all processes, likewise."""
        return self._reduced(tensors, torch.distributed.ReduceOp.MAX)

    def _reduced(self, tensors: Sequence[Tensor], how: torch.distributed.ReduceOp.RedOpType) -> list[Tensor]:
        if self.count == 1 or not tensors:
            return list(tensors)
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        with self._together():
            torch.distributed.all_reduce(flat, how)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over all processes."""
        if self.count > 1:
            for tensor, total in zip(tensors, self.added(tensors), strict=True):
                tensor.copy_(total)

    def take_over(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by those of the process that leads."""
        if self.count > 1:
            with self._together(), torch.no_grad():
                for tensor in tensors:
                    torch.distributed.broadcast(tensor, 0)

    def say(self, order: dict[str, Any]) -> None:
        """Tell the others what to do, as the process that leads."""
        words = json.dumps(order).encode().ljust(_ORDER_BYTES)
        assert len(words) == _ORDER_BYTES
        with self._together():
            torch.distributed.broadcast(torch.frombuffer(bytearray(words), dtype=torch.uint8), 0)

    def hear(self) -> dict[str, Any]:
        """What the process that leads says next."""
        words = torch.empty(_ORDER_BYTES, dtype=torch.uint8)
        with self._together():
            torch.distributed.broadcast(words, 0)
        order: dict[str, Any] = json.loads(bytes(words.tolist()))
        return order

    def _of(self, count: int) -> Part | None:
        """Its part of the batch that is worked at, where it is one, and `count` are its rows."""
        part = self.part
        return None if self.count == 1 or part is None or part.of < self.count or part.stop - part.start != count else part

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # what every backend raises when a connection is gone
            raise LostRank(str(error)) from error


class _Parts(list[Any]):
    """Batches that say which of their rows they are while they are walked through."""

    def __init__(self, ranks: Ranks, batches: list[Any], parts: list[Part]) -> None:
        super().__init__(batches)
        self._ranks, self._parts = ranks, parts

    def __iter__(self) -> Iterator[Any]:
        for batch, part in zip(super().__iter__(), self._parts, strict=True):
            self._ranks.part = part
            yield batch


def _first(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple) else batch


def _cut(batch: Any, part: Part) -> Any:
    rows = slice(part.start, part.stop)
    if isinstance(batch, tuple):
        return tuple(None if each is None else each[rows] for each in batch)
    return batch.part(rows) if hasattr(batch, "part") else batch[rows]


def _weight(batch: Any) -> int:
    return int(batch.weight) if hasattr(batch, "weight") else len(_first(batch))


ranks = Ranks()  # as torch has one default group: a process is in one run
