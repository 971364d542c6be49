"""Generative adversarial networks: settings, presets, notes. The networks are in model.py, the loop in train.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.data.catalogue import find_images
from workbench.recipe import Chart, Metric, Preset, Preview, Recipe, Run, Task
from workbench.schema import Group, setting
from workbench.settings import Budget, Common, Optimization


class Data(Group):
    """Which images the generator learns to draw."""

    dataset: Literal["digits", "mnist5k"] = setting("digits", "Images to draw new ones like.", basic=True)
    labels: bool = setting(True, "Judges samples with a classifier of the images; off for images without classes.")
    batch_size: int = setting(64, "Real images per update of the discriminator, and samples beside them.", minimum=2, maximum=8192)


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

    from recipes.gan.model import Adversaries

    info = find_images(config.data.dataset)
    noise = torch.zeros(1, config.model.latent)
    inputs = (noise, torch.zeros(1, dtype=torch.long)) if config.model.conditional else (noise,)
    return Adversaries(config.model, info.shape, len(info.classes)), inputs


def batch(config: Config, count: int) -> Preview:
    """The first real images that the discriminator sees."""
    import torch

    from recipes.gan.data import load
    from recipes.gan.previews import real_images

    return real_images(load(config, torch.device("cpu")), count)


def task(config: Config) -> Task:
    """Samples of labelled images are judged by a classifier, those of others by their pixels alone."""
    return LABELLED if config.data.labels else UNLABELLED


NOTES = """\
A generative adversarial network (生成对抗网络) is a game. The generator G
draws images from noise; the discriminator D looks at one image at a time and
says whether it is real. Each learns from the other's mistakes, and nobody ever
tells G what a digit looks like: the only teacher is D.

It is a way of training, not a kind of layer: here G and D are convolutional
networks themselves.

GENERATOR. A dense layer turns noise z into a small map, transposed convolutions
double its sides, tanh ends in the range of the images, which are -1 to 1:

  G(z) = tanh(W[L] * phi(... phi(W[1] z + b[1]) ...) + b[L])    z ~ N(0, 1)

DISCRIMINATOR. Convolutions with stride 2 down to one number, the logit f(x);
D(x) = sigmoid(f(x)) is the probability of being real.

THE GAME (Goodfellow et al. 2014), one value that D raises and G lowers:

  min over G, max over D of  E log D(x) + E log(1 - D(G(z)))

For a fixed G the best D is p(x) / (p(x) + q(x)), p the density of real images,
q that of samples. Put in, the value is 2 JS(p, q) - log 4: lowest where p = q,
and there it is -log 4 with D = 1/2 everywhere. But where D is sure, the slope
of log(1 - D) is 0 and G learns nothing. So in practice G lowers something else:

  non-saturating   -log D(G(z))                            the default
  minimax          log(1 - D(G(z)))
  hinge            D: max(0, 1 - f(x)) + max(0, 1 + f(G(z)))      G: -f(G(z))
  least-squares    D: (f(x) - 1)^2 + f(G(z))^2                G: (f(G(z)) - 1)^2
  wasserstein-gp   D: f(G(z)) - f(x) + 10 (|grad f| - 1)^2         G: -f(G(z))
  relativistic     D: -log sigmoid(f(x) - f(G(z))), G the other way round

PENALTIES. The game of alternate steps circles around its equilibrium rather
than reaching it, unless D's slope is damped:

  R1 = gamma / 2 * E |grad f(x)|^2 at real images     R2 the same at samples

With penalty_every n they are computed each n-th time and count n times.

WHAT TO WATCH
- The losses are no measure of quality: each depends on how good the opponent
  is at that moment. A level loss is a fair fight, not a standstill.
- Relative Fréchet distance: mean and covariance of 2,000 samples' features
  against those of all real images, over the real variance. The features are of
  a small classifier, trained once per data set; `data` says how often it is
  right. The baseline, real half against half, is as low as it can get.
- Precision, recall, classes covered and the KL of their histogram, since each
  number alone can be fooled: the mean image has precision 1, blurred digits
  cover all classes, a perfect copy of one digit is sharp.
- Discriminator accuracy: 60 to 90 % is a fair fight. At 100 % it has won, and
  G learns nothing (preset `overpowered`).
- Samples that look alike: collapse (presets `collapse`, `partial-collapse`).
- Nearest training images: samples much nearer to them than real held-out
  images are have been learned by heart.

TRY
- --preset overpowered, then the same with --r1 1: one setting heals it.
- --conditional: both networks are told the class.
- --average off: the samples of single steps jump about; their average does not.

THE TUTORIAL'S NETWORKS (sections 2.4, 3.4, 4.4) are the preset `tutorial`. Put
right: D is not inside G, D is a deep network and gives logits, the objective is
stated; in the code, G draws one channel where it drew three, which its D could
not take; one activation after each layer; D is trained at all, with an
optimizer of its own; and G is judged by its samples rather than by accuracy.
Image enhancement and translation, which it names as uses, are not here.

