"""Does a recipe keep its side of the treaty? It is trained for a few steps of each task, in a folder that goes away again."""

from __future__ import annotations

import fnmatch
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.events.reader import read_events
from workbench.events.types import Evaluated, Metrics, RunEnded, RunStarted, Tested
from workbench.events.writer import EventWriter
from workbench.finding import place_in
from workbench.recipe import Batches, Recipe, Task
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.feed import read_state
from workbench.runs.store import Store
from workbench.schema import Value, build, describe, flat
from workbench.session.journal import Journal
from workbench.settings import Common

if TYPE_CHECKING:
    from workbench.session.handle import Session

_MOST_BASIC = 8
_LEAST_SLOTS = 4
_LONGEST_NOTE = 80  # characters of a line
_OVERFIT_STEPS = 80
_OVERFIT_SHARE = 0.3  # of its first loss that a batch learnt by heart may still have
_SHARED = "seed split_seed device threads precision epochs max_steps max_seconds patience evaluate_every preview_every checkpoint_every"


@dataclass(frozen=True)
class Outcome:
    """One thing that was looked at; `problem` is empty where nothing is wrong.

    Attributes:
        skipped: why it was not looked at: an earlier finding would only show again.
    """

    name: str
    problem: str
    seconds: float
    skipped: str = ""


class _Follows(Exception):
    """What is wrong here follows from what another check finds."""


def check(recipe: Recipe) -> list[Outcome]:
    """All checks; those that train do so with the first preset of each task."""
    found = [_outcome(name, recipe, partial(function, recipe)) for name, function in _TOLD.items()]
    if any(outcome.problem for outcome in found):
        return found
    for preset in _one_preset_a_task(recipe):
        failed = False  # an error in the first run is one in all of them
        for name, trains in _TRAINED.items():
            if failed:
                found.append(Outcome(f"{preset}: {name}", "", 0.0, "the error above ends each run"))
                continue
            with tempfile.TemporaryDirectory(prefix="workbench-check-") as root:
                trial = Trial(Path(root), recipe, preset)
                found.append(_outcome(f"{preset}: {name}", recipe, partial(trains, trial)))
                failed = trial.failed
    return found


class Trial:
    """Short runs of one preset."""

    def __init__(self, root: Path, recipe: Recipe, preset: str) -> None:
        self._store, self.recipe, self.preset = Store(root), recipe, preset
        self.task: Task = recipe.task(self.config())
        self.failed = False  # whether an error ended a run

    def config(self, **values: Value) -> Common:
        chosen = next(preset for preset in self.recipe.presets if preset.name == self.preset)
        quick: dict[str, Value] = {"threads": 1, "device": "cpu", "max_steps": 3, "evaluate_every": 2}
        config = build(self.recipe.config, {**chosen.settings, **quick, **values}, recipe=self.recipe.name)
        assert isinstance(config, Common)
        return config

    def prepare(self, config: Common) -> RunFolder:
        folder = self._store.claim(self.recipe.name)
        folder.prepare(RunRecord(id=folder.id, recipe=self.recipe.name, settings=flat(config), created_at=time.time()), Labels())
        return folder

    def train(self, folder: RunFolder, config: Common, *, attempt: int = 1, last: int | None = None, one_batch: bool = False) -> Any:
        """One attempt; stopped behind step `last`, or on its first batch alone, where that is asked for."""
        session_type = _watched(last, one_batch)
        journal = Journal(folder, EventWriter(folder.events), read_state(folder))
        journal.write(RunStarted(at=time.time(), attempt=attempt, host="", boot_id="", pid=0, process_started=0.0))
        session: Any = session_type(folder, self.recipe, config, journal, attempt)
        self.failed = True
        self.recipe.train(config, session)
        self.failed = False
        session.returned()
        ended = RunEnded(at=time.time(), state="finished" if session.completed else "stopped", step=session.step, reason="checked")
        journal.write(ended, commit=True)
        journal.close()
        return session


