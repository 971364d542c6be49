"""Generative adversarial networks: settings, presets, notes. The networks are in model.py, the loop in train.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from recipes.gan.notes import NOTES
from recipes.gan.tasks import LABELLED, UNLABELLED
from workbench.recipe import Contents, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization
from workbench.uses import Use


class Data(Group):
    """Which images the generator learns to draw."""

    dataset: Literal["digits", "mnist5k", "mnist", "fashion-mnist", "kmnist", "cifar10", "folder"] = setting(
        "digits", "Images to draw new ones like; folder is your own. digits and mnist5k need no network.", basic=True
    )
    path: str = setting("", "Your own images, for dataset folder: PATH/CLASS/*, or with --no-labels PATH/* as well.")
    image_size: int = setting(
        32, "Side that your own images are scaled to; what a longer side has more is cut off.", minimum=8, maximum=256, unit="pixels"
    )
    colour: bool = setting(True, "Reads your own images in colour; off: in grey.")
    download: bool = setting(False, "Fetches a data set that is not in the data folder without asking.")
    labels: bool = setting(True, "Judges samples with a classifier of the images; off for images without classes.")
    batch_size: int = setting(
        64, "Real images per update of the discriminator, and samples beside them.", minimum=2, maximum=8192, live=True
    )


class Model(Group):
    """The two networks."""

    architecture: Literal["upsampling", "tutorial"] = setting(
        "upsampling", "The networks of the settings below, or the tutorial's two, of which only latent, average and conditional are free."
    )
    latent: int = setting(32, "Numbers of noise that an image is drawn from.", minimum=1, maximum=4096)
    blocks: int = setting(
        2, "Times that the generator doubles the map's sides and the discriminator halves the image's.", minimum=1, maximum=6
    )
    generator_width: int = setting(64, "Channels of the generator's first map; each doubling halves them.", minimum=1, maximum=4096)
    discriminator_width: int = setting(
        32, "Filters of the discriminator's first convolution; each one has twice as many.", minimum=1, maximum=4096
    )
    discriminator_dense: int = setting(
        0, "Outputs of a dense layer of the discriminator before its logit; 0 has none.", minimum=0, maximum=8192
    )
    generator_norm: Literal["batch", "group", "none"] = setting("batch", "What the generator's channels are normalised over.")
    discriminator_norm: Literal["none", "batch", "group"] = setting(
        "none", "What the discriminator's channels are normalised over; batch forbids penalties."
    )
    spectral_norm: bool = setting(False, "Divides the discriminator's weights by their largest singular value.")
    conditional: bool = setting(False, "Gives both networks the class of the image.")
    average: float | None = setting(0.995, "Decay of the average of the generator that draws the samples.", minimum=0, below=1)


class Game(Group):
    """What the two networks play for."""

    loss: Literal["non-saturating", "minimax", "hinge", "least-squares", "wasserstein-gp", "relativistic"] = setting(
        "non-saturating", "The two losses.", basic=True
    )
    r1: float = setting(1.0, "Penalty on the discriminator's squared slope at real images, times a half.", minimum=0, maximum=1e4)
    r2: float = setting(0.0, "The same at samples.", minimum=0, maximum=1e4)
    gradient_penalty: float = setting(10.0, "Penalty of wasserstein-gp on slopes other than 1 between real images and samples.", minimum=0)
    penalty_every: int = setting(
        4, "Updates of the discriminator between two with penalties, which then count so much more.", minimum=1, maximum=64
    )
    discriminator_steps: int = setting(1, "Updates of the discriminator for each one of the generator.", minimum=1, maximum=100)
    label_smoothing: float = setting(0.0, "How far below 1 the discriminator's target for real images is.", minimum=0, below=0.5)
    discriminator_lr: float = setting(1.0, "Learning rate of the discriminator as a multiple of lr.", above=0, maximum=100)
    discriminator_beta1: float | None = setting(None, "beta1 of the discriminator's optimizer.", minimum=0, below=1, none="beta1")
    discriminator_beta2: float | None = setting(None, "beta2 of the discriminator's optimizer.", minimum=0, below=1, none="beta2")


class Config(Common):
    """Every setting of the recipe."""

    optimization: Optimization = Field(
        default_factory=lambda: Optimization(optimizer="adam", lr=4e-3, beta1=0.0, beta2=0.99, schedule="cosine")
    )
    budget: Budget = Field(default_factory=lambda: Budget(epochs=70, evaluate_every=190, preview_every=95))
    data: Data = Field(default_factory=Data)
    model: Model = Field(default_factory=Model)
    game: Game = Field(default_factory=Game)


def train(config: Config, run: Run) -> None:
    """Train both networks; torch is imported only here."""
    from recipes.gan.train import train as loop

    loop(config, run)


def model(config: Config) -> tuple[Any, Any]:
    """Both untrained networks and the noise (and class) of one image, for the table of layers."""
    import torch

    from recipes.gan.data import shape_and_classes
    from recipes.gan.model import Adversaries

    shape, classes = shape_and_classes(config)
    noise = torch.zeros(1, config.model.latent)
    inputs = (noise, torch.zeros(1, dtype=torch.long)) if config.model.conditional else (noise,)
    return Adversaries(config.model, shape, len(classes)), inputs


def serves(config: Config, networks: Any, inputs: Any) -> tuple[Any, Any]:
    """The part that draws: noise (and class) to images from 0 to 1."""
    from recipes.gan.model import Artist

    return Artist(networks), inputs


def use(config: Config, networks: Any, known: Mapping[str, Any]) -> Use:
    """What the trained model can be asked."""
    from recipes.gan.using import use as of_model

    return of_model(config, networks)


def batch(config: Config, count: int) -> Preview:
    """The first real images that the discriminator sees."""
    import torch

    from recipes.gan.data import load
    from recipes.gan.previews import real_images

    return real_images(load(config, torch.device("cpu")), count)


def contents(config: Config) -> Contents:
    """The real images of each split and, where they are labelled, of each class."""
    from recipes.gan.data import contents as counted

    return counted(config)


def task(config: Config) -> Task:
    """Samples of labelled images are judged by a classifier, those of others by their pixels alone."""
    return LABELLED if config.data.labels else UNLABELLED


_MNIST = {
    "dataset": "mnist5k",
    "batch_size": 32,
    "latent": 64,
    "discriminator_dense": 128,
    "lr": 3e-3,
}
_FAILING = {"r1": 0.0, "schedule": "constant", "epochs": 30, "evaluate_every": 95, "preview_every": 95}

PRESETS = (
    # Relative Frechet distance (real against real: 0.0080 digits, 0.0032 mnist5k) and CPU seconds of one thread, mean of
    # seeds 0 to 2 on two busy cores: tests/benchmarks/learning.py.
    Preset("digits", "small digits, 8x8: recognisable after a second or two", {}, expect="14 s Frechet 0.014"),
    Preset(
        "mnist",
        "digits of 28x28 pixels, in a minute",
        {**_MNIST, "epochs": 14, "evaluate_every": 350, "preview_every": 125},
        expect="53 s Frechet 0.054",
    ),
    Preset(
        "mnist-long",
        "the same for three minutes",
        {**_MNIST, "epochs": 42, "evaluate_every": 750, "preview_every": 250},
        expect="147 s Frechet 0.025",
    ),
    Preset("unlabelled", "small digits without their labels: samples are judged by their pixels alone", {"labels": False}),
    Preset(
        "tutorial",
        "the tutorial's two networks, put right: 14.6 million and 1 million parameters, better on a GPU",
        {
            "architecture": "tutorial",
            "dataset": "mnist5k",
            "latent": 100,
            "r1": 0.0,
            "lr": 2e-4,
            "beta1": 0.5,
            "beta2": 0.999,
            "schedule": "constant",
            "epochs": 50,
            "evaluate_every": 625,
            "preview_every": 125,
        },
    ),
    Preset(
        "collapse",
        "fails on purpose: momentum and no penalty, and the generator draws only a few digits",
        {**_FAILING, "lr": 5e-3, "beta1": 0.9, "beta2": 0.999},
    ),
    Preset(
        "partial-collapse",
        "fails on purpose: no norm, no penalty; sharp digits, but always the same few",
        {**_FAILING, "lr": 1e-3, "beta1": 0.5, "beta2": 0.999, "generator_norm": "none"},
    ),
    Preset(
        "overpowered",
        "fails on purpose: a discriminator so far ahead that the generator learns nothing from it",
        {
            **_FAILING,
            "loss": "minimax",
            "lr": 1e-3,
            "beta1": 0.5,
            "beta2": 0.999,
            "generator_norm": "none",
            "discriminator_dense": 128,
            "discriminator_steps": 3,
            "discriminator_lr": 4.0,
        },
    ),
)

RECIPE = Recipe(
    name="gan",
    family="adversarial networks",
    summary="Draw new images: one network forges, another tells its forgeries from real ones",
    notes=NOTES,
    config=Config,
    presets=PRESETS,
    datasets=("digits", "mnist5k", "mnist", "fashion-mnist", "kmnist", "cifar10", "folder"),
    tasks=(LABELLED, UNLABELLED),
    task=task,
    train=train,
    model=model,
    batch=batch,
    use=use,
    serves=serves,
    contents=contents,
)
