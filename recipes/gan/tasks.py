"""What runs of the adversarial recipe log, how it is drawn, and which number decides."""

from __future__ import annotations

from workbench.measures import UNITS, UNITS_CHARTS
from workbench.recipe import Chart, Metric, Task

_BOTH = {
    **UNITS,
    "train/discriminator_loss": Metric(
        chart="loss", label="D", help="What the discriminator lowers, with its penalties; no measure of quality."
    ),
    "train/generator_loss": Metric(
        chart="loss", label="G", help="What the generator lowers; no measure of quality, since its opponent moves."
    ),
    "train/real_score": Metric(
        unit="%",
        chart="scores",
        label="real",
        help="D(x): mean probability of being real given to real images; of pairs where only differences count.",
    ),
    "train/fake_score": Metric(unit="%", chart="scores", label="fake", help="D(G(z)): mean probability of being real given to samples."),
    "train/discriminator_accuracy": Metric(
        unit="%", chart="accuracy", help="Share of the step's images told right; at 100 % the generator learns nothing."
    ),
}
for _network in ("generator", "discriminator"):
    _BOTH |= {
        f"train/{_network}_grad_norm": Metric(
            chart="grad_norm", label=_network[0].upper(), help=f"Length of the gradient of the {_network}'s weights."
        ),
        f"train/{_network}_grad_norm/*": Metric(chart=f"{_network}_layers", help=f"Length of the gradient of one layer of the {_network}."),
        f"train/{_network}_update_ratio": Metric(
            chart="update_ratio", label=_network[0].upper(), help=f"Length of an update of the {_network} over that of its weights."
        ),
        f"train/{_network}_update_ratio/*": Metric(chart=f"{_network}_updates", help=f"The same of one layer of the {_network}."),
        f"train/{_network}_lr": Metric(chart="lr", label=_network[0].upper(), help=f"Learning rate of the {_network} at the step."),
    }


def _judged(split: str) -> dict[str, Metric]:
    return {
        f"{split}/relative_frechet_distance": Metric(
            "min",
            "",
            "frechet",
            "Distance of 2,000 samples to all real images, in the classifier's features; 0 is equal, about 1 knows nothing.",
        ),
        **_near(split, "in those features"),
        f"{split}/classes_covered": Metric("max", "", "classes", "Classes with at least a tenth of their share of the samples."),
        f"{split}/class_kl": Metric("min", "", "class_kl", "KL of the classes of the samples from those of the real images, in nats."),
    }


def _near(split: str, where: str) -> dict[str, Metric]:
    return {
        f"{split}/precision": Metric("max", "%", "precision_recall", f"Share of samples that lie among the real images, {where}."),
        f"{split}/recall": Metric("max", "%", "precision_recall", f"Share of real images that lie among the samples, {where}."),
    }


def _pixels(split: str) -> dict[str, Metric]:
    distance = "Relative Frechet distance of 2,000 samples to all real images, in pixels averaged to at most 8x8."
    return {f"{split}/pixel_distance": Metric("min", "", "pixels", distance), **_near(split, "in pixels averaged to at most 8x8")}


def _diversity(split: str) -> dict[str, Metric]:
    return {f"{split}/diversity": Metric("none", "%", "diversity", "Deviation of the samples' pixels, as a share of the real images'.")}


_CHARTS = {
    "loss": Chart("loss"),
    "scores": Chart("D(real), D(fake)"),
    "accuracy": Chart("D accuracy"),
    "grad_norm": Chart("gradient norm", log=True),
    "generator_layers": Chart("G layer gradients", log=True),
    "discriminator_layers": Chart("D layer gradients", log=True),
    "update_ratio": Chart("update to weights", log=True),
    "generator_updates": Chart("G layer updates", log=True),
    "discriminator_updates": Chart("D layer updates", log=True),
    "lr": Chart("learning rate"),
    "diversity": Chart("pixel diversity"),
    **UNITS_CHARTS,
}
LABELLED = Task(
    name="images",
    metrics={**_BOTH, **{key: metric for split in ("validation", "test") for key, metric in (_judged(split) | _diversity(split)).items()}},
    charts={
        **_CHARTS,
        "frechet": Chart("Frechet distance", log=True),
        "precision_recall": Chart("precision, recall"),
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
        **{key: metric for split in ("validation", "test") for key, metric in (_pixels(split) | _diversity(split)).items()},
    },
    charts={
        **_CHARTS,
        "pixels": Chart("pixel distance", log=True),
        "precision_recall": Chart("precision, recall"),
    },
    slots=("loss", "pixels", "scores", "preview:samples"),
    objective="validation/pixel_distance",
)
