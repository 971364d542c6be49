"""The real `run`: the handle through which a recipe trains (see recipe.Run for its side of the contract)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import torch

from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import (
    AnyEvent,
    DataLoaded,
    DeviceChosen,
    EpochsChanged,
    Evaluated,
    LoopStarted,
    Metrics,
    MetricsDeclared,
    ModelBuilt,
    PhaseChanged,
    SettingChanged,
    Tested,
)
from workbench.recipe import Batches, Due, Preview, Recipe
from workbench.runs.folder import RunFolder
from workbench.schema import flat
from workbench.session.best import Best
from workbench.session.budget import Budget
from workbench.session.journal import Journal
from workbench.session.live import Live
from workbench.session.passage import Passage
from workbench.session.previews import save_preview
from workbench.session.requests import Number, Requests
from workbench.session.resuming.keeper import Keeper
from workbench.session.resuming.resumption import Resumption
from workbench.session.undeclared import Undeclared
from workbench.session.vitals import Vitals, gpu_reader
from workbench.settings import Common
from workbench.training.inspecting.layers import layer_table
from workbench.training.machine import device as devices
from workbench.training.machine import precision
from workbench.training.machine.seed import random_state, seed_everything
from workbench.training.machine.threads import fastest

M = TypeVar("M")


class Stopped(Exception):
    """A person ended the run before its loop began."""


class Session:
    """One attempt at a run, from choosing the device to the last checkpoint."""

    def __init__(self, folder: RunFolder, recipe: Recipe, config: Common, journal: Journal, attempt: int) -> None:
        self._recipe = recipe
        self._task = recipe.task(config)
        self._config = config
        self._journal = journal
        self._folder = folder
        self._keeper = Keeper(folder, journal, attempt, recent=config.budget.keep_checkpoints)
        self._resumption = Resumption(folder, self._keeper, journal)
        self.requests = Requests(folder, journal, recipe, save=self._save_asked, change=self._change, cpu_seconds=self.cpu_seconds)
        self.phase("choosing the device")
        self.device = devices.choose(config.machine.device)
        self.precision: str = precision.resolve(config.machine.precision, self.device)
        self._threads = _set_threads(config.machine.threads)
        seed_everything(config.machine.seed)
        self._say(DeviceChosen, device=str(self.device), description=devices.describe(self.device), threads=self._threads,
                  precision=self.precision, memory_format=precision.memory_format(self.device))  # fmt: skip
        self._vitals = Vitals(folder.path, gpu_reader(self.device))
        self._declare()
        self._best = Best(config.budget, self._task)
        self.step = 0
        self.completed = False
        self._tuning: dict[str, Any] = {}
        self._budget = Budget(config.budget)
        self._passage: Passage | None = None
        self._parts: dict[str, Any] = {}
        self._live = Live(self._parts)
        self._undeclared = Undeclared(self._task, self.notice)
        self._cpu_base = 0.0
        self._cpu_started: float | None = None
        self._sampled_at: int | None = None  # the step at which the machine was looked at last

    # What a recipe asks.

    @property
    def steps_total(self) -> int | None:
        return self._budget.steps_total

    @property
    def steps_per_epoch(self) -> int:
        return self._budget.epochs.newest.steps_per_epoch if self._budget.epochs else 1

    @property
    def epoch(self) -> int:
        return self._budget.epochs.position(max(0, self.step - 1))[0] if self._budget.epochs else 0

    @property
    def begins_epoch(self) -> bool:
        return not self._budget.epochs or self._budget.epochs.position(max(0, self.step - 1))[1] == 0

    @property
    def progress(self) -> float:
        return self._budget.progress(self.step)

    def phase(self, name: str) -> None:
        self._say(PhaseChanged, phase=name)
        if self.requests.signalled:
            raise Stopped

    def notice(self, message: str) -> None:
        self._journal.notice(message)

    def loaded(self, **about: Any) -> None:
        self._say(DataLoaded, **about)

    def place(self, model: M) -> M:
        placed: M = precision.in_memory_format(precision.in_precision(model.to(self.device), self.precision), self.device)  # type: ignore[attr-defined]
        with torch.random.fork_rng(devices=[]):  # a second model is drawn only for the shape of its input
            _, example = self._recipe.model(self._config)
        inputs = example if isinstance(example, tuple) else (example,)
        layers, parameters = layer_table(placed, tuple(each.to(self.device) for each in inputs))
        self._say(ModelBuilt, parameters=parameters, layers=layers)
        return placed

    def attach(self, **parts: Any) -> None:
        self._parts.update(parts)
        self._resumption.attach(parts, self.device, self.phase)

    def tune(self, trial: Callable[[], None]) -> None:
        if self._config.machine.threads is not None or self.device.type != "cpu":
            return
        known = self._journal.state.tuning
        if isinstance(known.get("threads"), int):  # the count changes rounding, so a resumed run keeps it
            torch.set_num_threads(known["threads"])
            self._tuning = known
            return
        self.phase("measuring threads")
        with torch.random.fork_rng(devices=[]):
            took = fastest(trial)
        self._tuning = {"threads": next(iter(took)), "seconds_per_trial": {str(count): round(took[count], 6) for count in sorted(took)}}

    def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
        passage = self._begin(data, batches)
        while not self._is_over():
            if passage.turn(self.step):
                self._budget.plan(passage.epochs)
                self._say(EpochsChanged, step=self.step, steps_total=self.steps_total, epoch=passage.epochs.newest.epoch,
                          steps_per_epoch=passage.steps_per_epoch, examples_per_step=passage.examples_per_step)  # fmt: skip
            epoch, left = passage.rest(self.step)
            begun = self.step
            while not self._is_over() and (group := self._next(left, batches)):
                self.step += 1
                yield self.step, group
                self._between_steps()
            if self.step == begun and not self._is_over():
                raise ValueError(f"epoch {epoch} of the training data has no batches behind step {begun}")
        self._end_loop()

    def _next(self, left: Iterator[Any], batches: int) -> list[Any]:
        begun = time.perf_counter()
        group = list(itertools.islice(left, batches))
        self._vitals.waited_seconds += time.perf_counter() - begun
        return [precision.doubled(batch) for batch in group] if self.precision == "fp64" else group

    def due(self, what: Due) -> bool:
        every = self._config.budget.evaluate_every if what == "evaluate" else self._config.budget.preview_every
        is_time = self.step % every == 0 if every else self._budget.epochs.position(self.step)[1] == 0
        return is_time or self._budget.is_last(self.step)

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self._undeclared.look(values)
        self._journal.log(step, {**values, **self._vitals.of_step()})

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        self._undeclared.look(values)
        numbers = {key: float(value) for key, value in values.items()}
        is_best = self._best.evaluated(step, numbers, self._parts)
        for part in self._parts.values():
            if hasattr(part, "evaluated"):
                part.evaluated(numbers[self._best.monitor], self._best.goal)
        self._say(Evaluated, step=step, values=numbers, best=is_best)

    def preview(self, step: int, previews: Iterable[Preview]) -> None:
        for preview in previews:
            try:
                event = save_preview(self._folder, step, preview)
            except WorkbenchError as error:
                self._journal.notice(f"no preview {preview.name} at step {step:,}: {error.message}")
            else:
                self._journal.write(event)

    def best(self, model: M) -> M:
        if self._best.weights is not None:
            model.load_state_dict(self._best.weights)  # type: ignore[attr-defined]
        return model

    def tested(self, values: Mapping[str, float]) -> None:
        self._undeclared.look(values)
        self._say(Tested, step=self.step, values={key: float(value) for key, value in values.items()})

    # What the worker asks.

    def cpu_seconds(self) -> float:
        """CPU time of all threads in training and evaluation, earlier attempts included."""
        return self._cpu_base + (time.process_time() - self._cpu_started if self._cpu_started is not None else 0.0)

    def elapsed_seconds(self) -> float:
        return self._budget.elapsed_seconds()

    def returned(self) -> None:
        """The recipe is done: complete, too, where it had nothing to train and began no loop."""
        self.completed = self.completed or (self._cpu_started is None and not self.requests.stopping)

    def end_reason(self) -> str:
        """Why the run came to its own end."""
        if self._cpu_started is None:
            return "it had nothing to train"
        if self._best.exhausted:
            return self._best.reason
        return self._budget.reason(self.step)

    # Inside.

    def _say(self, kind: Any, **fields: Any) -> None:
        event: AnyEvent = kind(at=time.time(), **fields)
        self._journal.write(event)

    def _declare(self) -> None:
        task = self._task
        self._say(
            MetricsDeclared,
            objective=task.objective,
            metrics={key: asdict(metric) for key, metric in {**task.metrics, **self._vitals.metrics}.items()},
            charts={name: asdict(chart) for name, chart in {**task.charts, **self._vitals.charts}.items()},
            slots=task.slots,
        )

    def _begin(self, data: Batches, batches: int) -> Passage:
        saved = self._resumption.take()
        elapsed = self._restore(saved) if saved else 0.0
        size = flat(self._config).get("batch_size")
        passage = self._passage = self._live.passage = Passage(
            data,
            batches,
            size if isinstance(size, int) else None,
            saved=saved.get("passage") if saved else None,
            step=self.step,
            resize="batch_size" in self._resumption.changed,
        )
        if passage.skipped:
            self.notice(f"other data or another accumulation: epoch {passage.epochs.newest.epoch + 1} begins at once")
        self._budget.plan(passage.epochs)
        self._resumption.replay.begin(self._resumption.origin)
        self._budget.start(elapsed)
        self._refuse_nothing()
        self._cpu_started = time.process_time()
        self._say(
            LoopStarted, step=self.step, elapsed_seconds=elapsed, steps_total=self.steps_total, steps_per_epoch=self.steps_per_epoch,
            epochs_total=self._config.budget.epochs, examples_per_step=passage.examples_per_step, unit=passage.unit, tuning=self._tuning,
            stretches=tuple(passage.epochs.stretches),
        )  # fmt: skip
        self._resumption.replay.make(self.step, self._change)
        self._budget.pause(self.requests.handle(self.step))
        return passage

    def _refuse_nothing(self) -> None:
        """A fork that is at its end before its first step is a mistake.

        Raises:
            WorkbenchError: nothing is left to do; says which limit to raise.
        """
        if not self._resumption.is_fork_at_its_start or not self._is_over() or self.requests.stopping:
            return
        patience = self._config.budget.patience
        spent = self._best.exhausted and patience is not None
        raise WorkbenchError(
            f"a fork at step {self.step:,} has nothing left to do: it {'ran out of patience' if spent else self._budget.reason(self.step)}",
            f"raise --patience {2 * (patience or 1)}" if spent else "raise the limit: --epochs, --max-steps or --max-seconds",
            code=ExitCode.WRONG_USE,
        )

    def _restore(self, state: dict[str, Any]) -> float:
        self.step = int(state["step"])
        self._resumption.restore_best(state, self._best, self.device)
        self._cpu_base = float(state["cpu_seconds"])
        self._resumption.restore_random(state)
        self._live.restore(self._resumption.live(state))
        return float(state["elapsed_seconds"])

    def _is_over(self) -> bool:
        if self.requests.stopping:
            return True
        if self._budget.is_spent(self.step) or self._best.exhausted:
            self.completed = True
        return self.completed

    def _between_steps(self) -> None:
        now = time.monotonic()
        if self._journal.is_due(now):
            self._check()
            self._journal.flush()
            if self._journal.measure(self.step, self.cpu_seconds()):
                self._sample()
        if self._sampled_at is None:  # a run may be over before the next one is due
            self._sample()
        if self._saves_now():
            self._check()
            self._save("routine")
        if self._best.evaluated_at == self.step:
            self._journal.summarise()
        self._resumption.replay.make(self.step, self._change)
        self._budget.pause(self.requests.handle(self.step))

    def _sample(self) -> None:
        """Log how the machine bears the run now."""
        self._sampled_at = self.step
        values = {key: [value] for key, value in self._vitals.read().items()}
        self._journal.write(Metrics(steps=[self.step], at=[round(time.time(), 3)], values=values))

    def _check(self) -> None:
        """Let the parts look at what they left on an accelerator, now that it is waited for anyway."""
        for part in self._parts.values():
            if hasattr(part, "check"):
                part.check()

    def _saves_now(self) -> bool:
        every = self._config.budget.checkpoint_every
        if every is not None:
            return self.step % every == 0
        return self._best.evaluated_at == self.step and self._keeper.may_save(self.elapsed_seconds())

    def _save_asked(self) -> str:
        self._check()
        return self._save("asked")

    def _save(self, reason: str) -> str:
        is_best = self._best.is_at(self.step)
        state = {
            "step": self.step,
            "elapsed_seconds": self.elapsed_seconds(),
            "cpu_seconds": self.cpu_seconds(),
            "parts": {name: part.state_dict() for name, part in self._parts.items()},
            "random": random_state(),
            "passage": self._passage.state_dict() if self._passage else None,
            "live": dict(self._live.values),
            **self._best.state_dict(on_disk=is_best or self._keeper.best_on_disk == self._best.step),
        }
        return self._keeper.save(self.step, state, metrics=self._best.evaluation, best=is_best, reason=reason)

    def _change(self, name: str, value: Number, by: str) -> str:
        """Give a live setting another value; says from when on, where that is not at once.

        Raises:
            WorkbenchError: this run cannot do with it.
        """
        before = {**flat(self._config), **self._journal.state.settings_now}.get(name)
        said = self._live.change(name, value)
        self._say(SettingChanged, step=self.step, name=name, old=before, new=value, by=by)
        return said

    def _end_loop(self) -> None:
        self._check()
        self._journal.flush()
        if self._sampled_at not in (None, self.step):
            self._sample()
        self._save("end" if self.completed else "stop")
        self._budget.stop()


def _set_threads(wanted: int | None) -> int:
    if wanted is not None:
        torch.set_num_threads(wanted)
    return int(torch.get_num_threads())
