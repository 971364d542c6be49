"""What needs no network: accuracies of the commonest class, of the most similar training image, and of a linear classifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F

from workbench.data.order import generator
from workbench.data.vision.labelled import Split

MOST_COMPARED = 10**10  # pixels for the nearest neighbour: half a second of one core
MOST_JUDGED = 1000  # test images at the least where that many are too many
_AT_ONCE = 500  # test images whose distances are in memory together
# Logistic regression: 0.1 s of one core for 784 pixels, and within a point of its optimum on mnist5k and digits.
_STEPS, _BATCH, _LR, _MOMENTUM, _WEIGHT_DECAY = 300, 128, 0.05, 0.9, 3e-3


def baselines(train: Split, test: Split) -> dict[str, float]:
    """Accuracies that need no network. Of large sets the nearest neighbour is measured on some images, and its name says so."""
    numbers = train.images[0].numel()
    judged = _some(test, min(len(test), max(MOST_JUDGED, MOST_COMPARED // (numbers * len(train)))))
    known = _some(train, MOST_COMPARED // (numbers * len(judged)))
    name = "nearest neighbour"
    if len(known) < len(train) or len(judged) < len(test):
        name += f" ({len(judged):,} test images among {len(known):,})"
    return {
        "majority class": majority_class(train, test),
        "logistic regression": logistic_regression(train, test),
        name: nearest_neighbour(known, judged),
    }


def majority_class(train: Split, test: Split) -> float:
    """Accuracy on `test` of always naming the commonest class of `train`."""
    commonest = train.labels.bincount(minlength=len(train.info.classes)).argmax()
    return int((test.labels == commonest).sum()) / len(test)


def nearest_neighbour(train: Split, test: Split) -> float:
    """Accuracy on `test` of naming the class of the training image that is nearest in pixels (Euclidean distance)."""
    known = train.images.flatten(1).float()
    found = [torch.cdist(some, known).argmin(dim=1) for some in torch.split(test.images.flatten(1).float(), _AT_ONCE)]
    return int((train.labels[torch.cat(found)] == test.labels).sum()) / len(test)


def logistic_regression(train: Split, test: Split) -> float:
    """Accuracy on `test` of a linear classifier of pixels: multinomial logistic regression by stochastic gradient descent.

    The gradient of the cross-entropy is written out: x^T (softmax(x W) - y), the mean over a batch.
    """
    mean, scale = train.images.float().mean(dim=0), train.images.float().std().clamp_min(1e-6)

    def inputs(images: torch.Tensor) -> torch.Tensor:
        return F.pad(((images.float() - mean) / scale).flatten(1), (0, 1), value=1.0)  # (B, pixels and a one for the bias)

    classes = len(train.info.classes)
    weights = torch.zeros(train.images[0].numel() + 1, classes, device=train.images.device)
    velocity = torch.zeros_like(weights)
    numbers = generator("logistic regression", 0)
    for step in range(_STEPS):
        chosen = torch.randint(len(train), (min(_BATCH, len(train)),), generator=numbers).to(train.images.device)
        x, y = inputs(train.images[chosen]), F.one_hot(train.labels[chosen], classes).float()
        gradient = x.T @ ((x @ weights).softmax(dim=1) - y) / len(x) + _WEIGHT_DECAY * weights
        velocity = _MOMENTUM * velocity + gradient
        weights -= _LR * (1 - step / _STEPS) * velocity
    right = sum(int(((inputs(images) @ weights).argmax(dim=1) == labels).sum()) for images, labels in _parts(test))
    return right / len(test)


def _parts(split: Split) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    return zip(torch.split(split.images, _AT_ONCE), torch.split(split.labels, _AT_ONCE), strict=True)


def _some(split: Split, count: int) -> Split:
    """At most `count` examples of a split, evenly spread over it."""
    if count >= len(split):
        return split
    chosen = torch.linspace(0, len(split) - 1, max(1, count), device=split.labels.device).round().long()
    return replace(split, images=split.images[chosen], labels=split.labels[chosen])