SOURCES
- Goodfellow et al. 2014, arXiv:1406.2661: the game
- Radford, Metz, Chintala 2016, arXiv:1511.06434: convolutional networks in it
- Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406: R1, and why it is needed
- Karras et al. 2020, arXiv:1912.04958: penalties at some steps only
- Miyato et al. 2018, arXiv:1802.05957 and 1802.05637: spectral norm, classes
- Huang et al. 2024, arXiv:2501.05441: relativistic with R1 and R2
- Heusel et al. 2017, arXiv:1706.08500: the Fréchet distance of features
- Kynkäänniemi et al. 2019, arXiv:1904.06991: precision and recall
- Yazici et al. 2019, arXiv:1806.04498: averaging the generator
"""

_BOTH = {
    "train/discriminator_loss": Metric(chart="loss", help="What the discriminator lowers, with its penalties; no measure of quality."),
    "train/generator_loss": Metric(chart="loss", help="What the generator lowers; no measure of quality, since its opponent moves."),
    "train/real_score": Metric(
        unit="%", chart="scores", help="D(x): mean probability of being real given to real images; of pairs where only differences count."
    ),
    "train/fake_score": Metric(unit="%", chart="scores", help="D(G(z)): mean probability of being real given to samples."),
    "train/discriminator_accuracy": Metric(
        unit="%", chart="accuracy", help="Share of the step's images told right; at 100 % the generator learns nothing."
    ),
}
for _network in ("generator", "discriminator"):
    _BOTH |= {
        f"train/{_network}_grad_norm": Metric(chart="grad_norm", help=f"Length of the gradient of the {_network}'s weights."),
        f"train/{_network}_grad_norm/*": Metric(chart=f"{_network}_layers", help=f"Length of the gradient of one layer of the {_network}."),
        f"train/{_network}_update_ratio": Metric(
            chart="update_ratio", help=f"Length of an update of the {_network} over that of its weights."
        ),
        f"train/{_network}_update_ratio/*": Metric(chart=f"{_network}_updates", help=f"The same of one layer of the {_network}."),
        f"train/{_network}_lr": Metric(chart="lr", help=f"Learning rate of the {_network} at the step."),
    }


def _judged(split: str) -> dict[str, Metric]:
    return {
        f"{split}/relative_frechet_distance": Metric(
            "min",
            "",
            "frechet",
            "Distance of 2,000 samples to all real images, in the classifier's features; 0 is equal, about 1 knows nothing.",
        ),
        f"{split}/precision": Metric("max", "%", "precision_recall", "Share of samples that lie among the real images, in those features."),
        f"{split}/recall": Metric("max", "%", "precision_recall", "Share of real images that lie among the samples, in those features."),
        f"{split}/classes_covered": Metric("max", "", "classes", "Classes with at least a tenth of their share of the samples."),
        f"{split}/class_kl": Metric("min", "", "class_kl", "KL of the classes of the samples from those of the real images, in nats."),
    }


def _diversity(split: str) -> dict[str, Metric]:
    return {f"{split}/diversity": Metric("none", "%", "diversity", "Deviation of the samples' pixels, as a share of the real images'.")}


_CHARTS = {
    "loss": Chart("loss"),
    "scores": Chart("D(real) and D(fake)"),
    "accuracy": Chart("discriminator accuracy"),
    "grad_norm": Chart("gradient norm", log=True),
    "generator_layers": Chart("gradient norm per generator layer", log=True),
    "discriminator_layers": Chart("gradient norm per discriminator layer", log=True),
    "update_ratio": Chart("update over weights", log=True),
    "generator_updates": Chart("update over weights per generator layer", log=True),
    "discriminator_updates": Chart("update over weights per discriminator layer", log=True),
    "lr": Chart("learning rate", log=True),
    "diversity": Chart("diversity of pixels"),
}
LABELLED = Task(
    name="images",
    metrics={**_BOTH, **{key: metric for split in ("validation", "test") for key, metric in (_judged(split) | _diversity(split)).items()}},
    charts={
        **_CHARTS,
        "frechet": Chart("relative Fréchet distance", log=True),
        "precision_recall": Chart("precision and recall of samples"),
        "classes": Chart("classes covered"),
        "class_kl": Chart("KL of the classes"),
    },
    slots=("loss", "frechet", "scores", "preview:samples"),
    objective="validation/relative_frechet_distance",
)
UNLABELLED = Task(
    name="unlabelled",
    metrics={
        **_BOTH,
        **{
            f"{split}/pixel_distance": Metric(
                "min",
                "",
                "pixels",
                "Relative Fréchet distance of 2,000 samples to all real images, in pixels averaged to at most 8x8.",
            )
            for split in ("validation", "test")
        },
        **_diversity("validation"),
        **_diversity("test"),
    },
    charts={**_CHARTS, "pixels": Chart("relative Fréchet distance of pixels", log=True)},
    slots=("loss", "pixels", "scores", "preview:samples"),
    objective="validation/pixel_distance",
)

_MNIST = {
    "dataset": "mnist5k",
    "batch_size": 32,
    "latent": 64,
    "discriminator_dense": 128,
    "lr": 3e-3,
}
_FAILING = {"r1": 0.0, "schedule": "constant", "epochs": 30, "evaluate_every": 95, "preview_every": 95}

PRESETS = (
    # Relative Fréchet distance (real half against half: 0.0080 digits, 0.0032 mnist5k) and CPU seconds of one thread, mean of
    # seeds 0 to 2 (mnist-long 0 and 1) on two busy cores: tests/benchmarks/learning_gan.py.
    Preset("digits", "small digits, 8x8: recognisable after a second or two", {}, expect="14 s Fréchet 0.014"),
    Preset(
        "mnist",
        "digits of 28x28 pixels, in a minute",
        {**_MNIST, "epochs": 14, "evaluate_every": 350, "preview_every": 125},
        expect="53 s Fréchet 0.054",
    ),
    Preset(
        "mnist-long",
        "the same for three minutes",
        {**_MNIST, "epochs": 42, "evaluate_every": 750, "preview_every": 250},
        expect="153 s Fréchet 0.027",
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
    datasets=("digits", "mnist5k"),
    tasks=(LABELLED, UNLABELLED),
    task=task,
    train=train,
    model=model,
    batch=batch,
)
