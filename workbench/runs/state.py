"""What a run's events add up to. `apply` is the only thing that changes a state; every screen and command reads it."""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from workbench.events import types as events
from workbench.runs.series import Series, Summary
from workbench.units import compact

_LOG_LINES = 500
_MOST_PREVIEWS = 400
_MOST_ANSWERS = 64
_RATE_SECONDS = 5.0
_MOST_PACES = 256
TRAIL = 48  # buckets of the loss that a list shows as a sparkline


@dataclass
class Clock:
    """Seconds of training and evaluation, without pauses and what lay between attempts."""

    started_at: float | None = None  # None while it stands
    elapsed_seconds: float = 0.0

    def read(self, at: float) -> float:
        return self.elapsed_seconds + (max(0.0, at - self.started_at) if self.started_at is not None else 0.0)

    def start(self, at: float, elapsed_seconds: float | None = None) -> None:
        self.elapsed_seconds = self.read(at) if elapsed_seconds is None else elapsed_seconds
        self.started_at = at

    def stop(self, at: float) -> None:
        self.elapsed_seconds, self.started_at = self.read(at), None


@dataclass
class Attempt:
    """One worker's go at the run."""

    attempt: int
    started_at: float
    step: int | None = None  # its loop began behind this checkpoint's step; None before it began
    ended_at: float | None = None
    state: str = ""
    reason: str = ""


@dataclass
class Shown:
    """A preview that was saved."""

    step: int
    at: float
    name: str
    title: str
    kind: str
    file: str


@dataclass
class Intervention:
    """Something that a person or the workbench did to the run while it trained."""

    step: int
    at: float
    kind: Literal["paused", "resumed", "set", "saved", "attempt", "stopped"]
    text: str


@dataclass
class LogLine:
    at: float
    text: str
    level: str = "info"


