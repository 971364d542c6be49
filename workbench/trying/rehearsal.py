"""A run's handle that looks at nothing and keeps nothing, from which the trials differ in what they measure."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import torch

from workbench.recipe import Batches, Due
from workbench.runs.status import is_process
from workbench.session.handle import Session

_LOOK_SECONDS = 1.0


class Rehearsal(Session):
    """Trains as every run does, but evaluates, previews and saves nothing, and leaves when nobody waits for it any more."""

    _looked = 0.0
    _ending = False
    _whole = 0  # the most examples that a batch had; the data may count them otherwise, such as by characters

    def phase(self, name: str) -> None:
        self._leave_if_alone()
        super().phase(name)

    def due(self, what: Due) -> bool:
        return False

    def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
        for step, group in super().steps(data, batches=batches):
            self._before(step)
            yield step, group
            self._whole = max(self._whole, *map(_examples, group))
            self._after(step, sum(round(_examples(batch) / self._whole * data.batch_size) for batch in group), data)
            self._leave_if_alone()

    def _before(self, step: int) -> None:
        """What a trial does when a step has its batches."""

    def _after(self, step: int, examples: int, data: Batches) -> None:
        """What a trial does when the recipe is done with a step; may set `_ending`."""

    def _is_over(self) -> bool:
        return self.requests.stopping or self._ending

    def _saves_now(self) -> bool:
        return False

    def _end_loop(self) -> None:
        self._check()
        self._journal.flush()
        self._budget.stop()

    def _leave_if_alone(self) -> None:
        """A trial whose asker was killed is of no use to anybody: it takes its folder with it."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        pid, started = self._folder.record().asker
        if pid and not is_process(pid, started):
            shutil.rmtree(self._folder.path.parent, ignore_errors=True)
            os._exit(1)

    def _clock(self) -> float:
        """Seconds, when all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def _examples(batch: Any) -> int:
    """How many examples a batch has: the first dimension of its first tensor."""
    first = batch[0] if isinstance(batch, (tuple, list)) else batch
    return len(first)
