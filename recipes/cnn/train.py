"""The training loop of the image classifier, from data to test score."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.cnn import Config
from recipes.cnn.model import build_model, ignored
from recipes.cnn.previews import previews
from workbench.data import contents as counting
from workbench.data.vision.augmentation import Augmentation
from workbench.data.vision.images import ImageData, load_images, outline
from workbench.data.vision.labelled import Split
from workbench.data.vision.origin import own_images
from workbench.recipe import Contents, Run
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.histograms import histograms
from workbench.training.machine.ranks import ranks
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer
from workbench.training.scoring.metrics import evaluate_classifier


def train(config: Config, run: Run) -> None:
    """Train a classifier on labelled images, evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = load(config, run.device, run)
    run.loaded(**data.about)

    run.phase("building the model")
    if words := ignored(config.model):
        run.notice(words)
    model = run.place(build_model(config.model, data.shape, len(data.classes)))
    weights = class_weights(data.train.split) if config.data.class_weights == "balanced" else None
    optimizer = Optimizer(model, config.optimization, run)
    run.attach(model=model, optimizer=optimizer)
    run.tune(trial(model, optimizer.precision, error_of, *next(data.train.epoch(0))))

    for step, batches in run.steps(data.train, batches=config.optimization.accumulate):
        examples = sum(len(labels) for _, labels in batches)
        loss = correct = torch.zeros((), device=run.device)
        for images, labels in batches:  # (B, C, H, W), (B,)
            with optimizer.precision():
                logits = model(images)  # (B, K)
                error = loss_of(logits, labels, weights)
            optimizer.backward(error, share=len(labels) / examples)
            loss = loss + error.detach() * (len(labels) / examples)
            correct = correct + (logits.detach().argmax(dim=1) == labels).sum()
        run.log(step, {"train/loss": loss, "train/accuracy": correct / examples, **optimizer.step()})

        if run.due("evaluate"):
            with Activity(model) as activity:
                values = evaluate(model, data.validation, "validation")
            run.evaluated(step, {**values, **activity.dead("validation")})
        if run.due("preview"):
            run.preview(step, previews(model, data.validation))
            run.preview(step, histograms(model, partial(error_of, model), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data.test, "test"))


def loss_of(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy of logits (B, K) and labels (B,): the mean, in which an example counts what its class does, (K,)."""
    if weights is None:
        return F.cross_entropy(logits, labels)
    losses = F.cross_entropy(logits, labels, reduction="none")
    counted = weights[labels].to(losses.dtype)  # (B,)
    return (losses * counted).mean() / ranks.mean(counted)


def error_of(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of one batch, (B, C, H, W) and (B,)."""
    return F.cross_entropy(model(images), labels)


def class_weights(split: Split) -> Tensor:
    """What an example of each class counts in the loss so that all classes count alike: N / (K * n_k), (K,).

    As scikit-learn's `balanced`, after King and Zeng 2001. A class without examples counts nothing.
    """
    counts = split.labels.bincount(minlength=len(split.info.classes)).float()
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp(min=1)), 0.0)


def load(config: Config, device: torch.device, run: Run | None = None, *, baseline: bool = True) -> ImageData:
    """The three splits that the settings ask for, on the device; a run is told how far it is and what was left out."""
    settings = config.data
    return load_images(
        settings.dataset,
        device=device,
        batch_size=settings.batch_size,
        seed=config.machine.seed,
        split_seed=config.machine.split_seed,
        examples_per_class=settings.examples_per_class,
        augmentation=Augmentation(settings.shift, settings.rotate, settings.zoom, settings.slant),
        own=own_images(config.data, run),
        baseline=baseline,
    )


def contents(config: Config) -> Contents:
    """The images of each split, and of each class in the training split and the first batch."""
    data = load(config, torch.device("cpu"))
    _, labels = next(data.train.epoch(0))
    return counting.contents(data.train, data.about, counting.classes(data.classes, data.train.split.labels, labels))


def untrained(config: Config) -> tuple[nn.Module, Tensor]:
    """The network before training and an input of one image, without loading the data."""
    info = outline(config.data.dataset, own_images(config.data))
    return build_model(config.model, info.shape, len(info.classes)), torch.zeros(1, *info.shape)


def evaluate(model: nn.Module, split: Split, name: str) -> dict[str, float]:
    """Loss, accuracy, macro precision, recall and F1, and F1 per class, as `<name>/loss` and so on."""
    return evaluate_classifier(model, split.batches(), split.info.classes, name)