def _watched(last: int | None, one_batch: bool) -> type[Session]:
    from workbench.session.handle import Session

    class Watched(Session):
        def log(self, step: int, values: Mapping[str, Any]) -> None:
            super().log(step, values)
            if step == last:
                self.requests.signalled = "SIGTERM"

        def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
            return super().steps(_OneBatch(data) if one_batch else data, batches=batches)

    return Watched


class _OneBatch:
    """The first batch again and again."""

    def __init__(self, data: Batches) -> None:
        self._data, self.examples, self.batch_size, self.unit = data, data.batch_size, data.batch_size, data.unit

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        first = next(iter(self._data.epoch(0)))
        while True:
            yield first


def _settings(recipe: Recipe) -> str:
    settings = describe(recipe.config)
    bare = [setting.name for setting in settings if len(setting.help) <= 10 or not setting.help.endswith(".")]
    missing = set(_SHARED.split()) - {setting.name for setting in settings}
    basic = sum(setting.basic for setting in settings)
    if bare:
        return f"no sentence explains {', '.join(bare)}"
    if missing:
        return f"it lacks {', '.join(sorted(missing))}: let its settings be a subclass of workbench.settings.Common"
    if not 1 <= basic <= _MOST_BASIC:
        return f"{basic} settings are basic; a form shows 1 to {_MOST_BASIC} first"
    long = next((line for line in recipe.notes.splitlines() if len(line) > _LONGEST_NOTE), "")
    return f"a line of its notes is longer than {_LONGEST_NOTE} characters: {long[:40]}..." if long else ""


def _presets(recipe: Recipe) -> str:
    if not recipe.presets:
        return "it has no preset; the first is what `workbench train` begins with"
    for preset in recipe.presets:
        config = build(recipe.config, preset.settings, recipe=recipe.name)
        if recipe.task(config) not in recipe.tasks:
            return f"the task of preset {preset.name} is not among its tasks"
    return ""


def _tasks(recipe: Recipe) -> str:
    for task in recipe.tasks:
        charted = {metric.chart for metric in task.metrics.values() if metric.chart}
        if charted != set(task.charts):
            return f"{task.name}: its metrics stand in {sorted(charted)}, its charts are {sorted(task.charts)}"
        lost = [slot for slot in task.slots if slot not in task.charts and not slot.startswith("preview:")]
        if lost or len(task.slots) < _LEAST_SLOTS:
            return f"{task.name}: {_LEAST_SLOTS} or more slots are charts or preview:NAME; {', '.join(lost) or len(task.slots)} is not"
        if task.objective not in task.metrics or task.metrics[task.objective].goal not in ("min", "max"):
            return f"{task.name}: its objective {task.objective} is no metric whose goal is min or max"
        if dumb := [key for key, metric in task.metrics.items() if not metric.help]:
            return f"{task.name}: nothing explains {', '.join(dumb)}"
    return ""


def _logs(trial: Trial) -> str:
    config = trial.config()
    folder = trial.prepare(config)
    trial.train(folder, config)
    keys = {key for event in _events(folder) if isinstance(event, Metrics | Evaluated | Tested) for key in event.values}
    declared = trial.task.metrics
    if unknown := sorted(
        key for key in keys if not key.startswith("machine/") and not any(fnmatch.fnmatchcase(key, each) for each in declared)
    ):
        return f"it logs what its task does not declare: {', '.join(unknown)}"
    if silent := sorted(each for each in declared if not any(fnmatch.fnmatchcase(key, each) for key in keys)):
        return f"it declares what it does not log: {', '.join(silent)}"
    losses = _losses(folder)
    if not losses or any(sorted(values) != [1, 2, 3] for values in losses):
        return "it does not log train/loss (or a generator's and a discriminator's) at each step"
    return "" if all(math.isfinite(value) for values in losses for value in values.values()) else "a loss is not finite"


