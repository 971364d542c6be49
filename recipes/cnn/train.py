"""The training loop of the image classifier, from data to test score."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from recipes.cnn import Config
from recipes.cnn.model import ConvNet
from recipes.cnn.previews import previews
from workbench.data.images import Augmentation, ImageData, Split, TrainingBatches, load_images
from workbench.recipe import Run
from workbench.training.histograms import histograms
from workbench.training.metrics import Classification
from workbench.training.optimizer import Optimizer


def train(config: Config, run: Run) -> None:
    """Train a ConvNet on labelled images, evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = load(config, run.device)
    run.loaded(**data.about)

    run.phase("building the model")
    model = run.place(ConvNet(config.model, data.shape, len(data.classes)))
    optimizer = Optimizer(model, config.optimization, run)
    run.attach(model=model, optimizer=optimizer)
    run.tune(trial(model, data.train))

    for step, batches in run.steps(data.train, batches=config.optimization.accumulate):
        examples = sum(len(labels) for _, labels in batches)
        loss = correct = torch.zeros((), device=run.device)
        for images, labels in batches:  # (B, C, H, W), (B,)
            with optimizer.precision():
                logits = model(images)  # (B, K)
                error = F.cross_entropy(logits, labels)
            optimizer.backward(error, share=len(labels) / examples)
            loss = loss + error.detach() * (len(labels) / examples)
            correct = correct + (logits.detach().argmax(dim=1) == labels).sum()
        run.log(step, {"train/loss": loss, "train/accuracy": correct / examples, **optimizer.step()})

        if run.due("evaluate"):
            run.evaluated(step, evaluate(model, data.validation, "validation"))
        if run.due("preview"):
            run.preview(step, previews(model, data.validation))
            run.preview(step, histograms(model, lambda images, labels: F.cross_entropy(model(images), labels), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data.test, "test"))


def trial(model: nn.Module, data: TrainingBatches) -> Callable[[], None]:
    """What a step costs, on a copy of the model: the loss of the first batch and its gradients."""
    copied = copy.deepcopy(model)
    images, labels = next(data.epoch(0))
    return lambda: F.cross_entropy(copied(images), labels).backward()


def load(config: Config, device: torch.device) -> ImageData:
    """The three splits that the settings ask for, on the device."""
    return load_images(
        config.data.dataset,
        device=device,
        batch_size=config.data.batch_size,
        seed=config.machine.seed,
        split_seed=config.machine.split_seed,
        examples_per_class=config.data.examples_per_class,
        augmentation=Augmentation(config.data.shift, config.data.rotate, config.data.zoom, config.data.slant),
    )


@torch.no_grad()
def evaluate(model: nn.Module, split: Split, name: str) -> dict[str, float]:
    """Loss, accuracy, macro precision, recall and F1, and F1 per class, as `<name>/loss` and so on."""
    result = Classification(split.info.classes, split.labels.device)
    model.eval()
    for images, labels in split.batches():
        result.add(model(images), labels)
    model.train()
    return result.values(name)
