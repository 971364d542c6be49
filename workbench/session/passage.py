"""How a run passes through its training data: epoch after epoch, in batches whose size may change between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.recipe import Batches, Resizable
from workbench.runs.reading.epochs import Epochs, Stretch


class Passage:
    """The data, the size of its batches, and where epochs begin.

    Args:
        batches: how many make one step.
        batch_size: what the settings ask for; None where the recipe has no such setting.
        saved: `state_dict()` of an earlier attempt or of the run that this one was forked from.
        step: where that one was.
        resize: whether the settings ask for another size than it had: from the next epoch on.
    """

    def __init__(
        self,
        data: Batches,
        batches: int,
        batch_size: int | None,
        *,
        saved: Mapping[str, Any] | None = None,
        step: int = 0,
        resize: bool = False,
    ) -> None:
        self._batches = batches
        self._data, self._size = data, batch_size
        self._next: tuple[int, Batches] | None = None
        self.epochs = Epochs([self._stretch(0, 0)])
        self.skipped = False  # the rest of an epoch, which other data cannot go on with
        if saved is None:
            return
        if batch_size is not None and saved["batch_size"] not in (None, batch_size):
            self._size, self._data = saved["batch_size"], _resized(data, saved["batch_size"])
        self.epochs = Epochs.of(saved["stretches"])
        if self.epochs.newest[2:] != self._stretch(0, 0)[2:]:
            epoch, made = self.epochs.position(step)
            self.skipped = made > 0
            self.epochs.begin(self._stretch(step, epoch + self.skipped))
        wanted = batch_size if resize else saved["wanted"]
        if wanted is not None:
            self.resize(wanted)

    @property
    def examples_per_step(self) -> int:
        return self.epochs.newest.examples_per_step

    @property
    def steps_per_epoch(self) -> int:
        return self.epochs.newest.steps_per_epoch

    @property
    def unit(self) -> str:
        return self._data.unit

    def resize(self, batch_size: int) -> None:
        """Have batches of another size from the next epoch on.

        Raises:
            WorkbenchError: the data cannot be cut so.
        """
        self._next = None if batch_size == self._size else (batch_size, _resized(self._data, batch_size))

    def turn(self, step: int) -> bool:
        """Where an epoch ends and another size waits, go on with it; whether it did."""
        epoch, made = self.epochs.position(step)
        if self._next is None or made:
            return False
        (self._size, self._data), self._next = self._next, None
        self.epochs.begin(self._stretch(step, epoch))
        return True

    def rest(self, step: int) -> tuple[int, Iterator[Any]]:
        """The epoch that goes on behind a step, and its batches from there."""
        epoch, made = self.epochs.position(step)
        return epoch, iter(self._data.epoch(epoch, skip=made * self._batches))

    def state_dict(self) -> dict[str, Any]:
        """Where epochs began, and the sizes of batches, as primitives."""
        return {
            "stretches": [list(stretch) for stretch in self.epochs.stretches],
            "batch_size": self._size,
            "wanted": self._next[0] if self._next else None,
        }

    def _stretch(self, step: int, epoch: int) -> Stretch:
        per_epoch = -(-self._data.examples // self._data.batch_size)
        return Stretch(step, epoch, -(-per_epoch // self._batches), self._data.batch_size * self._batches)


def _resized(data: Batches, batch_size: int) -> Batches:
    if not isinstance(data, Resizable):
        raise WorkbenchError("the batches of this recipe keep their size", "start another run with another batch_size")
    return data.resized(batch_size)
