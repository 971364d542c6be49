"""One run in several processes: rank 0 leads and records, the others do the same steps on their rows of each batch.

Between two steps rank 0 says what is done next (gather numbers, save, change a setting, go on or stop) and all obey; so whatever
hangs on a clock, a request or a signal happens at the same step everywhere. Every process evaluates; rank 0's numbers count.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import nn

from workbench import settings
from workbench.events.types import Event
from workbench.recipe import Batches, Preview, Recipe
from workbench.runs.folder import RunFolder
from workbench.runs.reading.apply import apply
from workbench.session.budget import Budget
from workbench.session.handle import Session
from workbench.session.journal import Journal, read_rows
from workbench.session.passage import Passage
from workbench.session.requests import Number, Requests
from workbench.settings import Common
from workbench.training.machine.ranks import ranks
from workbench.training.machine.threads import cores
from workbench.training.machine.together import join_layers

M = TypeVar("M")


class DistributedSession(Session):
    """A session that shares its steps with those of the other processes."""

    def __init__(self, folder: RunFolder, recipe: Recipe, config: Common, journal: Journal, attempt: int) -> None:
        super().__init__(folder, recipe, config, journal, attempt)
        self.phase("waiting for the other processes")
        ranks.join(self.device)
        self._clock = self._budget = _AgreedClock(config.budget)
        self._next_seconds = 0.0
        self._stop = False
        self._rows: list[tuple[int, float, dict[str, Any]]] = []
        self.requests.settle = self._gather_all
        if not ranks.leads:
            self.requests = _Unasked(folder, journal, recipe, save=str, change=self._change, cpu_seconds=self.cpu_seconds)

    def place(self, model: M) -> M:
        placed = super().place(model)
        assert isinstance(placed, nn.Module)
        join_layers(placed)
        return placed

    def attach(self, **parts: Any) -> None:
        super().attach(**parts)
        ranks.take_over([tensor for part in parts.values() if isinstance(part, nn.Module) for tensor in part.state_dict().values()])

    def tune(self, trial: Callable[[], None]) -> None:
        """Give each process its share of the cores: measuring would have each see the others at work."""
        if self._config.machine.threads is None and self.device.type == "cpu":
            torch.set_num_threads(max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", ranks.count))))
            self._tuning = {"threads": torch.get_num_threads()}

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        values = {key: (value.detach() if hasattr(value, "detach") else value) * ranks.share for key, value in values.items()}
        self._rows.append((step, time.time(), values))

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        self._gather()
        numbers = torch.tensor([float(value) for value in values.values()], dtype=torch.float64)
        ranks.take_over([numbers])
        super().evaluated(step, dict(zip(values, numbers.tolist(), strict=True)))

    def preview(self, step: int, previews: Iterable[Preview]) -> None:
        self._gather()
        made = list(previews)  # by every process, so that all draw the same random numbers
        if ranks.leads:
            super().preview(step, made)

    def _next(self, left: Iterator[Any], batches: int) -> list[Any]:
        self._clock.agreed = self._next_seconds
        return ranks.parts(super()._next(left, batches))

    def _begin(self, data: Batches, batches: int) -> Passage:
        passage = super()._begin(data, batches)
        self._agree()
        return passage

    def _is_over(self) -> bool:
        if not self._stop and (self._budget.is_spent(self.step) or self._best.exhausted):
            self.completed = True
        return self._stop or self.completed

    def _between_steps(self) -> None:
        if ranks.leads:
            if self._journal.is_due(time.monotonic()):
                self._gather_all()
            super()._between_steps()
        self._agree()

    def _end_loop(self) -> None:
        self._gather()
        if ranks.leads:
            super()._end_loop()
            ranks.say({"do": "go", "seconds": 0.0, "stop": True})
        else:
            self._obey()

    def _save(self, reason: str) -> str:
        ranks.say({"do": "save"})
        self._gather()  # or a death behind the checkpoint would lose the numbers before it
        return super()._save(reason)

    def _change(self, name: str, value: Number, by: str) -> str:
        if not ranks.leads:
            return ""  # what the record has is said by rank 0, too
        said = super()._change(name, value, by)
        ranks.say({"do": "change", "name": name, "value": value})
        return said

    def _agree(self) -> None:
        """Go on, or stop, all at once; what time it is stays the same for a step."""
        if ranks.leads:
            self._next_seconds, self._stop = self._clock.own_seconds(), self.requests.stopping
            ranks.say({"do": "go", "seconds": self._next_seconds, "stop": self._stop})
        else:
            self._obey()

    def _obey(self) -> None:
        while (order := ranks.hear())["do"] != "go":
            match order["do"]:
                case "gather":
                    self._gather()
                case "save":  # some parts put together what the processes have of them
                    self._gather()
                    for part in self._parts.values():
                        part.state_dict()
                case "change":
                    super()._change(order["name"], order["value"], "rank 0")
        self._next_seconds, self._stop = float(order["seconds"]), bool(order["stop"])

    def _gather_all(self) -> None:
        """Have every process gather, as the one that leads."""
        ranks.say({"do": "gather"})
        self._gather()

    def _gather(self) -> None:
        """Log the steps since the last time: means over all rows, which are sums weighted by each process's share."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        values = read_rows([row for _, _, row in rows])
        numbers = torch.tensor([number for row in values for number in row.values()], dtype=torch.float64)
        found = iter(ranks.added([numbers])[0].tolist())
        for (step, at, _), row in zip(rows, values, strict=True):
            self._journal.log(step, {key: float(f"{next(found):.9g}") for key in row}, at=at)


class Silent(Journal):
    """Keeps the state that events add up to, and writes nothing: the log has one writer."""

    def summarise(self, *, now: bool = False) -> None:
        """Left to the process that leads."""

    def _put(self, event: Event, *, commit: bool = False) -> None:
        apply(event, self.state)


class _Unasked(Requests):
    """Requests are for the process that leads."""

    def handle(self, step: int) -> float:
        return 0.0


class _AgreedClock(Budget):
    """A budget whose time is that of rank 0 at the beginning of the step."""

    def __init__(self, limits: settings.Budget) -> None:
        super().__init__(limits)
        self.agreed: float | None = None

    def own_seconds(self) -> float:
        return super().elapsed_seconds()

    def elapsed_seconds(self) -> float:
        return super().elapsed_seconds() if self.agreed is None else self.agreed

    def stop(self) -> None:
        self.agreed = None
        super().stop()
