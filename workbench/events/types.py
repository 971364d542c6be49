"""What can happen in a run: frozen events, told apart by their `type`.

Every event has `at`, seconds since 1970 (Metrics one per step). Numbers may be NaN or infinite; they are written as
the strings "NaN", "Infinity" and "-Infinity", which any JSON parser reads.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# What no run reaches, though a damaged or foreign log may claim it: beyond these bounds, arithmetic and calendars raise.
Count = Annotated[int, Field(ge=0, le=2**53)]
Seconds = Annotated[float, Field(ge=0, le=2.5e11, allow_inf_nan=False)]
Moment = Seconds  # since 1970, until the year 9892
Numbers = dict[str, float]


class Event(BaseModel):
    """Something that happened in a run."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings", defer_build=True)


class RunQueued(Event):
    """A process holds the run's lock and waits until a slot is free; the attempt begins by itself then."""

    type: Literal["run_queued"] = "run_queued"
    at: Moment
    host: str
    boot_id: str
    slots: tuple[str, ...]  # it takes any of them
    behind: tuple[str, ...] = ()  # runs before it


class RunStarted(Event):
    """A worker holds the run's lock and begins an attempt."""

    type: Literal["run_started"] = "run_started"
    at: Moment
    attempt: Count
    host: str
    boot_id: str
    pid: Count
    process_started: float  # clock ticks since boot, so that a reused pid is told apart
    versions: dict[str, str] = {}


class PhaseChanged(Event):
    """What the worker does now, in words: "importing torch", "loading mnist5k", "training"."""

    type: Literal["phase_changed"] = "phase_changed"
    at: Moment
    phase: str


class MetricsDeclared(Event):
    """What the recipe's numbers mean, so that no reader guesses from their spelling; `*` ends a key that stands for many."""

    type: Literal["metrics_declared"] = "metrics_declared"
    at: Moment
    objective: str
    metrics: dict[str, dict[str, str]]  # key -> goal, unit, chart, help, label
    charts: dict[str, dict[str, Any]]  # name -> title, log
    slots: tuple[str, ...]


class DeviceChosen(Event):
    """Where the run trains, and with which arithmetic."""

    type: Literal["device_chosen"] = "device_chosen"
    at: Moment
    device: str
    description: str
    threads: Count
    precision: str
    memory_format: str


class DataLoaded(Event):
    """Which data the run learns from, exactly, and what needs no network at all to reach."""

    type: Literal["data_loaded"] = "data_loaded"
    at: Moment
    name: str
    version: str = ""
    sha256: str = ""
    task: str = ""
    examples: dict[str, Count] = {}
    classes: tuple[str, ...] = ()
    licence: str = ""
    split: str = ""
    split_hash: str = ""
    baseline: Numbers = {}


class ModelBuilt(Event):
    """The model's size and layers (name, kind, output shape, parameters)."""

    type: Literal["model_built"] = "model_built"
    at: Moment
    parameters: Count
    layers: tuple[dict[str, Any], ...] = ()


class LoopStarted(Event):
    """The training loop begins, or goes on behind a checkpoint's step: what an earlier attempt logged after it is replaced."""

    type: Literal["loop_started"] = "loop_started"
    at: Moment
    step: Count
    elapsed_seconds: Seconds
    steps_total: Count | None
    steps_per_epoch: Count
    epochs_total: Count | None
    examples_per_step: Count
    unit: str
    tuning: dict[str, Any] = {}
    stretches: tuple[tuple[Count, Count, Count, Count], ...] = ()  # see runs.epochs.Stretch; empty: all epochs are alike


class EpochsChanged(Event):
    """Behind `step`, epoch `epoch` (counted from 0) begins with batches of another size, and so do all after it."""

    type: Literal["epochs_changed"] = "epochs_changed"
    at: Moment
    step: Count
    epoch: Count
    steps_per_epoch: Count
    examples_per_step: Count
    steps_total: Count | None


