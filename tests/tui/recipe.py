"""A recipe for tests of the interface: it stands still while the real ones are tuned, and cannot train."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.recipe import Chart, Metric, Preset, Recipe, Task
from workbench.schema import Group, setting
from workbench.settings import Common, Optimization


class Data(Group):
    """What it would learn from."""

    dataset: Literal["mnist5k", "digits"] = setting("mnist5k", "Images to classify.", basic=True)
    batch_size: int = setting(64, "Images per gradient.", minimum=1, maximum=8192, basic=True)
    shift: float = setting(2.0, "Moves each image by up to this.", minimum=0, maximum=16, unit="pixels")


class Model(Group):
    """What it would be."""

    blocks: int = setting(3, "Convolutions, each followed by pooling.", minimum=1, maximum=6)
    padding: bool = setting(True, "Adds a margin of zeros.")
    dropout: float = setting(0.3, "Share of the features that are hidden at each step.", minimum=0, below=1)


class Config(Common):
    """Every setting."""

    optimization: Optimization = Field(default_factory=lambda: Optimization(lr=1e-2))
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)


def _train(config: Any, run: Any) -> None:
    raise NotImplementedError


TASK = Task(
    name="classify",
    metrics={
        "train/loss": Metric("min", chart="loss"),
        "validation/loss": Metric("min", chart="loss"),
        "train/accuracy": Metric("max", "%", "accuracy"),
        "validation/accuracy": Metric("max", "%", "accuracy"),
        "test/accuracy": Metric("max", "%", "accuracy"),
        "train/grad_norm": Metric(chart="grad_norm"),
        "train/lr": Metric(chart="lr"),
    },
    charts={
        "loss": Chart("loss"),
        "accuracy": Chart("accuracy"),
        "grad_norm": Chart("gradient norm", log=True),
        "lr": Chart("learning rate", log=True),
    },
    slots=("loss", "grad_norm", "accuracy", "preview:worst"),
    objective="validation/accuracy",
)

RECIPE = Recipe(
    name="cnn",
    family="convolutional network",
    summary="Classify images with convolutions and pooling",
    notes="\n".join(["What it is.", "", *(f"  y[{index}] = x[{index}]" for index in range(40)), "", "the last line of the notes"]),
    config=Config,
    presets=(
        Preset("mnist", "5,000 handwritten digits, 28x28", {}, "60 s 98.6 %"),
        Preset("digits", "1,797 small handwritten digits, 8x8", {"dataset": "digits", "blocks": 2}, "4 s 99.4 %"),
        Preset("tutorial", "the tutorial's network, unchanged", {"padding": False, "lr": 1e-3}, "11 s 97.1 %"),
    ),
    datasets=("mnist5k", "digits"),
    tasks=(TASK,),
    task=lambda config: TASK,
    train=_train,
    model=lambda config: (None, None),
    batch=lambda config, count: None,
)
