"""Attention, from one sequence to another and within one: settings, presets, notes. The loops are in train.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from recipes.attention.notes import NOTES
from recipes.attention.tasks import PAIRS, PRONOUNCE, ROWS, TEXT
from workbench.recipe import Contents, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization
from workbench.uses import Use


class Data(Group):
    """What the network learns from: pairs of sequences, a text, or images whose rows are the tokens."""

    dataset: Literal["cmudict", "dates", "sums", "pairs", "python-docs", "text", "digits", "mnist5k"] = setting(
        "cmudict", "Pairs to translate, a text to continue, or images to classify row by row.", basic=True
    )
    path: str = setting("", "Your own data: a TSV file for `pairs`, a UTF-8 file or folder for `text`.")
    batch_size: int = setting(128, "Pairs, windows of text or images per gradient.", minimum=1, maximum=8192, live=True)
    examples: int | None = setting(None, "Training pairs at most; of dates and sums, how many are made.", minimum=1, none="all")
    source_tokens: Literal["char", "space"] = setting("char", "What a token of your own sources is: a character, or words apart by spaces.")
    target_tokens: Literal["char", "space"] = setting("char", "What a token of your own targets is: a character, or words apart by spaces.")
    longest: int = setting(200, "Tokens on a side of your own pairs; longer pairs are passed over and counted.", minimum=2, maximum=4096)
    sum_digits: int = setting(2, "Digits of the numbers that are added.", minimum=1, maximum=8)
    shift: float = setting(0.0, "Moves each training image at random by up to this along both axes.", minimum=0, maximum=16, unit="pixels")
    rotate: float = setting(0.0, "Turns each training image at random by up to this either way.", minimum=0, maximum=180, unit="degrees")
    zoom: float = setting(0.0, "Enlarges or shrinks each training image at random by up to this share.", minimum=0, maximum=1)
    context_length: int = setting(64, "Characters that a language model looks back at, and that a window has.", minimum=2, maximum=4096)


class Model(Group):
    """The network: an encoder, a decoder and what lies between them; or transformer blocks alone for texts and rows."""

    encoder: Literal["lstm", "gru", "transformer"] = setting("lstm", "What reads the source of a pair, both ways.")
    score: Literal["none", "dot", "general", "additive", "scaled-dot"] = setting(
        "dot", "How a decoder's state is matched with the source; none leaves attention out.", basic=True
    )
    width: int = setting(128, "Size of a state.", minimum=2, maximum=8192)
    embedding: int = setting(64, "Size of an embedded token of a pair.", minimum=1, maximum=8192)
    layers: int = setting(1, "Layers of the encoder, or transformer blocks.", minimum=1, maximum=48)
    heads: int = setting(4, "Heads of a transformer block; they share the width.", minimum=1, maximum=128)
    dropout: float = setting(0.0, "Share of the features that are hidden at each step.", minimum=0, below=1, live=True)


class Decoding(Group):
    """How a trained translator writes."""

    beam: int = setting(4, "Beginnings that are kept side by side when the test pairs are written; 1 is greedy.", minimum=1, maximum=64)


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(
        default_factory=lambda: Optimization(lr=1e-2, beta2=0.95, schedule="cosine", warmup_steps=100, weight_decay=1e-4, clip_norm=1.0)
    )
    # Words decoded for a look are few, and which of them are right is a matter of luck; the loss is that of all.
    budget: Budget = Field(
        default_factory=lambda: Budget(epochs=None, max_steps=2200, monitor="validation/loss", evaluate_every=400, preview_every=200)
    )
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    decoding: Decoding = Field(default_factory=Decoding)

    @model_validator(mode="after")
    def _widths_divide(self) -> Config:
        pairs = self.data.dataset not in (*TEXTS, *IMAGES)
        if (not pairs or self.model.encoder == "transformer") and self.model.width % self.model.heads:
            raise ValueError(f"heads {self.model.heads} do not divide the width {self.model.width}, which they share")
        if pairs and self.model.width % 2:
            raise ValueError(f"width {self.model.width} is odd; the encoder's two directions share it")
        return self


TEXTS = ("python-docs", "text")
IMAGES = ("digits", "mnist5k")


def train(config: Config, run: Run) -> None:
    """Train what the data set asks for; torch is imported only here."""
    from recipes.attention.train import train as loop

    loop(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """The untrained network and a batch of one, for the table of layers."""
    from recipes.attention.train import untrained

    return untrained(config)


def use(config: Config, network: Any, known: Mapping[str, Any]) -> Use:
    """What the trained model can be asked."""
    from recipes.attention.using import use as of_model

    return of_model(config, network, known)


def batch(config: Config, count: int) -> Preview:
    """The first training examples as the network sees them."""
    from recipes.attention.train import batch as first

    return first(config, count)


def contents(config: Config) -> Contents:
    """How much there is to learn from, and what has to be told apart or written."""
    from recipes.attention.train import contents as counted

    return counted(config)


def task(config: Config) -> Task:
    """What the data set makes it."""
    dataset = config.data.dataset
    if dataset in TEXTS:
        return TEXT
    if dataset in IMAGES:
        return ROWS
    return PRONOUNCE if dataset == "cmudict" else PAIRS


PRESETS = (
    # Held-out figures: mean of seeds 0 to 2, CPU seconds of one thread, tests/benchmarks/learning.py.
    Preset(
        "pronounce",
        "say English words: letters to phones, from the CMU dictionary",
        {},
        expect="49 s 9.0 % phone and 35.0 % word error",
    ),
    Preset(
        "pronounce-long",
        "the same with a larger network and three times as long",
        {"width": 192, "dropout": 0.1, "max_steps": None, "epochs": 4, "preview_every": 400},
        expect="114 s 8.1 % phone and 31.7 % word error, seed 0",
    ),
    Preset(
        "dates",
        "dates as people write them to year-month-day, where the order changes",
        {
            "dataset": "dates",
            "batch_size": 64,
            "precision": "fp32",  # at this size bf16 is no faster
            "width": 64,
            "embedding": 32,
            "warmup_steps": 30,
            "epochs": 13,
            "max_steps": None,
            "evaluate_every": 141,
            "preview_every": 47,
        },
        expect="7 s 100 %",
    ),
    Preset(
        "sums",
        "add two numbers of two digits, digit by digit",
        {
            "dataset": "sums",
            "embedding": 32,
            "warmup_steps": 30,
            "epochs": 40,
            "max_steps": None,
            "evaluate_every": 200,
            "preview_every": 100,
        },
    ),
    Preset(
        "text",
        "continue the Python documentation: a causal transformer",
        {
            "dataset": "python-docs",
            "layers": 2,
            "batch_size": 32,
            "lr": 3e-3,
            "beta2": 0.99,
            "weight_decay": 0.1,
            "epochs": 5,
            "max_steps": None,
            "evaluate_every": 100,
            "preview_every": 200,
        },
    ),
    Preset(
        "rows",
        "8x8 digits, row by row: a transformer that classifies",
        {
            "dataset": "digits",
            "shift": 0.75,
            "rotate": 10.0,
            "zoom": 0.1,
            "width": 64,
            "layers": 3,
            "lr": 3e-3,
            "beta2": 0.99,
            "weight_decay": 1e-2,
            "epochs": 60,
            "max_steps": None,
            "evaluate_every": 40,
            "preview_every": 80,
        },
        expect="21 s 98.8 %",
    ),
)

RECIPE = Recipe(
    name="attention",
    family="attention network",
    summary="Translate, continue and classify by looking where it matters",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("cmudict", "dates", "sums", "pairs", *TEXTS, *IMAGES),
    tasks=(PRONOUNCE, PAIRS, TEXT, ROWS),
    task=task,
    train=train,
    model=model,
    batch=batch,
    use=use,
    contents=contents,
)
