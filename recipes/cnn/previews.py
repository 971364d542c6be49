"""What to look at while a classifier learns: what it gets most wrong, what it takes for what, and its first filters."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from workbench.data.images import Split, TrainingBatches
from workbench.recipe import Preview
from workbench.training.metrics import confusion_matrix

WORST = 32  # images: a grid of 4 x 8


@torch.no_grad()
def previews(model: nn.Module, split: Split) -> Iterator[Preview]:
    """The previews `worst`, `confusion` and `filters` of a model on a split."""
    model.eval()
    probabilities = torch.cat([model(images).float().softmax(dim=1) for images, _ in split.batches()])  # (N, K)
    model.train()
    yield worst(split, probabilities)
    yield confusion(split, probabilities)
    yield filters(next(layer for layer in model.modules() if isinstance(layer, nn.Conv2d)))


def worst(split: Split, probabilities: Tensor, count: int = WORST) -> Preview:
    """The images whose true class got the least probability; `7 not 1 .93` is a 7 taken for a 1 with probability 0.93.

    Shapes:
        probabilities (N, K), in the order of the split
    """
    of_truth = probabilities.gather(1, split.labels[:, None])[:, 0]  # (N,)
    chosen = of_truth.argsort(stable=True)[:count]
    names = split.info.classes
    guesses, truths = probabilities[chosen].max(dim=1), split.labels[chosen].tolist()
    captions = []
    for truth, guess, share in zip(truths, guesses.indices.tolist(), guesses.values.tolist(), strict=True):
        certainty = f"{share:.2f}".removeprefix("0")
        captions.append(f"{names[truth]} {certainty}" if guess == truth else f"{names[truth]} not {names[guess]} {certainty}")
    images = split.images[chosen].float().mean(dim=1) * (255 / split.info.brightest)  # channels as grey: (count, H, W)
    return Preview("worst", "worst classified", "images", images=images.round().byte().cpu(), captions=tuple(captions))


def augmented(data: TrainingBatches, count: int) -> Preview:
    """The first images of the first epoch as the model is given them, each with its class."""
    images, labels = next(data.epoch(0))  # (B, C, H, W), (B,)
    grey = images[:count].float().mean(dim=1)  # (count, H, W)
    low, high = grey.amin(), grey.amax()
    names = data.split.info.classes
    captions = tuple(names[label] for label in labels[:count].tolist())
    shown = ((grey - low) * (255 / (high - low).clamp(min=1e-12))).round().byte()
    title = f"{len(captions)} of a batch of {len(labels)}, as the model sees them"
    return Preview("batch", title, "images", images=shown, captions=captions)


def confusion(split: Split, probabilities: Tensor) -> Preview:
    """How many examples of each class (rows) were taken for which (columns)."""
    names = split.info.classes
    counts = confusion_matrix(probabilities.argmax(dim=1), split.labels, len(names)).tolist()
    matrix = tuple(tuple(map(float, row)) for row in counts)
    return Preview("confusion", "true class (rows), predicted class (columns)", "matrix", matrix=matrix, rows=names, columns=names)


def filters(layer: nn.Conv2d) -> Preview:
    """The kernels of a convolution, mean over its input channels: 0 is mid-grey, the largest weight of all white or black."""
    weights = layer.weight.detach().float().mean(dim=1)  # (filters, M, M)
    largest = weights.abs().max().clamp(min=1e-12)
    images = 127.5 + 127.5 * weights / largest
    captions = tuple(str(number) for number in range(1, len(weights) + 1))
    return Preview("filters", "first-layer filters", "images", images=images.round().byte().cpu(), captions=captions)
