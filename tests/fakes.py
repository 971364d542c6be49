"""Stand-ins that tests drive the rooms with, without processes or files."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import torch

from workbench.recipe import Batches, Due, Preview, Task
from workbench.settings import Common
from workbench.training.early_stopping import EarlyStopping
from workbench.training.machine.precision import in_memory_format
from workbench.training.machine.seed import seed_everything
from workbench.training.optimizer import Optimizer

M = TypeVar("M", bound=torch.nn.Module)


class FakeRun:
    """A `Run` in memory: budgets, evaluations and the best weights as the real one has them, and no files.

    Seeds everything when made. What the recipe reported is kept in `logged`, `evaluations`, `previews`, `about`, `test`.

    Args:
        task: what the recipe makes of the config; its metrics say which way is better.
        stop_after: a step after which the run is stopped, as a user would.
    """

    def __init__(self, config: Common, task: Task, *, stop_after: int | None = None) -> None:
        seed_everything(config.machine.seed)
        self.config = config
        self.stop_after = stop_after
        self.device = torch.device("cpu")
        self.precision = "fp32"
        self.completed = False
        self.steps_total: int | None = None
        self.steps_per_epoch = 1
        self.progress = 0.0
        self.phases: list[str] = []
        self.notices: list[str] = []
        self.about: dict[str, Any] = {}
        self.logged: dict[int, dict[str, Any]] = {}
        self.evaluations: dict[int, dict[str, float]] = {}
        self.previews: dict[int, list[Preview]] = {}
        self.test: dict[str, float] = {}
        self.parts: dict[str, Any] = {}
        self.seconds_to: dict[int, float] = {}  # CPU seconds of this process from the start to each evaluation
        self._started = time.process_time()
        self._step = 0
        self._best_weights: dict[str, Any] = {}
        self._monitor = config.budget.monitor or task.objective
        self._goal = task.metrics[self._monitor].goal
        self._watch = EarlyStopping(config.budget.patience, min_delta=config.budget.min_delta, goal=self._goal)

    @property
    def epoch(self) -> int:
        return max(0, self._step - 1) // self.steps_per_epoch

    @property
    def begins_epoch(self) -> bool:
        return max(0, self._step - 1) % self.steps_per_epoch == 0

    @property
    def cpu_seconds(self) -> float:
        return time.process_time() - self._started

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def notice(self, message: str) -> None:
        self.notices.append(message)

    def loaded(self, **about: Any) -> None:
        self.about = about

    def place(self, model: M) -> M:
        return in_memory_format(model.to(self.device), self.device)

    def attach(self, **parts: Any) -> None:
        self.parts = parts

    def tune(self, trial: Callable[[], None]) -> None:
        trial()

    def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
        per_epoch = -(-data.examples // data.batch_size)
        self.steps_per_epoch = -(-per_epoch // batches)
        budget = self.config.budget
        limits = [budget.max_steps, budget.epochs and budget.epochs * self.steps_per_epoch]
        self.steps_total = min(limit for limit in limits if limit)
        epoch = 0
        while True:
            gathered: list[Any] = []
            for index, batch in enumerate(data.epoch(epoch), start=1):
                gathered.append(batch)
                if len(gathered) < batches and index < per_epoch:
                    continue
                self.progress = self._step / self.steps_total
                self._step += 1
                yield self._step, gathered
                gathered = []
                if self._step == self.stop_after:
                    return
                if self._step >= self.steps_total or self._watch.exhausted:
                    self.completed = True
                    return
            epoch += 1

    def due(self, what: Due) -> bool:
        every = getattr(self.config.budget, f"{what}_every") or self.steps_per_epoch
        return self._step % every == 0 or self._step == self.steps_total

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self.logged[step] = {key: float(value) for key, value in values.items()}

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        self.evaluations[step] = dict(values)
        self.seconds_to[step] = self.cpu_seconds
        for part in self.parts.values():
            if isinstance(part, Optimizer):
                part.evaluated(values[self._monitor], self._goal)
        if self._watch.update(step, values[self._monitor]):
            self._best_weights = copy.deepcopy(self.parts["model"].state_dict())

    def preview(self, step: int, previews: Iterable[Preview]) -> None:
        self.previews.setdefault(step, []).extend(previews)

    def best(self, model: M) -> M:
        if self.config.budget.restore_best and self._best_weights:
            model.load_state_dict(self._best_weights)
        return model

    def tested(self, values: Mapping[str, float]) -> None:
        self.test = dict(values)
