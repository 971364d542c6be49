"""Recurrent networks for text, sequences and long-memory tasks: settings, tasks, presets, notes. The loop is in train.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from recipes.rnn.notes import NOTES
from recipes.rnn.tasks import CLASSIFY, COPY, GRADIENTS, REGRESS, TEXT
from workbench.recipe import Contents, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization
from workbench.uses import Use

Dataset = Literal["python-docs", "text", "mnist5k", "digits", "csv", "adding", "copy"]


class Data(Group):
    """Which sequences the network learns from."""

    dataset: Dataset = setting("python-docs", "Text to continue, images read in order, a table of your own, or a memory task.", basic=True)
    path: str = setting("", "Your own text (a UTF-8 file or a folder of .txt files) or csv table.")
    batch_size: int = setting(16, "Sequences per gradient; of text, places that are read side by side.", minimum=1, maximum=8192, live=True)
    length: int = setting(64, "Characters per step of text; steps of the adding and copy tasks.", minimum=2, maximum=4096, unit="steps")
    symbols: int = setting(10, "Symbols to remember in the copy task.", minimum=1, maximum=100)
    examples: int = setting(5000, "Examples that the adding and copy tasks call an epoch.", minimum=1)
    read: Literal["rows", "pixels"] = setting("rows", "Whether a step of an image is a row or a single pixel.")
    permute: bool = setting(False, "Moves the pixels of all images by one fixed permutation: nothing near is near in time.")
    shift: float = setting(0.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(0.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    zoom: float = setting(0.0, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    target: Literal["class", "number"] = setting("class", "What the last column of a csv is.")


class Model(Group):
    """The network: recurrent layers and one dense layer."""

    cell: Literal["rnn", "lstm", "gru"] = setting("lstm", "Kind of memory: plain, with four gates, or with three.", basic=True)
    nonlinearity: Literal["tanh", "relu"] = setting("tanh", "What a plain cell (rnn) squashes its state with.")
    layers: int = setting(1, "Recurrent layers on top of each other.", minimum=1, maximum=16)
    hidden: int = setting(256, "Hidden units per layer: the size of the memory.", minimum=1, maximum=8192)
    embedding: int = setting(64, "Numbers that stand for a character.", minimum=1, maximum=4096)
    window: int = setting(4, "Characters that a step of text is given at once: the newest and those before it.", minimum=1, maximum=16)
    dropout: float = setting(0.15, "Share of hidden units left out at random before the next layer.", minimum=0, below=1, live=True)
    bidirectional: bool = setting(False, "Also read from the end; only where the whole sequence is known, not for text.")
    init: Literal["orthogonal", "default", "identity"] = setting(
        "orthogonal", "Recurrent weights at the start: keep lengths, torch's own small ones, or copy the state."
    )
    forget_bias: float = setting(1.0, "Bias of an LSTM's forget gate at the start; 0 leaves what init gives.", minimum=-10, maximum=10)


class Look(Group):
    """What the previews show."""

    prompt: str = setting("", "Text to continue in the preview; empty takes some of the validation text.")
    temperature: float = setting(0.7, "Of the continuation: towards 0 always the likeliest character, above 1 wilder.", above=0, maximum=10)
    sampled: int = setting(300, "Characters to continue by.", minimum=1, maximum=10000, unit="characters")
    gradients_only: bool = setting(False, "Draw how far the gradient of each cell and initialisation reaches, and end without training.")


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(
        default_factory=lambda: Optimization(lr=1.2e-2, schedule="cosine", warmup_steps=400, beta2=0.99, weight_decay=1e-2, clip_norm=1.0)
    )
    budget: Budget = Field(default_factory=lambda: Budget(epochs=6))
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    look: Look = Field(default_factory=Look)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.model.bidirectional and task(self).name in ("text", "copy"):
            raise ValueError("setting `bidirectional` is `yes`, which would show this task what it has to predict")
        return self


def task(config: Config) -> Task:
    """What the data make of a run."""
    if config.look.gradients_only:
        return GRADIENTS
    by_data = {"python-docs": TEXT, "text": TEXT, "adding": REGRESS, "copy": COPY}
    own = REGRESS if config.data.target == "number" else CLASSIFY
    return by_data.get(config.data.dataset, own if config.data.dataset == "csv" else CLASSIFY)


def train(config: Config, run: Run) -> None:
    """Train on text or on sequences, or only draw gradients; torch is imported only here."""
    if config.look.gradients_only:
        from recipes.rnn.gradients import draw as follow
    elif task(config) is TEXT:
        from recipes.rnn.train_text import train as follow
    else:
        from recipes.rnn.train import train as follow
    follow(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """The network of these settings and an input for it: (1, T) characters or (1, T, features)."""
    from recipes.rnn.data import network

    return network(config)


def use(config: Config, network: Any, known: Mapping[str, Any]) -> Use:
    """What the trained model can be asked."""
    from recipes.rnn.using import use as of_model

    return of_model(config, network, known)


def batch(config: Config, count: int) -> Preview:
    """The first training sequences as the network is given them."""
    from recipes.rnn.previews import first_batch

    return first_batch(config, count)


def contents(config: Config) -> Contents:
    """How much there is to learn from, and what has to be told apart or written."""
    from recipes.rnn.data import contents as counted

    return counted(config)


_DIGITS = {"shift": 2.0, "rotate": 10.0, "zoom": 0.1}
_ROWS = {
    "dataset": "mnist5k",
    "layers": 2,
    "hidden": 128,
    "batch_size": 64,
    "warmup_steps": 0,
    "schedule": "one-cycle",
    "monitor": "validation/loss",
}
_TORCHS_OWN = {"init": "default", "forget_bias": 0.0}
_ADDING = {
    "dataset": "adding", "length": 100, "examples": 20000, "batch_size": 100, "hidden": 32, "dropout": 0.0, "lr": 2e-2,
    "schedule": "one-cycle", "warmup_steps": 0, "weight_decay": 0.0, "beta2": 0.999, **_TORCHS_OWN,
}  # fmt: skip

PRESETS = (
    # Held-out figures, mean of seeds 0 to 2, and CPU seconds of one thread: tests/benchmarks/learning.py.
    Preset("text", "continues the documentation of the running Python, character by character", {}, expect="53 s 1.72 bits"),
    Preset("text-long", "the same for three times as long, with more dropout", {"epochs": 18, "dropout": 0.45}, expect="163 s 1.67 bits"),
    Preset("rows", "names 5,000 handwritten digits, read row by row", {**_ROWS, **_DIGITS, "lr": 5e-3, "epochs": 24}, expect="39 s 98.2 %"),
    Preset(
        "digit-rows",
        "names 1,797 small handwritten digits, read row by row: 8 steps of 8 numbers",
        {**_ROWS, "dataset": "digits", "shift": 0.75, "rotate": 10.0, "zoom": 0.1, "lr": 5e-3, "epochs": 60},
    ),
    Preset(
        "pixels",
        "names small handwritten digits, read pixel by pixel: 64 steps of one number",
        {**_ROWS, "dataset": "digits", "read": "pixels", "layers": 1, "hidden": 64, "lr": 1e-2, "epochs": 40, "dropout": 0.0},
        expect="6 s 92.5 %",
    ),
    Preset(
        "adding",
        "the sum of two marked numbers among 100, torch's own initialisation; also --cell gru --epochs 2, --cell rnn",
        {**_ADDING, "epochs": 9},
        expect="16 s 0.0005",
    ),
    Preset(
        "copy",
        "repeats five symbols after ten steps of silence; with --length 30, an LSTM does not learn it so soon",
        {"dataset": "copy", "length": 10, "symbols": 5, "hidden": 128, "batch_size": 50, "dropout": 0.0, "lr": 5e-3, "epochs": 20},
        expect="12 s 91 % recalled",
    ),
    Preset(
        "tutorial",
        "the tutorial's network: two stacked LSTM of 128 and a softmax, on 28 rows of 28",
        {**_ROWS, "schedule": "constant", "lr": 1e-3, "batch_size": 32, "dropout": 0.0, "weight_decay": 0.0, "epochs": 10},
        expect="16 s 95.6 %",
    ),
    Preset(
        "gradients",
        "draws how far the gradient of each cell and initialisation reaches, without training",
        {**_ADDING, "gradients_only": True},
    ),
)

RECIPE = Recipe(
    name="rnn",
    family="recurrent network",
    summary="Sequences with a memory: text, rows of images, tables, memory tasks",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("python-docs", "text", "mnist5k", "digits", "csv", "adding", "copy"),
    tasks=(TEXT, CLASSIFY, REGRESS, COPY, GRADIENTS),
    task=task,
    train=train,
    model=model,
    batch=batch,
    use=use,
    contents=contents,
)