@dataclass
class RunState:
    """All that is known of a run from its log."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(ser_json_inf_nan="strings")  # for summary.json

    attempt: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    host: str = ""
    boot_id: str = ""
    pid: int = 0
    process_started: float = 0
    versions: dict[str, str] = field(default_factory=dict)
    phase: str = ""
    device: str = ""
    device_description: str = ""
    threads: int | None = None
    precision: str = ""
    memory_format: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    parameters: int | None = None
    layers: list[dict[str, Any]] = field(default_factory=list)
    objective: str = ""
    declared: dict[str, dict[str, str]] = field(default_factory=dict)
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)
    slots: list[str] = field(default_factory=list)
    step: int = 0
    steps_total: int | None = None
    steps_per_epoch: int = 0
    epochs_total: int | None = None
    examples_per_step: int = 0
    unit: str = ""
    tuning: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    news_at: float = 0.0
    step_at: float = 0.0
    paused: bool = False
    ended: events.RunEnded | None = None
    memory_bytes: int = 0
    cpu_seconds: float = 0.0
    settings_now: dict[str, float | None] = field(default_factory=dict)  # live changes in force
    amended: dict[str, bool | int | float | str | None] = field(default_factory=dict)  # on resuming
    summaries: dict[str, Summary] = field(default_factory=dict)
    at_checkpoint: dict[str, dict[str, Summary]] = field(default_factory=dict)
    settings_at_checkpoint: dict[str, dict[str, float | None]] = field(default_factory=dict)
    saved_at: float | None = None
    saved_step: int | None = None
    answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    previews: list[Shown] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    trail: Series = field(default_factory=lambda: Series(TRAIL))
    series: dict[str, Series] = field(default_factory=dict)  # of a state that is followed; lists do without
    ghosts: dict[str, list[Series]] = field(default_factory=dict)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    rate: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def loss_key(self) -> str:
        """What a list shows a sparkline of: the loss that is logged each step."""
        return (
            "train/loss"
            if "train/loss" in self.declared
            else next((key for key in self.declared if key.startswith("train/")), "train/loss")
        )

    @property
    def steps_per_second(self) -> float | None:
        """Over the last few seconds of training; None before there are two groups of steps."""
        if len(self.rate) < 2 or self.paused:
            return None
        (start, first), (end, last) = self.rate[0], self.rate[-1]
        return (last - first) / (end - start) if end > start and last > first else None

    @property
    def epoch(self) -> int | None:
        """Counted from 1; the epoch that the last step belongs to."""
        return self.epoch_of(self.step)

    def epoch_of(self, step: int) -> int | None:
        return (step - 1) // self.steps_per_epoch + 1 if step and self.steps_per_epoch else None

    def eta_seconds(self) -> float | None:
        """Time left at the pace of the whole run so far, evaluations included."""
        if not self.steps_total or not self.step or self.ended:
            return None
        elapsed = self.clock.read(self.step_at)
        return elapsed / self.step * (self.steps_total - self.step) if elapsed > 0 else None

    def declaration(self, key: str) -> dict[str, str]:
        """Goal, unit, chart and help of a metric; empty for one that was not declared."""
        if key in self.declared:
            return self.declared[key]
        while "/" in key:
            key = key.rpartition("/")[0]
            if f"{key}/*" in self.declared:
                return self.declared[f"{key}/*"]
        return {}

    def pace(self, at: float, step: int) -> None:
        """Note when a group of steps was done, for the steps per second."""
        if not self.rate or self.rate[-1] != (at, step):
            self.rate.append((at, step))
        while len(self.rate) > 2 and (self.rate[0][0] < at - _RATE_SECONDS or len(self.rate) > _MOST_PACES):
            self.rate.popleft()

    def add(self, at: float, text: str, level: str = "info") -> None:
        """A line for the log that people read."""
        self.log.append(LogLine(at, text, level))


@functools.singledispatch
def apply(event: events.Event, state: RunState) -> None:
    """Bring `state` up to date with what happened. Events of later versions change nothing."""


@apply.register
def _(event: events.RunStarted, state: RunState) -> None:
    state.attempts.append(Attempt(event.attempt, event.at))
    state.attempt, state.host, state.pid = event.attempt, event.host, event.pid
    state.boot_id, state.process_started, state.versions = event.boot_id, event.process_started, event.versions
    state.ended, state.paused, state.news_at, state.phase = None, False, event.at, "starting"
    state.clock.stop(state.step_at)
    state.rate.clear()
    state.add(event.at, f"attempt {event.attempt} started")


@apply.register
def _(event: events.PhaseChanged, state: RunState) -> None:
    state.phase, state.news_at = event.phase, event.at
    if event.phase not in ("training", "evaluating", "saving"):
        state.add(event.at, event.phase)


@apply.register
def _(event: events.MetricsDeclared, state: RunState) -> None:
    state.objective, state.declared, state.charts, state.slots = event.objective, event.metrics, event.charts, list(event.slots)
    state.news_at = event.at


@apply.register
def _(event: events.DeviceChosen, state: RunState) -> None:
    state.device, state.device_description, state.threads = event.device, event.description, event.threads
    state.precision, state.memory_format, state.news_at = event.precision, event.memory_format, event.at


@apply.register
def _(event: events.DataLoaded, state: RunState) -> None:
    state.data, state.news_at = event.model_dump(exclude={"type", "at"}), event.at
    counts = ", ".join(f"{split} {count:,}" for split, count in event.examples.items())
    state.add(event.at, f"loaded {event.name}: {counts}")


@apply.register
def _(event: events.ModelBuilt, state: RunState) -> None:
    state.parameters, state.layers, state.news_at = event.parameters, list(event.layers), event.at
    state.add(event.at, f"built a model of {event.parameters:,} parameters")


@apply.register
def _(event: events.LoopStarted, state: RunState) -> None:
    state.steps_total, state.steps_per_epoch, state.epochs_total = event.steps_total, event.steps_per_epoch, event.epochs_total
    state.examples_per_step, state.unit, state.tuning = event.examples_per_step, event.unit, event.tuning
    if state.attempts:
        state.attempts[-1].step = event.step
    if state.attempt > 1 or event.step < state.step:
        _go_back(state, event.step)
        text = f"attempt {state.attempt} goes on behind step {event.step:,}"
        state.interventions.append(Intervention(event.step, event.at, "attempt", text))
        state.add(event.at, text)
    state.step, state.news_at, state.step_at, state.phase = event.step, event.at, event.at, "training"
    state.clock.start(event.at, event.elapsed_seconds)
    state.rate.append((event.at, event.step))


@apply.register
def _(event: events.Metrics, state: RunState) -> None:
    if not event.steps:
        return
    for key, values in event.values.items():
        _extend(state, key, event.steps, values)
    state.step = event.steps[-1]
    state.step_at = state.news_at = event.at[-1]
    state.pace(state.step_at, state.step)


@apply.register
def _(event: events.Evaluated, state: RunState) -> None:
    for key, value in event.values.items():
        _extend(state, key, [event.step], [value])
    state.news_at = event.at
    shown = [key for key in (state.objective, "validation/loss") if key in event.values]
    text = "  ".join(f"{key.partition('/')[2] or key} {compact(event.values[key])}" for key in dict.fromkeys(shown))
    state.add(event.at, f"evaluated at {event.step:,}  {text}{' (best)' if event.best else ''}")


@apply.register
def _(event: events.Tested, state: RunState) -> None:
    for key, value in event.values.items():
        _extend(state, key, [event.step], [value])
    state.news_at = event.at
    name = "test/" + state.objective.split("/", 1)[-1]
    if name in event.values:
        state.add(event.at, f"tested the best weights: {name} {compact(event.values[name])}")


@apply.register
def _(event: events.PreviewSaved, state: RunState) -> None:
    state.previews.append(Shown(event.step, event.at, event.name, event.title, event.kind, event.file))
    del state.previews[:-_MOST_PREVIEWS]
    state.news_at = event.at


@apply.register
def _(event: events.CheckpointSaved, state: RunState) -> None:
    key = f"{event.step}-{event.attempt}"
    state.at_checkpoint[key] = {name: summary.copy() for name, summary in state.summaries.items()}
    state.settings_at_checkpoint[key] = dict(state.settings_now)
    state.saved_at, state.saved_step, state.news_at = event.at, event.step, event.at
    if event.reason != "routine":
        state.add(event.at, f"saved a checkpoint at {event.step:,} ({event.reason})")
    if event.reason == "asked":
        state.interventions.append(Intervention(event.step, event.at, "saved", "saved a checkpoint"))


@apply.register
def _(event: events.CheckpointRemoved, state: RunState) -> None:
    state.at_checkpoint.pop(f"{event.step}-{event.attempt}", None)
    state.settings_at_checkpoint.pop(f"{event.step}-{event.attempt}", None)


@apply.register
def _(event: events.Paused, state: RunState) -> None:
    state.paused, state.news_at, state.phase = True, event.at, "paused"
    state.clock.stop(event.at)
    state.rate.clear()
    _intervene(state, event.step, event.at, "paused", f"paused by {event.by}")


@apply.register
def _(event: events.Resumed, state: RunState) -> None:
    state.paused, state.news_at, state.phase = False, event.at, "training"
    state.clock.start(event.at)
    state.rate.append((event.at, event.step))
    _intervene(state, event.step, event.at, "resumed", f"resumed by {event.by}")


@apply.register
def _(event: events.SettingChanged, state: RunState) -> None:
    state.settings_now[event.name], state.news_at = event.new, event.at
    old, new = (compact(value) if value is not None else "off" for value in (event.old, event.new))
    _intervene(state, event.step, event.at, "set", f"set {event.name} {old} -> {new} by {event.by}")


@apply.register
def _(event: events.SettingsAmended, state: RunState) -> None:
    state.amended.update(event.values)
    state.news_at = event.at
    state.add(event.at, "settings changed: " + ", ".join(f"{name} {value}" for name, value in event.values.items()))


@apply.register
def _(event: events.RequestAnswered, state: RunState) -> None:
    state.answers[event.request] = (event.accepted, event.message)
    while len(state.answers) > _MOST_ANSWERS:
        state.answers.pop(next(iter(state.answers)))
    state.news_at = event.at
    if not event.accepted:
        state.add(event.at, f"refused {event.kind}: {event.message}", "warning")


@apply.register
def _(event: events.Measured, state: RunState) -> None:
    state.memory_bytes, state.cpu_seconds, state.news_at = event.memory_bytes, event.cpu_seconds, event.at


@apply.register
def _(event: events.Noticed, state: RunState) -> None:
    state.news_at = event.at
    state.add(event.at, event.message, event.level)


@apply.register
def _(event: events.RunEnded, state: RunState) -> None:
    state.ended, state.news_at, state.paused, state.phase = event, event.at, False, event.state
    state.clock.stop(event.at)
    if event.cpu_seconds:
        state.cpu_seconds = event.cpu_seconds
    if state.attempts:
        last = state.attempts[-1]
        last.ended_at, last.state, last.reason = event.at, event.state, event.reason
    if event.state == "stopped":
        state.interventions.append(Intervention(event.step, event.at, "stopped", event.reason))
    state.add(event.at, f"{event.state}: {event.reason}", "warning" if event.state == "failed" else "info")


def _intervene(state: RunState, step: int, at: float, kind: Literal["paused", "resumed", "set"], text: str) -> None:
    state.interventions.append(Intervention(step, at, kind, text))
    state.add(at, text)


def _extend(state: RunState, key: str, steps: list[int], values: list[float]) -> None:
    summary = state.summaries.get(key)
    if summary is None:
        summary = state.summaries[key] = Summary()
    series = state.series.get(key)
    if series is None:
        series = state.series[key] = Series()
    steps, values = summary.extend(steps, values, series)
    if key == state.loss_key and values:
        state.trail.extend(steps, values)


def _go_back(state: RunState, step: int) -> None:
    """Later attempts replace earlier values behind the checkpoint that they start from; what they replace becomes a ghost."""
    for key, series in state.series.items():
        tail = series.cut(step)
        if tail.first:
            state.ghosts.setdefault(key, []).append(tail)
    state.trail.cut(step)
    kept = [name for name in state.at_checkpoint if int(name.split("-")[0]) == step]
    if kept and step:
        state.summaries = {key: summary.copy() for key, summary in state.at_checkpoint[kept[-1]].items()}
        state.settings_now = dict(state.settings_at_checkpoint[kept[-1]])
    else:
        # From the start, or from a checkpoint whose event a kill kept out of the log: right behind it, then.
        state.summaries = {key: summary for key, summary in state.summaries.items() if (summary.last_step or 0) <= step}
        state.settings_now = dict(state.settings_now) if step else {}
    state.step = step
    state.previews = [shown for shown in state.previews if shown.step <= step]