def _repeats(trial: Trial) -> str:
    seen = []
    for seed in (0, 0, 1):
        config = trial.config(seed=seed)
        folder = trial.prepare(config)
        trial.train(folder, config)
        seen.append(_known(_losses(folder)))
    if seen[0] != seen[1]:
        return "two runs with the same seed have other losses: something draws from a generator that seed does not set"
    return "another seed gives the same losses" if seen[0] == seen[2] else ""


def _resumes(trial: Trial) -> str:
    config = trial.config(max_steps=7)
    whole, parted = trial.prepare(config), trial.prepare(config)
    trial.train(whole, config)
    stopped = trial.train(parted, config, last=3)
    if stopped.step != 3:
        return f"asked to stop at step 3, it went on to step {stopped.step}: leave the loop over run.steps alone"
    trial.train(parted, config, attempt=2)
    same = _losses(parted) == _known(_losses(whole))
    return "" if same else "resumed, its losses are others: give all that changes while it trains to run.attach"


def _overfits(trial: Trial) -> str:
    if "train/loss" not in trial.task.metrics:
        return ""  # two networks against each other bring no loss down for good
    known = {setting.name for setting in describe(trial.recipe.config)}
    off: dict[str, Value] = {name: 0.0 for name in ("dropout", "weight_decay", "warmup_steps") if name in known}
    steps = _OVERFIT_STEPS
    config = trial.config(max_steps=steps, epochs=None, evaluate_every=steps, preview_every=steps, schedule="constant", lr=3e-3, **off)
    folder = trial.prepare(config)
    trial.train(folder, config, one_batch=True)
    (losses,) = _known(_losses(folder))
    if losses[steps] < _OVERFIT_SHARE * losses[1]:
        return ""
    return f"one batch, seen {steps} times with lr 3e-3, is not learnt by heart: its loss went from {losses[1]:.3g} to {losses[steps]:.3g}"


_TOLD: dict[str, Callable[[Recipe], str]] = {
    "settings and notes explain themselves": _settings,
    "presets are made of settings that exist": _presets,
    "metrics, charts and objective hang together": _tasks,
}
_TRAINED: dict[str, Callable[[Trial], str]] = {
    "it logs what it declares, and finite losses": _logs,
    "the same seed gives the same losses": _repeats,
    "it stops within a step and resumes to the same losses": _resumes,
    "it learns one batch by heart": _overfits,
}


def _one_preset_a_task(recipe: Recipe) -> Iterator[str]:
    seen: list[Task] = []
    for preset in recipe.presets:
        task = recipe.task(build(recipe.config, preset.settings, recipe=recipe.name))
        if task not in seen:
            seen.append(task)
            yield preset.name


def _outcome(name: str, recipe: Recipe, look: Callable[[], str]) -> Outcome:
    begun = time.perf_counter()
    try:
        problem = look()
    except _Follows as why:
        return Outcome(name, "", round(time.perf_counter() - begun, 2), str(why))
    except WorkbenchError as error:
        problem = error.message
    except Exception as error:  # noqa: BLE001  somebody's recipe may fail in any way, and this is where its author is told
        problem = f"{type(error).__name__}: {error}{place_in(error, Path(recipe.path)) if recipe.path else ''}"
    return Outcome(name, problem, round(time.perf_counter() - begun, 2))


def _losses(folder: RunFolder) -> list[dict[int, float]]:
    found = [_logged(folder, f"train/{network}loss") for network in ("", "generator_", "discriminator_")]
    return [values for values in found if values]


def _known(losses: list[dict[int, float]]) -> list[dict[int, float]]:
    """The losses, where there are any to compare."""
    if not losses:
        raise _Follows("it logs no loss to compare")
    return losses


def _logged(folder: RunFolder, key: str) -> dict[int, float]:
    return {
        step: value
        for event in _events(folder)
        if isinstance(event, Metrics) and key in event.values
        for step, value in zip(event.steps, event.values[key], strict=True)
    }


def _events(folder: RunFolder) -> list[Any]:
    return list(read_events(folder.events))
