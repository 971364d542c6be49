"""Runs of the cnn recipe as its worker would have logged them, and an interface to look at them with; no torch, no process."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from textual.message import Message

from tests.builders import START, append, build_run, loop, started
from tests.tui.recipe import RECIPE, TASK
from workbench.events.types import (
    CheckpointSaved,
    DataLoaded,
    DeviceChosen,
    Evaluated,
    Event,
    Metrics,
    MetricsDeclared,
    ModelBuilt,
    PhaseChanged,
    PreviewSaved,
    RunEnded,
)
from workbench.runs.folder import Labels, RunFolder
from workbench.schema import build, flat
from workbench.tui.app import Workbench
from workbench.tui.editing.form import Form
from workbench.tui.messages import Answered, Begun, SweepBegun, TryingOn
from workbench.tui.theme import Look

LAYERS = [
    {"name": "conv1", "kind": "Conv2d", "output_shape": [16, 28, 28], "parameters": 160},
    {"name": "pool1", "kind": "MaxPool2d", "output_shape": [16, 14, 14], "parameters": 0},
    {"name": "norm1", "kind": "BatchNorm2d", "output_shape": [16, 14, 14], "parameters": 32},
    {"name": "relu1", "kind": "ReLU", "output_shape": [16, 14, 14], "parameters": 0},
    {"name": "dense", "kind": "Linear", "output_shape": [64], "parameters": 36928},
    {"name": "output", "kind": "Linear", "output_shape": [10], "parameters": 650},
]
PARAMETERS = sum(int(layer["parameters"]) for layer in LAYERS)  # type: ignore[call-overload]
CLASSES = {
    "title": "class",
    "kind": "classes",
    "labels": [str(digit) for digit in range(10)],
    "training": [380 + 4 * digit for digit in range(10)],
    "batch": [6, 7, 5, 8, 6, 6, 7, 6, 7, 6],
    "left_out": 0,
}
NOW = START + 3600.0
FAR = {"host": "far"}  # a run of another host lives while it has news: no lock and no process are needed


def declared(at: float) -> MetricsDeclared:
    metrics = {
        key: {"goal": metric.goal, "unit": metric.unit, "chart": metric.chart, "help": metric.help} for key, metric in TASK.metrics.items()
    }
    charts = {name: {"title": chart.title, "log": chart.log} for name, chart in TASK.charts.items()}
    return MetricsDeclared(at=at, objective=TASK.objective, metrics=metrics, charts=charts, slots=TASK.slots)


def opening(at: float = START, **changed: Any) -> list[Event]:
    """What the worker logs before its loop."""
    examples = {"train": 4000, "validation": 500, "test": 500}
    return [
        started(1, at=at, **changed),
        declared(at),
        DeviceChosen(at=at + 1, device="cpu", description="2 cores", threads=1, precision="bf16", memory_format="channels_last"),
        PhaseChanged(at=at + 1, phase="loading mnist5k"),
        DataLoaded(
            at=at + 2,
            name="mnist5k",
            task="classification",
            examples=examples,
            baseline={"majority_class": 0.1, "nearest_neighbour": 0.936},
        ),
        ModelBuilt(at=at + 3, parameters=PARAMETERS, layers=tuple(LAYERS)),
    ]


def training(first: int, last: int, at: float = START + 10, rate: float = 20.0) -> list[Event]:
    """Steps with an evaluation and a preview each 63: a loss that falls, an accuracy that rises, reproducibly uneven."""
    events: list[Event] = []
    for begin in range(first, last + 1, 21):
        steps = list(range(begin, min(begin + 21, last + 1)))
        wobble = [0.3 + 0.1 * math.sin(step * 12.9898) for step in steps]
        events.append(
            Metrics(
                steps=steps,
                at=[at + step / rate for step in steps],
                values={
                    "train/loss": [2.3 * math.exp(-step / 200) + part * 0.3 for step, part in zip(steps, wobble, strict=True)],
                    "train/accuracy": [1 - 0.9 * math.exp(-step / 150) - part * 0.05 for step, part in zip(steps, wobble, strict=True)],
                    "train/grad_norm": [3 * math.exp(-step / 400) + part for step, part in zip(steps, wobble, strict=True)],
                    "train/lr": [1e-2] * len(steps),
                },
            )
        )
        step = steps[-1]
        if step % 63 == 0:
            values = {"validation/loss": 2.2 * math.exp(-step / 180) + 0.06, "validation/accuracy": 0.985 - 0.8 * math.exp(-step / 120)}
            events.append(Evaluated(at=at + step / rate, step=step, values=values, best=True, seconds=0.1))
            events.append(
                PreviewSaved(at=at + step / rate, step=step, name="worst", title="worst classified", kind="images", file="worst.json")
            )
            events.append(
                CheckpointSaved(at=at + step / rate, step=step, attempt=1, size_bytes=500_000, finite=True, seconds=0.01, reason="routine")
            )
    return events


def cnn_run(
    root: Path,
    run_id: str = "cnn-1",
    *,
    steps: int = 1260,
    end: str = "finished",
    at: float = START,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    **more: Any,
) -> RunFolder:
    """A run that ended so; `end=""` leaves it without an end, on a host far away."""
    values = flat(build(RECIPE.config, settings or {}))
    events: list[Event] = [*opening(at, **({} if end else FAR)), loop(at=at + 10, steps_total=1260), *training(1, steps, at + 10)]
    if end:
        reason = {"finished": "made all 20 epochs", "stopped": "stopped by ada"}.get(end, "the loss is NaN at step 212")
        events.append(RunEnded(at=at + 10 + steps / 20, state=end, step=steps, reason=reason, **more))  # type: ignore[arg-type]
    folder = build_run(root, events, run_id, labels=Labels(name=name), settings=values, created_at=at, preset="mnist")
    save_preview(folder)
    return folder


def live_run(root: Path, run_id: str = "cnn-9", steps: int = 400) -> RunFolder:
    """A run that trains now."""
    return cnn_run(root, run_id, steps=steps, end="", at=time.time() - 10 - steps / 20)


def save_preview(folder: RunFolder) -> None:
    """Twelve images of a disc each, as `worst.json`."""
    images = [
        [[255 if (x - 14) ** 2 + (y - 14) ** 2 < (4 + index) ** 2 else 0 for x in range(28)] for y in range(28)] for index in range(12)
    ]
    pixels = bytes(pixel for image in images for row in image for pixel in row)
    body = {"kind": "images", "title": "worst classified", "captions": [f"{index}, said 7 .9" for index in range(12)]}
    body |= {"shape": [12, 28, 28], "pixels": base64.b64encode(pixels).decode()}  # type: ignore[dict-item]
    (folder.samples / "worst.json").write_text(json.dumps(body))


class FakeLauncher:
    """Starts runs that are only written down, and answers for the helper at once."""

    is_warm = True
    is_asking = False

    def __init__(self, root: Path) -> None:
        self.root = root
        self.post: Callable[[Message], object] = lambda message: None
        self.started: list[Form] = []
        self.queued: list[Form] = []
        self.resumed: list[str] = []
        self.tried: list[tuple[Form, str]] = []
        self.swept: list[str] = []

    def warm(self) -> None:
        pass

    def ask(self, kind: str, about: Mapping[str, Any]) -> None:
        images = base64.b64encode(bytes(4 * 28 * 28)).decode()
        answers: dict[str, dict[str, Any]] = {
            "layers": {"layers": LAYERS, "parameters": PARAMETERS},
            "cost": {
                "layers": [{**layer, "multiply_adds": 1000} for layer in LAYERS],
                "parameters": PARAMETERS,
                "multiply_adds": 9000,
                "batch_size": 64,
                "memory": {"weights": 200_000, "gradients": 200_000, "optimizer": 400_000, "activations": 7_000_000, "total": 7_800_000},
            },
            "contents": {
                "examples": {"train": 4000, "validation": 500, "test": 500},
                "unit": "img",
                "steps_per_epoch": 63,
                "tallies": [CLASSES],
            },
            "device": {"device": "cpu", "description": "cpu (2 threads)", "available": ["cpu"]},
            "batch": {"kind": "images", "title": "4 of a batch of 64", "captions": list("1234"), "shape": [4, 28, 28], "pixels": images},
        }
        self.post(Answered(kind, about, answers[kind]))

    def start(self, form: Form, *, queue: bool = False) -> None:
        form.config()
        (self.queued if queue else self.started).append(form)
        run_id = f"cnn-{100 + len(self.started) + len(self.queued)}"
        append(build_run(self.root, [started(at=time.time(), **FAR), declared(time.time())], run_id), [])
        self.post(Begun(run_id))

    def try_out(self, form: Form, kind: str) -> None:
        self.tried.append((form, kind))
        self.post(TryingOn("importing torch ..."))

    def sweep(self, text: str) -> None:
        self.swept.append(text)
        self.post(SweepBegun("sweep-7"))

    def end_trial(self) -> None:
        self.tried.clear()

    def resume(self, run_id: str) -> None:
        self.resumed.append(run_id)
        self.post(Begun(run_id))

    def leave(self) -> list[str]:
        return []


def interface(
    root: Path,
    *,
    ascii_only: bool = True,
    run_id: str | None = None,
    now: float | None = None,
    theme: str = "dark",
    keys: Mapping[str, str] | None = None,
    slots: Mapping[str, list[str]] | None = None,
) -> Workbench:
    """The app with a fake launcher; `now` makes its clock stand still."""
    launcher = FakeLauncher(root)
    clock = time.time if now is None else lambda: float(now)
    app = Workbench(
        root,
        Look(ascii_only=ascii_only, theme=theme),
        run_id=run_id,
        keys=keys,
        slots=slots,
        launcher=launcher,  # type: ignore[arg-type]
        find=lambda: {RECIPE.name: RECIPE},
        seconds=0.05,
        clock=clock,
    )
    launcher.post = app.post_message
    return app


def shown(app: Workbench) -> str:
    """The screen as text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def until(condition: Callable[[], object], what: Callable[[], str] | str = "", seconds: float = 60.0) -> None:
    """Wait until it is so.

    Raises:
        AssertionError: it did not become so.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(what() if callable(what) else what or "it did not happen")
        await asyncio.sleep(0.01)


async def shows(app: Workbench, text: str) -> None:
    """Wait until a text is on the screen."""
    await until(lambda: text in shown(app), lambda: f"{text!r} is not on\n{shown(app)}")
