"""Run folders made from a list of events, as a worker would have left them; no torch, no process."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.events import types as events
from workbench.events.types import (
    CheckpointSaved,
    DataLoaded,
    DeviceChosen,
    Evaluated,
    Event,
    LoopStarted,
    Metrics,
    MetricsDeclared,
    ModelBuilt,
    RunEnded,
    RunStarted,
)
from workbench.events.writer import EventWriter
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.apply import apply
from workbench.runs.reading.state import RunState
from workbench.runs.status import boot_id

START = 1_750_000_000.0  # when the runs of tests begin, in seconds since 1970
SETTINGS = {"lr": 1e-3, "batch_size": 64, "epochs": 4, "dataset": "mnist5k", "seed": 0}
METRICS = {
    "train/loss": {"goal": "min", "unit": "", "chart": "loss", "help": "Cross-entropy."},
    "validation/loss": {"goal": "min", "unit": "", "chart": "loss", "help": ""},
    "validation/accuracy": {"goal": "max", "unit": "%", "chart": "accuracy", "help": ""},
    "train/grad_norm": {"goal": "none", "unit": "", "chart": "gradients", "help": ""},
    "train/grad_norm/*": {"goal": "none", "unit": "", "chart": "layers", "help": ""},
}


def new_run(root: Path, run_id: str = "cnn-1", *, labels: Labels | None = None, **record: Any) -> RunFolder:
    """A folder as the launcher leaves it, before its worker writes anything."""
    root.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(root / run_id)
    folder.path.mkdir(mode=0o700)
    about = {"recipe": run_id.rpartition("-")[0], "preset": "mnist", "settings": SETTINGS, "created_at": START, "host": platform.node()}
    folder.prepare(RunRecord(id=run_id, **{**about, **record}), labels or Labels())
    return folder


def build_run(root: Path, log: Iterable[Event], run_id: str = "cnn-1", *, labels: Labels | None = None, **record: Any) -> RunFolder:
    """A run folder whose log holds the events of `log`."""
    folder = new_run(root, run_id, labels=labels, **record)
    append(folder, log)
    return folder


def append(folder: RunFolder, log: Iterable[Event]) -> None:
    """Write more events to a run's log."""
    writer = EventWriter(folder.events)
    for event in log:
        assert writer.write(event)
    writer.close()


def state_of(log: Iterable[Event]) -> RunState:
    """What events add up to, applied one by one."""
    state = RunState()
    for event in log:
        apply(event, state)
    return state


def started(attempt: int = 1, *, at: float = START, **changed: Any) -> RunStarted:
    """By default a worker of this machine and boot whose process is gone."""
    facts = {"host": platform.node(), "boot_id": boot_id(), "pid": 2**22 + 1, "process_started": 1.0, "versions": {"workbench": "0"}}
    return RunStarted(at=at, attempt=attempt, **{**facts, **changed})


def declared(*, at: float = START, metrics: Mapping[str, dict[str, str]] | None = None) -> MetricsDeclared:
    """A small recipe's metrics; its objective is validation/accuracy."""
    charts = {"loss": {"title": "loss", "log": False}, "gradients": {"title": "gradient norm", "log": True}}
    return MetricsDeclared(
        at=at, objective="validation/accuracy", metrics=dict(metrics or METRICS), charts=charts, slots=("loss", "gradients")
    )


def loop(step: int = 0, *, at: float = START + 10, elapsed_seconds: float = 0.0, steps_total: int | None = 400) -> LoopStarted:
    """A loop of 100 steps an epoch and 64 examples a step that begins behind `step`."""
    return LoopStarted(
        at=at, step=step, elapsed_seconds=elapsed_seconds, steps_total=steps_total, steps_per_epoch=100, epochs_total=4,
        examples_per_step=64, unit="img",
    )  # fmt: skip


def opening(attempt: int = 1, *, at: float = START, **changed: Any) -> list[Event]:
    """What a worker writes before its loop."""
    examples = {"train": 4000, "validation": 500, "test": 500}
    return [
        started(attempt, at=at, **changed),
        declared(at=at + 1),
        DeviceChosen(at=at + 2, device="cpu", description="2 cores", threads=1, precision="fp32", memory_format="contiguous"),
        DataLoaded(at=at + 3, name="mnist5k", version="1", task="classification", examples=examples, baseline={"majority": 0.1}),
        ModelBuilt(at=at + 4, parameters=121_930, layers=({"name": "dense", "kind": "Linear", "output_shape": [10], "parameters": 650},)),
    ]


