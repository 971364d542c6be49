"""The contract between recipes and the workbench: a recipe trains through a `run` handle, and owns its loop.

Torch-free: tensors and modules appear as `Any`, so that listing recipes costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from workbench.schema import Settings, Value
from workbench.uses import Use

Goal = Literal["min", "max", "none"]
Due = Literal["evaluate", "preview"]
M = TypeVar("M")


@dataclass(frozen=True)
class Metric:
    """What a logged number means. Its key is `<split>/<name>`; a key that ends in `*` stands for one per layer or class."""

    goal: Goal = "none"
    unit: str = ""  # "%" for a share of one
    chart: str = ""  # metrics of the same chart are drawn together
    help: str = ""
    label: str = ""  # of its line in a chart with others; by default the part of its key that tells them apart


@dataclass(frozen=True)
class Chart:
    """How the metrics of one chart are drawn."""

    title: str
    log: bool = False
    kind: Literal["", "line", "strip"] = ""  # by default a strip where all keys are one per layer and `log` is on, else lines


@dataclass(frozen=True)
class Task:
    """What a run is about: the numbers that it logs, how they are drawn, and which of them decides."""

    name: str
    metrics: Mapping[str, Metric]
    charts: Mapping[str, Chart]
    slots: tuple[str, ...]  # what the run screen shows first: names of charts, and `preview:<name>`
    objective: str  # the metric that decides best, early stopping and lists


@dataclass(frozen=True)
class Preset:
    """A named set of settings for one task, and what it reaches under which conditions."""

    name: str
    summary: str
    settings: Mapping[str, Value]
    expect: str = ""


@dataclass(frozen=True)
class Recipe:
    """A model family: what it is, what can be set, what it logs, and how it trains."""

    name: str
    family: str
    summary: str
    notes: str
    config: type[Settings]
    presets: tuple[Preset, ...]  # the first is the default
    datasets: tuple[str, ...]
    tasks: tuple[Task, ...]  # all there are; the first is that of the default preset
    task: Callable[[Any], Task]  # config -> which of them its settings make it
    train: Callable[[Any, Run], None]
    model: Callable[[Any], tuple[Any, Any]]  # config -> (module, its input or inputs, a batch of one), for the table of layers
    batch: Callable[[Any, int], Preview]  # (config, how many) -> training examples as the model sees them
    serves: Callable[[Any, Any, Any], tuple[Any, Any]] | None = None  # (config, module, inputs) -> the part that leaves as ONNX
    use: Callable[[Any, Any, Mapping[str, Any]], Use] | None = None  # (config, trained module, the run's record of its data)
    contents: Callable[[Any], Contents] | None = None  # config -> what a run would learn from; without it, nobody is told before a start
    path: str = field(default="", compare=False)  # set for a recipe that was given as a path


class Batches(Protocol):
    """Training data as a run walks through it; the order of an epoch is a function of (seed, epoch) alone."""

    examples: int
    batch_size: int
    unit: str  # of throughput: "img", "token"

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        """The batches of an epoch (counted from 0), without its first `skip` ones."""
        ...


@runtime_checkable
class Resizable(Batches, Protocol):
    """Training data whose batches may get another size from an epoch to the next: what a live setting `batch_size` needs."""

    def resized(self, batch_size: int) -> Batches:
        """The same data in batches of another size, as the setting `batch_size` counts them.

        Raises:
            WorkbenchError: it cannot be cut so.
        """
        ...


class Run(Protocol):
    """What a recipe may ask of the run that it trains in."""

    device: Any
    """The torch.device that was chosen."""
    precision: str
    """fp32, bf16, fp16 or fp64: of the settings, else decided by the device."""
    completed: bool
    """Whether the loop came to its own end (budget or patience) rather than being stopped."""
    steps_total: int | None
    steps_per_epoch: int
    """Of the epochs from here on; those before may have had batches of another size."""
    epoch: int
    """Passes over the data that were complete before this step."""
    begins_epoch: bool
    """Whether this step is the first of a pass."""
    progress: float
    """The share of the budget that is spent, 0 to 1: schedules follow it."""

    def phase(self, name: str) -> None: ...
    def notice(self, message: str) -> None:
        """A line for the run's log: what was left out, what a setting does not change here."""
        ...

    def loaded(self, **about: Any) -> None:
        """Record the data: name, version, sha256, counts, classes, licence, split, baseline."""
        ...

    def place(self, model: M) -> M:
        """The model on the run's device, in its memory format; its layers and parameter count are recorded."""
        ...

    def attach(self, **parts: Any) -> None:
        """What a checkpoint holds (each has state_dict and load_state_dict); restored here when a run resumes.

        A run that was started with another one's weights takes them here, into every part that is a module.
        """
        ...

    def tune(self, trial: Callable[[], None]) -> None:
        """Let the run find the number of CPU threads that is fastest, where `threads` is auto.

        `trial` works as one step does, forward and backward, on a real batch and a copy of the model. Called once, before `steps`.
        """
        ...

    def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
        """(step, its batches) for each optimizer update, from 1 (or on from the checkpoint).

        Pause, requests, checkpoints, budgets and early stopping happen between two steps.
        """
        ...

    def due(self, what: Due) -> bool: ...
    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Numbers of one step: floats or tensors without a dimension, which are read only when a group of steps is written."""
        ...

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        """Metrics of an evaluation, before the step's checkpoint, so that it carries them."""
        ...

    def preview(self, step: int, previews: Iterable[Preview]) -> None: ...
    def best(self, model: M) -> M:
        """The model with the weights of its best evaluation (unless restore_best is off)."""
        ...

    def tested(self, values: Mapping[str, float]) -> None: ...


@dataclass(frozen=True)
class Preview:
    """Something to look at: images, a matrix with labels, lines over an axis, or text."""

    name: str
    title: str
    kind: Literal["images", "matrix", "lines", "text"]
    images: Any = None  # (N, H, W) numbers from 0 to 255, whole
    captions: tuple[str, ...] = ()
    matrix: tuple[tuple[float, ...], ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  # of a matrix or of lines
    lines: tuple[tuple[str, tuple[float, ...]], ...] = ()  # named, a value for each column
    log: bool = False  # of lines: whether the values stand on a log axis
    text: str = ""


@dataclass(frozen=True)
class Tally:
    """How often what the network is to tell apart or to write occurs: classes, tokens, lengths.

    `training` counts the training split; it is empty where examples are drawn anew for each batch. `batch` counts the first batch.
    """

    title: str
    kind: Literal["classes", "tokens", "lengths", "numbers"]
    labels: tuple[str, ...]
    training: tuple[int, ...]
    batch: tuple[int, ...]
    left_out: int = 0  # labels that are rarer than those that are listed


@dataclass(frozen=True)
class Contents:
    """What a run with some settings would learn from: how much of it, and how evenly it is spread."""

    examples: Mapping[str, int]  # of each split
    unit: str  # as the batches have it: "img", "char"
    steps_per_epoch: int
    tallies: tuple[Tally, ...] = ()
