"""A dry run: some steps of everything that a run does, timed, and a second start from the checkpoint that it saved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from workbench.errors import WorkbenchError
from workbench.recipe import Batches, Due, Recipe
from workbench.session.journal import memory_bytes
from workbench.session.passage import Passage
from workbench.settings import Common
from workbench.trying import estimate, memory
from workbench.trying.rehearsal import Rehearsal

M = TypeVar("M")
_FIRST_LOOK = 3  # the step behind which everything is done for the first time
_LEAST_STEPS, _MOST_STEPS, _STEP_SECONDS = 12, 300, 3.0  # of steps alone: short ones are measured more often
_WARM = 2  # first steps, in which kernels and memory are prepared
_PARTS: dict[Due, str] = {"evaluate": "evaluation", "preview": "preview"}


class DryRun(Rehearsal):
    """Times each part of a run. It evaluates, previews and saves behind the third step and behind the last but one.

    Attributes:
        cycles: for each step the seconds of its parts: step, evaluation, preview, checkpoint.
        test_seconds: what it took to evaluate on the test split at the end.
        peaks: bytes of memory: before the model, in a step, and the most in all.
    """

    def __init__(self, *arguments: Any) -> None:
        self.cycles: list[dict[str, float]] = []
        self.values: dict[str, Any] = {}  # logged at the last step
        self.parts_at_end: dict[str, Any] = {}
        self.examples = 0
        self.unit = ""
        self.start_seconds = self.test_seconds = 0.0
        self.peaks = {"before_model": 0, "step": 0, "all": 0}
        self.device_peak: int | None = None
        self.cores = 0.0  # that worked while it trained: few where others work here, too
        self._now: dict[str, float] = {}
        self._part, self._since = "step", 0.0
        self._looking = False
        self._last = 0
        super().__init__(*arguments)
        memory.reset_peak(self.device)

    def place(self, model: M) -> M:
        self.peaks["before_model"] = memory_bytes()
        return super().place(model)

    def due(self, what: Due) -> bool:
        if self._looking:
            self._turn_to(_PARTS[what])
        return self._looking

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        super().log(step, values)

    def tested(self, values: Mapping[str, float]) -> None:
        super().tested(values)
        self.test_seconds = self._clock() - self._since

    def plan(self) -> estimate.Plan:
        """How often the run that is rehearsed does what."""
        limits = self._config.budget
        return estimate.Plan(
            steps=self.steps_total,
            evaluate_every=limits.evaluate_every or self.steps_per_epoch,
            preview_every=limits.preview_every or self.steps_per_epoch,
            checkpoint_every=limits.checkpoint_every,
            max_seconds=limits.max_seconds,
            at_most=limits.patience is not None,
        )

    def _begin(self, data: Batches, batches: int) -> Passage:
        passage = super()._begin(data, batches)
        self.unit = data.unit
        self.start_seconds = time.time() - self._journal.state.attempts[-1].started_at
        self.peaks["all"] = memory.peak_bytes()
        memory.reset_peak(self.device)
        self._since = self._began = self._clock()
        self._cpu_began = time.process_time()
        return passage

    def _before(self, step: int) -> None:
        enough = sum(cycle["step"] for cycle in self.cycles) >= _STEP_SECONDS and step >= _LEAST_STEPS
        ends = step > _FIRST_LOOK and (enough or step >= _MOST_STEPS or self._budget.is_spent(step + 1))
        if ends and not self._last:
            self._last = step + 1
        self._looking = step in (_FIRST_LOOK, self._last - 1)

    def _after(self, step: int, examples: int, data: Batches) -> None:
        self._turn_to("step")
        self.examples += examples
        self._ending = step == self._last
        if step == _WARM:
            self.peaks["step"] = memory.peak_bytes()

    def _between_steps(self) -> None:
        super()._between_steps()
        self._turn_to("step")
        self.cycles.append(self._now)
        self._now = {}

    def _saves_now(self) -> bool:
        return self._looking

    def _save(self, reason: str) -> str:
        self._turn_to("checkpoint")
        problem = super()._save(reason)
        self._turn_to("step")
        return problem

    def _end_loop(self) -> None:
        super()._end_loop()
        self.peaks["all"] = max(self.peaks["all"], memory.peak_bytes())
        self.device_peak = memory.device_peak_bytes(self.device)
        self.parts_at_end = _copied({name: part.state_dict() for name, part in self._parts.items()})
        self.cores = (time.process_time() - self._cpu_began) / max(1e-9, self._clock() - self._began)
        self.completed = not self.requests.stopping
        self._since = self._clock()

    def _turn_to(self, part: str) -> None:
        """What is spent from here on is spent on this part."""
        now = self._clock()
        self._now[self._part] = self._now.get(self._part, 0.0) + now - self._since
        self._part, self._since = part, now


class Reloaded(Rehearsal):
    """Goes on from the checkpoint as a resumed run does, and makes the one step behind it."""

    def __init__(self, *arguments: Any) -> None:
        self.values: dict[str, Any] = {}
        self.parts_at_end: dict[str, Any] = {}
        self.load_seconds = 0.0
        super().__init__(*arguments)

    def attach(self, **parts: Any) -> None:
        begun = self._clock()
        super().attach(**parts)
        self.load_seconds = self._clock() - begun

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        super().log(step, values)

    def _after(self, step: int, examples: int, data: Batches) -> None:
        self._ending = True

    def _end_loop(self) -> None:
        super()._end_loop()
        self.parts_at_end = {name: part.state_dict() for name, part in self._parts.items()}


def conduct(recipe: Recipe, config: Common, begin: Callable[..., Any]) -> tuple[Any, dict[str, Any]]:
    """Rehearse a run, and its going on from a checkpoint; returns its handle and what was found.

    Args:
        begin: makes a handle of a class for a config, as a further attempt at the trial's run.
    """
    first = begin(DryRun, config)
    recipe.train(config, first)
    first.returned()
    if not first.completed:
        return first, {}
    if not first.cycles:
        raise WorkbenchError("it has nothing to train, so there is nothing to rehearse", "start it: it only computes its previews")
    first.phase("loading the checkpoint")
    again = begin(Reloaded, config)
    recipe.train(config, again)
    again.completed = not again.requests.stopping
    return again, _found(first, again)


def _found(run: DryRun, again: Reloaded) -> dict[str, Any]:
    steps = [cycle["step"] for cycle in run.cycles]
    steady = steps[_WARM:]
    step = statistics.fmean(steady)
    looks = {part: [cycle[part] for cycle in run.cycles if part in cycle] for part in ("evaluation", "preview", "checkpoint")}
    parts = estimate.Parts(
        start=run.start_seconds, step=step, first_step=max(0.0, sum(steps[:_WARM]) - _WARM * step),
        evaluation=_last(looks["evaluation"]), first_evaluation=max(0.0, _first(looks["evaluation"]) - _last(looks["evaluation"])),
        preview=_last(looks["preview"]), checkpoint=_last(looks["checkpoint"]), test=run.test_seconds,
    )  # fmt: skip
    examples = run.examples / len(run.cycles)
    saved = run._keeper.last_size_bytes
    return {
        "steps": len(steps), "examples_per_step": examples, "unit": run.unit, "throughput": examples / step, "cores": run.cores,
        "seconds": {
            "start": parts.start, "first_step": steps[0], "step": step, "step_least": min(steady), "step_most": max(steady),
            "evaluation": parts.evaluation, "preview": parts.preview, "checkpoint": parts.checkpoint, "load": again.load_seconds,
            "test": parts.test,
        },
        "memory_bytes": run.peaks["all"], "memory_of_step_bytes": max(0, run.peaks["step"] - run.peaks["before_model"]),
        "device_memory_bytes": run.device_peak, "checkpoint_bytes": saved,
        "keeps_all": run._config.budget.keep_checkpoints is None,
        "resumed": _compared(run, again), "total": estimate.total(parts, run.plan()),
    }  # fmt: skip


def _compared(run: DryRun, again: Reloaded) -> dict[str, Any]:
    """Whether the step behind the checkpoint was the same, bit for bit, when it was made again from the file."""
    numbers = [key for key in run.values if not _same(run.values[key], again.values.get(key))]
    parts = [name for name, state in run.parts_at_end.items() if not _same(state, again.parts_at_end.get(name))]
    return {"equal": not numbers and not parts, "numbers": len(run.values), "differing_numbers": numbers, "differing_parts": parts}


def _same(one: Any, other: Any) -> bool:
    """Bit for bit; NaN is the same as NaN."""
    if isinstance(one, torch.Tensor):
        return (
            isinstance(other, torch.Tensor) and one.shape == other.shape
            and torch.equal(one.detach().cpu().nan_to_num(nan=1e38), other.detach().cpu().nan_to_num(nan=1e38))
        )  # fmt: skip
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return isinstance(other, (list, tuple)) and len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))


def _copied(state: Any) -> Any:
    """A state as it is now: what it holds goes on changing."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, Mapping):
        return {key: _copied(value) for key, value in state.items()}
    return type(state)(_copied(value) for value in state) if isinstance(state, (list, tuple)) else state


def _first(seconds: list[float]) -> float:
    return seconds[0] if seconds else 0.0


def _last(seconds: list[float]) -> float:
    return seconds[-1] if seconds else 0.0
