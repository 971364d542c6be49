"""The search for a batch size: twice as many examples each time, until memory, the data or the setting ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from workbench.errors import WorkbenchError
from workbench.recipe import Batches, Recipe
from workbench.schema import Setting, build, describe, flat
from workbench.session.failure import is_out_of_memory
from workbench.session.journal import memory_bytes
from workbench.session.passage import Passage
from workbench.settings import Common
from workbench.trying import memory
from workbench.trying.rehearsal import Rehearsal

_SMALLEST = 8
_STEP_SECONDS, _LEAST_STEPS, _MOST_STEPS = 0.7, 3, 60
_SLOWEST_SECONDS = 20.0  # for a step; nobody waits for the next size, which takes twice as long
_SHARE = 0.8  # of the memory that is left on a CPU's machine; what is beyond belongs to others, and to the kernel
_AS_FAST = 0.95  # of the best: timings of one size differ by as much
_GROWTH = 2.0  # a batch of twice the size takes at most twice what this one took


class Speed(Rehearsal):
    """Times steps of one size of batch, the first one apart."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.data_examples = self.peak = 0
        self.unit = ""
        self.same_unit = False  # whether the setting counts what the data count
        self.device_peak: int | None = None
        self._examples = 0
        self._steps = 0
        self._seconds = 0.0
        self._began = 0.0

    @property
    def throughput(self) -> float:
        """Examples a second."""
        return self._examples / self._seconds if self._seconds else 0.0

    @property
    def step_seconds(self) -> float:
        return self._seconds / self._steps if self._steps else 0.0

    def _begin(self, data: Batches, batches: int) -> Passage:
        passage = super()._begin(data, batches)
        self.data_examples, self.unit = data.examples, data.unit
        self.same_unit = data.batch_size == flat(self._config)["batch_size"]
        memory.reset_peak(self.device)
        return passage

    def _after(self, step: int, examples: int, data: Batches) -> None:
        now = self._clock()
        if step > 1:
            self._steps += 1
            self._examples += examples
            self._seconds = now - self._began
        else:
            self._began = now
        slow = step == 1 and time.monotonic() - self._step_began > _SLOWEST_SECONDS
        enough = self._steps >= _LEAST_STEPS and self._seconds >= _STEP_SECONDS
        self._ending = slow or enough or self._steps >= _MOST_STEPS

    def _before(self, step: int) -> None:
        self._step_began = time.monotonic()

    def _end_loop(self) -> None:
        super()._end_loop()
        self.peak, self.device_peak = memory.peak_bytes(), memory.device_peak_bytes(self.device)


def conduct(recipe: Recipe, config: Common, begin: Callable[..., Any]) -> tuple[Any, dict[str, Any]]:
    """Try one size after the other; returns the last handle and what was found."""
    setting = next((each for each in describe(recipe.config) if each.name == "batch_size"), None)
    if setting is None:
        raise WorkbenchError(f"`{recipe.name}` has no setting `batch_size`", "its batches are its own affair")
    tried: list[dict[str, Any]] = []
    run: Any = None
    before = memory_bytes()
    for size, why in _sizes(setting, int(flat(config)["batch_size"] or 1), tried):
        if why:
            return run, _named(tried, why)
        run = begin(Speed, build(recipe.config, {**flat(config), "batch_size": size}, recipe=recipe.name))
        run.phase(f"trying batch_size {size}")
        try:
            recipe.train(run._config, run)
        except (RuntimeError, MemoryError, WorkbenchError) as error:
            if isinstance(error, WorkbenchError) and tried:
                why = error.message
            elif is_out_of_memory(error):
                why = f"{size} does not fit into the memory of {run.device}"
            else:
                raise
            run.completed = True
            return run, _named(tried, why)
        finally:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        if run.requests.stopping:
            return run, {}
        if not run.step:
            raise WorkbenchError("it has nothing to train, so no batch is faster than another", "")
        run.completed = True
        tried.append(_row(size, run, before))
    raise AssertionError("the sizes end with a reason")


def _sizes(setting: Setting, configured: int, tried: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Each size to try, and at the end why there is no further one."""
    size = max(int(setting.minimum or 1), min(_SMALLEST, configured))
    while True:
        if tried and (why := _end(setting, size, tried[-1])):
            yield size, why
            return
        yield size, ""
        size *= 2
        if tried and tried[-1]["same_unit"]:
            size = min(size, tried[-1]["data_examples"])


def _end(setting: Setting, size: int, last: dict[str, Any]) -> str:
    if last["steps_per_epoch"] == 1:
        return "an epoch is a single step"
    if setting.maximum is not None and size > setting.maximum:
        return f"the setting ends at {setting.maximum:g}"
    if last["step_seconds"] > _SLOWEST_SECONDS or not last["throughput"]:
        return f"a step of {last['batch_size']} takes too long to try more"
    left = memory.available_bytes() if last["device_memory_bytes"] is None else None
    wanted = _GROWTH * last["memory_of_run_bytes"]
    if left is not None and wanted > _SHARE * left:
        return f"{size} may need {wanted / 2**30:.1f} GB, of which {left / 2**30:.1f} GB are left"
    return ""


def _row(size: int, run: Speed, before: int) -> dict[str, Any]:
    return {
        "batch_size": size, "throughput": run.throughput, "unit": run.unit, "step_seconds": run.step_seconds,
        "steps_per_epoch": run.steps_per_epoch, "data_examples": run.data_examples, "same_unit": run.same_unit,
        "memory_bytes": run.peak, "memory_of_run_bytes": max(0, run.peak - before), "device_memory_bytes": run.device_peak,
    }  # fmt: skip


def _named(tried: list[dict[str, Any]], why: str) -> dict[str, Any]:
    """The largest that fits, and the fastest: the smallest of those that timing cannot tell from the best."""
    best = max((row["throughput"] for row in tried), default=0.0)
    fastest = next((row["batch_size"] for row in tried if row["throughput"] >= _AS_FAST * best), None)
    return {"sizes": tried, "largest": tried[-1]["batch_size"] if tried else None, "fastest": fastest, "ended": why}
