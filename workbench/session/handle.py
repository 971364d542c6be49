"""The real `run`: the handle through which a recipe trains (see recipe.Run for its side of the treaty)."""

from __future__ import annotations

import fnmatch
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
    Noticed,
    PhaseChanged,
    SettingChanged,
    Tested,
)
from workbench.recipe import Batches, Due, Preview, Recipe
from workbench.runs.folder import RunFolder
from workbench.schema import flat
from workbench.session.budget import Budget
from workbench.session.journal import Journal
from workbench.session.passage import Passage
from workbench.session.previews import save_preview
from workbench.session.requests import Number, Requests
from workbench.session.resuming.keeper import Keeper
from workbench.session.resuming.replay import Replay
from workbench.session.resuming.restoring import restore, set_dropout
from workbench.session.resuming.warm_start import adopt
from workbench.session.vitals import Vitals, gpu_reader
from workbench.settings import Common
from workbench.training.early_stopping import EarlyStopping
from workbench.training.inspecting.layers import layer_table
from workbench.training.machine import device as devices
from workbench.training.machine import precision
from workbench.training.machine.seed import random_state, restore_random_state, seed_everything
from workbench.training.machine.threads import fastest

M = TypeVar("M")
_JUDGED_BY = {"monitor", "dataset", "path", "split_seed"}  # with another of these, an earlier evaluation is no measure for later ones


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
        self._keeper = Keeper(folder, journal, attempt)
        self._replay = Replay(folder)
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
        monitor = config.budget.monitor or self._task.objective
        self._monitor = monitor
        self._goal = self._task.metrics[monitor].goal if monitor in self._task.metrics else "min"
        self._stopping = EarlyStopping(
            config.budget.patience, min_delta=config.budget.min_delta, goal="max" if self._goal == "max" else "min"
        )
        self.step = 0
        self.completed = False
        self._tuning: dict[str, Any] = {}
        self._budget = Budget(config.budget)
        self._passage: Passage | None = None
        self._live: dict[str, Number] = {}  # set by hand, and not kept by a part
        self._changed: set[str] = set()  # settings, since the checkpoint that this attempt goes on from
        self._parts: dict[str, Any] = {}
        self._restored: dict[str, Any] | None = None
        self._restored_from: tuple[int, int] | None = None
        self._best_weights: dict[str, Any] | None = None
        self._evaluation: dict[str, float] = {}
        self._evaluated_at = -1
        self._declared: set[str] = set()  # keys that were logged and looked at
        self._told_undeclared = False
        self._cpu_base = 0.0
        self._cpu_started: float | None = None

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
        if hasattr(self, "requests") and self.requests.signalled:
            raise Stopped

    def notice(self, message: str) -> None:
        self._journal.notice(message)

    def loaded(self, **about: Any) -> None:
        self._say(DataLoaded, **about)

    def place(self, model: M) -> M:
        placed: M = precision.in_memory_format(model.to(self.device), self.device)  # type: ignore[attr-defined]
        with torch.random.fork_rng(devices=[]):  # a second model is drawn only for the shape of its input
            _, example = self._recipe.model(self._config)
        inputs = example if isinstance(example, tuple) else (example,)
        layers, parameters = layer_table(placed, tuple(each.to(self.device) for each in inputs))
        self._say(ModelBuilt, parameters=parameters, layers=layers)
        return placed

    def attach(self, **parts: Any) -> None:
        self._parts.update(parts)
        found, fork = self._keeper.newest_good(self.device), self._folder.record().fork
        if found is None and fork is not None:
            raise WorkbenchError(f"the checkpoint at step {fork.step:,} that {self._folder.id} was forked at cannot be read", "fork anew")
        if found is None:
            self._adopt()
            return
        attempt, self._restored = found
        self._restored_from = (int(self._restored["step"]), attempt)
        self._changed = self._replay.amended(self._restored_from) | (set(fork.changed) if fork and attempt == 0 else set())
        restore(parts, self._restored["parts"], self._changed, str(self._folder.record().parent if fork else self._folder.id))
        if "optimizer" in self._changed:
            self.notice(f"another optimizer: {self._config.optimization.optimizer} begins without a memory of earlier gradients")

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
        return group

    def due(self, what: Due) -> bool:
        every = self._config.budget.evaluate_every if what == "evaluate" else self._config.budget.preview_every
        is_time = self.step % every == 0 if every else self._budget.epochs.position(self.step)[1] == 0
        return is_time or self._budget.is_last(self.step)

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self._tell_undeclared(values)
        self._journal.log(step, {**values, **self._vitals.of_step()})

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        self._tell_undeclared(values)
        numbers = {key: float(value) for key, value in values.items()}
        if self._monitor not in numbers:
            raise ValueError(f"the recipe evaluated {', '.join(numbers)}, but the run watches {self._monitor}")
        best = self._stopping.update(step, numbers[self._monitor])
        for part in self._parts.values():
            if hasattr(part, "evaluated"):
                part.evaluated(numbers[self._monitor], self._goal)
        if best and self._config.budget.restore_best and "model" in self._parts:
            self._best_weights = {name: value.detach().clone() for name, value in self._parts["model"].state_dict().items()}
        self._evaluation, self._evaluated_at = numbers, step
        self._say(Evaluated, step=step, values=numbers, best=best)

    def preview(self, step: int, previews: Iterable[Preview]) -> None:
        for preview in previews:
            try:
                event = save_preview(self._folder, step, preview)
            except WorkbenchError as error:
                self._journal.notice(f"no preview {preview.name} at step {step:,}: {error.message}")
            else:
                self._journal.write(event)

    def best(self, model: M) -> M:
        if self._best_weights is not None:
            model.load_state_dict(self._best_weights)  # type: ignore[attr-defined]
        return model

    def tested(self, values: Mapping[str, float]) -> None:
        self._tell_undeclared(values)
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
        if self._stopping.exhausted:
            best = f"its best was at step {self._stopping.best_step:,}"
            return f"{self._monitor} has not improved for {self._stopping.waited} evaluations; {best}"
        return self._budget.reason(self.step)

    # Inside.

    def _tell_undeclared(self, values: Mapping[str, Any]) -> None:
        """Say once that a key is logged which the recipe's task does not declare, and so has no goal and no chart of its own."""
        if self._declared.issuperset(values):
            return
        fresh = [key for key in values if key not in self._declared]
        self._declared.update(fresh)
        unknown = [key for key in fresh if not any(fnmatch.fnmatchcase(key, each) for each in self._task.metrics)]
        if unknown and not self._told_undeclared:
            self._told_undeclared = True
            task = f"task `{self._task.name}` of the recipe"
            self.notice(f"it logs {', '.join(unknown)}, which the {task} does not declare: without goal, unit and chart")

    def _adopt(self) -> None:
        """Begin with another run's weights where the record says so; a run that resumes has its own."""
        record = self._folder.record()
        if record.weights and record.parent:
            self.phase(f"reading the weights of {record.parent}")
            classes = tuple(self._journal.state.data.get("classes") or ())
            self._say(Noticed, message=adopt(self._folder, record.parent, self._parts, classes, self.device))

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
        elapsed, saved = 0.0, None
        if self._restored is not None:
            elapsed, saved = self._restore(self._restored), self._restored.get("passage")
            self._restored = None
        size = flat(self._config).get("batch_size")
        passage = self._passage = Passage(
            data, batches, size if isinstance(size, int) else None, saved=saved, step=self.step, resize="batch_size" in self._changed
        )
        if passage.skipped:
            self.notice(f"other data or another accumulation: epoch {passage.epochs.newest.epoch + 1} begins at once")
        self._budget.plan(passage.epochs)
        self._replay.begin(self._restored_from)
        self._budget.start(elapsed)
        self._refuse_nothing()
        self._cpu_started = time.process_time()
        self._say(
            LoopStarted, step=self.step, elapsed_seconds=elapsed, steps_total=self.steps_total, steps_per_epoch=self.steps_per_epoch,
            epochs_total=self._config.budget.epochs, examples_per_step=passage.examples_per_step, unit=passage.unit, tuning=self._tuning,
            stretches=tuple(passage.epochs.stretches),
        )  # fmt: skip
        self._replay.make(self.step, self._change)
        self._budget.pause(self.requests.handle(self.step))
        return passage

    def _refuse_nothing(self) -> None:
        """A fork that is at its end before its first step is a mistake.

        Raises:
            WorkbenchError: nothing is left to do; says which limit to raise.
        """
        fork = self._folder.record().fork
        if fork is None or self._restored_from is None or self._restored_from[1] != 0 or not self._is_over() or self.requests.stopping:
            return
        patience = self._config.budget.patience
        spent = self._stopping.exhausted and patience is not None
        raise WorkbenchError(
            f"a fork at step {self.step:,} has nothing left to do: it {'ran out of patience' if spent else self._budget.reason(self.step)}",
            f"raise --patience {2 * (patience or 1)}" if spent else "raise the limit: --epochs, --max-steps or --max-seconds",
            code=ExitCode.WRONG_USE,
        )

    def _restore(self, state: dict[str, Any]) -> float:
        self.step = int(state["step"])
        if _JUDGED_BY.isdisjoint(self._changed):
            self._restore_best(state)
        self._cpu_base = float(state["cpu_seconds"])
        if "seed" not in self._changed:
            restore_random_state(state["random"])
        for name, value in state.get("live", {}).items():
            if name not in self._changed and self._restored_from and self._restored_from[1] != 0:  # a fork's settings have it
                self._set_live(name, value)
        return float(state["elapsed_seconds"])

    def _restore_best(self, state: dict[str, Any]) -> None:
        best_step = state["best"]["step"]
        self._stopping.load_state_dict(state["early_stopping"])
        self._evaluation, self._evaluated_at = dict(state["evaluation"]), int(state["evaluated_at"])
        self._best_weights = state["best"]["weights"]
        if self._best_weights is None and best_step == self.step:
            self._best_weights = {name: value.clone() for name, value in state["parts"]["model"].items()}
        elif self._best_weights is None:
            self._best_weights = self._keeper.weights_of(best_step, self.device)
        if self._best_weights is None and best_step is not None and self._config.budget.restore_best:
            self.notice(f"the weights of the best evaluation, at step {best_step:,}, are gone; the best from here on counts")
            self._stopping.best = self._stopping.best_step = None

    def _is_over(self) -> bool:
        if self.requests.stopping:
            return True
        if self._budget.is_spent(self.step) or self._stopping.exhausted:
            self.completed = True
        return self.completed

    def _between_steps(self) -> None:
        now = time.monotonic()
        if self._journal.is_due(now):
            self._check()
            self._journal.flush()
            if self._journal.measure(self.step, self.cpu_seconds()):
                values = {key: [value] for key, value in self._vitals.read().items()}
                self._journal.write(Metrics(steps=[self.step], at=[round(time.time(), 3)], values=values))
        if self._saves_now():
            self._check()
            self._save("routine")
        if self._evaluated_at == self.step:
            self._journal.summarise()
        self._replay.make(self.step, self._change)
        self._budget.pause(self.requests.handle(self.step))

    def _check(self) -> None:
        """Let the parts look at what they left on an accelerator, now that it is waited for anyway."""
        for part in self._parts.values():
            if hasattr(part, "check"):
                part.check()

    def _saves_now(self) -> bool:
        every = self._config.budget.checkpoint_every
        if every is not None:
            return self.step % every == 0
        return self._evaluated_at == self.step and self._keeper.may_save(self.elapsed_seconds())

    def _save_asked(self) -> str:
        self._check()
        return self._save("asked")

    def _save(self, reason: str) -> str:
        is_best = self._evaluated_at == self.step == self._stopping.best_step
        best_step = self._stopping.best_step
        on_disk = is_best or self._keeper.best_on_disk == best_step
        state = {
            "step": self.step,
            "elapsed_seconds": self.elapsed_seconds(),
            "cpu_seconds": self.cpu_seconds(),
            "parts": {name: part.state_dict() for name, part in self._parts.items()},
            "random": random_state(),
            "passage": self._passage.state_dict() if self._passage else None,
            "live": dict(self._live),
            "early_stopping": self._stopping.state_dict(),
            "best": {"step": best_step, "weights": None if on_disk else self._best_weights},
            "evaluation": self._evaluation,
            "evaluated_at": self._evaluated_at,
        }
        return self._keeper.save(self.step, state, metrics=self._evaluation, best=is_best, reason=reason)

    def _change(self, name: str, value: Number, by: str) -> str:
        """Give a live setting another value; says from when on, where that is not at once.

        Raises:
            WorkbenchError: this run cannot do with it.
        """
        live = {**flat(self._config), **self._journal.state.settings_now}
        if not self._set_live(name, value):
            for part in self._parts.values():
                if hasattr(part, "change"):
                    part.change(name, value)
        self._say(SettingChanged, step=self.step, name=name, old=live.get(name), new=value, by=by)
        return " from the next epoch on" if name == "batch_size" else ""

    def _set_live(self, name: str, value: Number) -> bool:
        """Set what no part keeps by itself; whether it was that."""
        if name == "batch_size" and self._passage is not None:
            self._passage.resize(int(value or 1))
            return True
        if name == "dropout":
            if not set_dropout(self._parts, float(value or 0.0)):
                raise WorkbenchError("this model has no dropout", "")
            self._live[name] = value
            return True
        return False

    def _end_loop(self) -> None:
        self._check()
        self._journal.flush()
        self._save("end" if self.completed else "stop")
        self._budget.stop()


def _set_threads(wanted: int | None) -> int:
    if wanted is not None:
        torch.set_num_threads(wanted)
    return int(torch.get_num_threads())
