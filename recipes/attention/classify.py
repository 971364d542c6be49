"""From images to a classifier that looks from row to row: the training loop, and what it is judged by."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.attention import Config
from recipes.attention.previews import classifications
from recipes.attention.transformer import RowClassifier, rows_of
from workbench.data import contents as counting
from workbench.data.catalogue import find_images
from workbench.data.vision.augmentation import Augmentation
from workbench.data.vision.images import ImageData, load_images
from workbench.data.vision.labelled import Split
from workbench.recipe import Contents, Preview, Run
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.histograms import histograms
from workbench.training.machine.precision import widened
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer
from workbench.training.scoring.metrics import evaluate_classifier


def train(config: Config, run: Run) -> None:
    """Train a classifier of images whose rows are tokens; evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = load(config, run.device)
    run.loaded(**data.about)

    run.phase("building the model")
    model = run.place(RowClassifier(config.model, data.shape, len(data.classes)))
    optimizer = Optimizer(model, config.optimization, run)
    run.attach(model=model, optimizer=optimizer)
    run.tune(trial(model, optimizer.precision, error_of, *next(data.train.epoch(0))))

    for step, batches in run.steps(data.train, batches=config.optimization.accumulate):
        examples = sum(len(labels) for _, labels in batches)
        loss = correct = torch.zeros((), device=run.device)
        for images, labels in batches:  # (B, C, H, W), (B,)
            with optimizer.precision():
                logits = model(images)  # (B, K)
                error = F.cross_entropy(widened(logits), labels)
            optimizer.backward(error, share=len(labels) / examples)
            loss = loss + error.detach() * (len(labels) / examples)
            correct = correct + (logits.detach().argmax(dim=1) == labels).sum()
        run.log(step, {"train/loss": loss, "train/accuracy": correct / examples, **optimizer.step()})

        if run.due("evaluate"):
            with Activity(model) as activity:
                values = evaluate(model, data.validation, "validation")
            run.evaluated(step, {**values, **activity.dead("validation")})
        if run.due("preview"):
            run.preview(step, classifications(model, data.validation))
            run.preview(step, histograms(model, partial(error_of, model), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data.test, "test"))


def evaluate(model: RowClassifier, split: Split, name: str) -> dict[str, float]:
    """Loss, accuracy, macro precision, recall and F1, and F1 per class, as `<name>/loss` and so on."""
    return evaluate_classifier(model, split.batches(), split.info.classes, name)


def error_of(model: RowClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of one batch, (B, C, H, W) and (B,)."""
    return F.cross_entropy(widened(model(images)), labels)


def load(config: Config, device: torch.device, *, baseline: bool = True) -> ImageData:
    """The three splits that the settings ask for, on the device."""
    return load_images(
        config.data.dataset,
        device=device,
        batch_size=config.data.batch_size,
        seed=config.machine.seed,
        split_seed=config.machine.split_seed,
        augmentation=Augmentation(shift=config.data.shift, rotate=config.data.rotate, zoom=config.data.zoom),
        baseline=baseline,
    )


def untrained(config: Config) -> tuple[Any, Any]:
    """The network before training, and an image of zeros."""
    info = find_images(config.data.dataset)
    return RowClassifier(config.model, info.shape, len(info.classes)), torch.zeros(1, *info.shape)


def batch(config: Config, count: int) -> Preview:
    """The first training images as the network is given them; the matrix has a row of the image in each of its rows."""
    data = load(config, torch.device("cpu"), baseline=False)
    images, labels = next(data.train.epoch(0))
    shown = rows_of(images[:count]).unflatten(2, (images.shape[1], -1)).mean(dim=2)  # channels as grey: (count, H, W)
    low, high = shown.amin(), shown.amax()
    captions = tuple(data.classes[label] for label in labels[:count].tolist())
    grey = ((shown - low) * (255 / (high - low).clamp(min=1e-12))).round().byte()
    return Preview("batch", f"{len(captions)} of a batch of {len(labels)}; each row is a token", "images", images=grey, captions=captions)


def contents(config: Config) -> Contents:
    """The images of each split and of each class."""
    data = load(config, torch.device("cpu"))
    _, labels = next(data.train.epoch(0))
    return counting.contents(data.train, data.about, counting.classes(data.classes, data.train.split.labels, labels))