def metrics(
    steps: Iterable[int],
    *,
    at: float = START + 10,
    seconds: float = 0.1,
    key: str = "train/loss",
    value: Callable[[int], float] | None = None,
) -> Metrics:
    """One group of steps; step n happened `n * seconds` behind `at` and its value is 1/n, unless `value` says otherwise."""
    steps = list(steps)
    value = value or (lambda step: 1 / step)
    return Metrics(steps=steps, at=[at + step * seconds for step in steps], values={key: [value(step) for step in steps]})


def evaluated(step: int, accuracy: float, loss: float = 0.5, *, best: bool = False) -> Evaluated:
    """An evaluation in the pace of `metrics`."""
    values = {"validation/accuracy": accuracy, "validation/loss": loss}
    return Evaluated(at=START + 10 + step * 0.1, step=step, values=values, best=best, seconds=0.05)


def checkpoint(step: int, attempt: int = 1, *, reason: str = "routine") -> CheckpointSaved:
    return CheckpointSaved(
        at=START + 10 + step * 0.1, step=step, attempt=attempt, size_bytes=1000, finite=True, seconds=0.01, reason=reason
    )


def ended(state: Any = "finished", *, step: int = 400, at: float | None = None, reason: str = "4 epochs", **more: Any) -> RunEnded:
    return RunEnded(at=START + 10 + step * 0.1 if at is None else at, state=state, step=step, reason=reason, **more)


def finished_run(steps: int = 400, group: int = 25) -> list[Event]:
    """The events of a whole run: metrics in groups, an evaluation and a checkpoint each 100 steps, an end."""
    log: list[Event] = [*opening(), loop(steps_total=steps)]
    for first in range(1, steps + 1, group):
        last = min(first + group - 1, steps)
        log.append(metrics(range(first, last + 1)))
        if last % 100 == 0:
            log += [evaluated(last, 1 - 10 / last, best=True), checkpoint(last)]
    return [*log, ended(step=steps, cpu_seconds=12.5)]


def one_of_each() -> list[Event]:
    """An event of every type, in an order that a worker might write them in, with NaN and infinities where numbers may be so."""
    return [
        events.RunQueued(at=START - 1, host=platform.node(), boot_id=boot_id(), slots=("cpu",), behind=("gan-3",)),
        *opening(),
        events.PhaseChanged(at=START + 5, phase="training"),
        loop(),
        metrics(range(1, 4), value=lambda step: (0.5, math.nan, -math.inf)[step - 1]),
        events.Evaluated(at=START + 11, step=3, values={"validation/accuracy": 0.5, "validation/loss": math.inf}, best=True),
        events.EpochsChanged(at=START + 11, step=3, epoch=1, steps_per_epoch=5, examples_per_step=16, steps_total=100),
        events.PreviewSaved(at=START + 12, step=3, name="worst", title="worst", kind="images", file="worst-3.json"),
        checkpoint(3, reason="asked"),
        events.CheckpointRemoved(at=START + 13, step=3, attempt=1),
        events.Paused(at=START + 14, step=3, by="ada"),
        events.Resumed(at=START + 15, step=3, by="ada"),
        events.SettingChanged(at=START + 16, step=3, name="lr", old=1e-3, new=3e-4, by="ada"),
        events.SettingsAmended(at=START + 17, values={"epochs": 5, "clip_norm": None, "nesterov": True, "lr": 0.1, "device": "cpu"}),
        events.RequestAnswered(at=START + 18, step=3, request="1", kind="set", accepted=False, message="no"),
        events.Measured(at=START + 19, step=3, memory_bytes=1 << 28, cpu_seconds=1.5),
        events.Noticed(at=START + 20, level="warning", message="the disk was full"),
        events.Tested(at=START + 21, step=3, values={"test/accuracy": 0.5}),
        ended(
            "failed", step=3, at=START + 22, reason="NaN", advice="lower lr", command="workbench train cnn", detail="Traceback", exit_code=1
        ),
    ]
