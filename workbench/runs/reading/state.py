"""What is known of a run from its events. Every screen and command reads it; only `apply` beside it changes it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from workbench.events import types as events
from workbench.runs.reading.epochs import Epochs
from workbench.runs.reading.series import Series, Summary
from workbench.runs.reading.times import Times

_LOG_LINES = 500
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
    kind: Literal["paused", "resumed", "set", "saved", "attempt", "stopped", "forked"]
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
    epochs: Epochs = field(default_factory=Epochs)
    steps_per_epoch: int = 0
    epochs_total: int | None = None
    examples_per_step: int = 0
    unit: str = ""
    tuning: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    news_at: float = 0.0
    step_at: float = 0.0
    paused: bool = False
    queued: bool = False  # an attempt waits for its turn
    ended: events.RunEnded | None = None
    memory_bytes: int = 0
    peak_memory_bytes: int = 0  # the most that was measured
    cpu_seconds: float = 0.0
    settings_now: dict[str, int | float | None] = field(default_factory=dict)  # live changes in force
    amended: dict[str, bool | int | float | str | None] = field(default_factory=dict)  # on resuming
    summaries: dict[str, Summary] = field(default_factory=dict)
    at_checkpoint: dict[str, dict[str, Summary]] = field(default_factory=dict)
    settings_at_checkpoint: dict[str, dict[str, int | float | None]] = field(default_factory=dict)
    saved_at: float | None = None
    answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    previews: list[Shown] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    trail: Series = field(default_factory=lambda: Series(TRAIL))
    series: dict[str, Series] = field(default_factory=dict)  # of a state that is followed; lists do without
    ghosts: dict[str, list[Series]] = field(default_factory=dict)
    times: Times = field(default_factory=Times)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    rate: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def loss_key(self) -> str:
        """What a list shows a sparkline of: the loss that is logged each step."""
        if "train/loss" in self.declared:
            return "train/loss"
        training = (key for key in self.declared if key.startswith("train/"))
        charted = (key for key, about in self.declared.items() if about.get("chart") == "loss")
        return next(training, None) or next(charted, "train/loss")

    @property
    def steps_per_second(self) -> float | None:
        """Over the last few seconds of training; None before there are two groups of steps."""
        if len(self.rate) < 2 or self.paused:
            return None
        (start, first), (end, last) = self.rate[0], self.rate[-1]
        return (last - first) / (end - start) if end > start and last > first else None

    @property
    def step_seconds(self) -> float | None:
        """How long a step of the last group took; None before there are two groups."""
        if len(self.rate) < 2:
            return None
        (start, first), (end, last) = self.rate[-2], self.rate[-1]
        return (end - start) / (last - first) if end > start and last > first else None

    @property
    def epoch(self) -> int | None:
        """Counted from 1; the epoch that the last step belongs to."""
        return self.epoch_of(self.step)

    def epoch_of(self, step: int) -> int | None:
        return self.epochs.number(step) if step and self.epochs else None

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
        """Note when a group of steps was done."""
        self.times.note(step, self.clock.read(at))
        if not self.rate or step > self.rate[-1][1]:
            self.rate.append((at, step))
        while len(self.rate) > 2 and (self.rate[0][0] < at - _RATE_SECONDS or len(self.rate) > _MOST_PACES):
            self.rate.popleft()

    def add(self, at: float, text: str, level: str = "info") -> None:
        """A line for the log that people read."""
        self.log.append(LogLine(at, text, level))