class Metrics(Event):
    """Numbers of a group of steps, in columns; steps that log other keys stand in another event."""

    type: Literal["metrics"] = "metrics"
    steps: list[Count]
    at: list[Moment]
    values: dict[str, list[float]]


class Evaluated(Event):
    """Metrics of an evaluation on the validation split."""

    type: Literal["evaluated"] = "evaluated"
    at: Moment
    step: Count
    values: Numbers
    best: bool = False
    seconds: Seconds = 0.0


class Tested(Event):
    """Metrics of the run's one evaluation on the test split."""

    type: Literal["tested"] = "tested"
    at: Moment
    step: Count
    values: Numbers


class PreviewSaved(Event):
    """Something to look at was written to `samples/`."""

    type: Literal["preview_saved"] = "preview_saved"
    at: Moment
    step: Count
    name: str
    title: str
    kind: Literal["images", "matrix", "lines", "text"]
    file: str


class CheckpointSaved(Event):
    """A checkpoint is on the disk and was read back; until then nobody is told."""

    type: Literal["checkpoint_saved"] = "checkpoint_saved"
    at: Moment
    step: Count
    attempt: Count
    size_bytes: Count
    finite: bool
    seconds: Seconds
    reason: str


class CheckpointRemoved(Event):
    """A checkpoint made room for newer ones."""

    type: Literal["checkpoint_removed"] = "checkpoint_removed"
    at: Moment
    step: Count
    attempt: Count


class Paused(Event):
    """The loop waits between two steps."""

    type: Literal["paused"] = "paused"
    at: Moment
    step: Count
    by: str


class Resumed(Event):
    """The loop goes on after a pause."""

    type: Literal["resumed"] = "resumed"
    at: Moment
    step: Count
    by: str


class SettingChanged(Event):
    """A live setting has another value from step `step` on; batches have another size from the next epoch on."""

    type: Literal["setting_changed"] = "setting_changed"
    at: Moment
    step: Count
    name: str
    old: int | float | None
    new: int | float | None
    by: str


class SettingsAmended(Event):
    """Settings that this attempt and those after it train with instead of the record's (a raised limit)."""

    type: Literal["settings_amended"] = "settings_amended"
    at: Moment
    values: dict[str, bool | int | float | str | None]


class RequestAnswered(Event):
    """A request from `control/` was carried out, or refused with a message."""

    type: Literal["request_answered"] = "request_answered"
    at: Moment
    step: Count
    request: str
    kind: str
    accepted: bool
    message: str = ""


class Measured(Event):
    """The worker's own vitals, also its heartbeat while it is silent otherwise."""

    type: Literal["measured"] = "measured"
    at: Moment
    step: Count
    memory_bytes: Count
    cpu_seconds: Seconds


class Noticed(Event):
    """Something worth a line in the log that is not an error."""

    type: Literal["noticed"] = "noticed"
    at: Moment
    level: Literal["info", "warning"] = "info"
    message: str


class RunEnded(Event):
    """The attempt is over, and why. After it the worker writes no more metrics."""

    type: Literal["run_ended"] = "run_ended"
    at: Moment
    state: Literal["finished", "stopped", "failed"]
    step: Count
    reason: str
    advice: str = ""
    command: str = ""  # ready to be typed, where there is something to try next
    detail: str = ""  # the traceback of an error in the recipe
    exit_code: int = 0
    cpu_seconds: Seconds = 0.0


AnyEvent = Annotated[
    RunQueued
    | RunStarted
    | PhaseChanged
    | MetricsDeclared
    | DeviceChosen
    | DataLoaded
    | ModelBuilt
    | LoopStarted
    | EpochsChanged
    | Metrics
    | Evaluated
    | Tested
    | PreviewSaved
    | CheckpointSaved
    | CheckpointRemoved
    | Paused
    | Resumed
    | SettingChanged
    | SettingsAmended
    | RequestAnswered
    | Measured
    | Noticed
    | RunEnded,
    Field(discriminator="type"),
]
