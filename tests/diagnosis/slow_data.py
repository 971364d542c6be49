"""The image classifier behind a slow disk: each batch takes three times as long to come as the step before it took to make."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from recipes.cnn import RECIPE as FAST
from workbench.recipe import Batches, Run


class SlowBatches:
    """The batches of `data`, each after a wait."""

    def __init__(self, data: Batches) -> None:
        self._data = data
        self.examples, self.batch_size, self.unit = data.examples, data.batch_size, data.unit

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        given = time.perf_counter()
        for batch in self._data.epoch(epoch, skip=skip):
            time.sleep(min(0.2, 3 * (time.perf_counter() - given)))
            given = time.perf_counter()
            yield batch


class SlowRun:
    """A run whose training data are slow; all else is the run's."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
        return self._run.steps(SlowBatches(data), batches=batches)


def train(config: Any, run: Any) -> None:
    FAST.train(config, SlowRun(run))


RECIPE = dataclasses.replace(FAST, train=train)
