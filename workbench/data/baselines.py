"""What needs no network: the accuracy of naming the commonest class, and that of the most similar training image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from workbench.data.images import Split

MOST_COMPARED = 10**10  # pixels for the nearest neighbour: half a second of one core
MOST_JUDGED = 1000  # test images at the least where that many are too many
_AT_ONCE = 500  # test images whose distances are in memory together


def baselines(train: Split, test: Split) -> dict[str, float]:
    """Accuracies that need no network. Of large sets the nearest neighbour is measured on some images, and its name says so."""
    numbers = train.images[0].numel()
    judged = _some(test, min(len(test), max(MOST_JUDGED, MOST_COMPARED // (numbers * len(train)))))
    known = _some(train, MOST_COMPARED // (numbers * len(judged)))
    name = "nearest neighbour"
    if len(known) < len(train) or len(judged) < len(test):
        name += f" ({len(judged):,} test images among {len(known):,})"
    return {"majority class": majority_class(train, test), name: nearest_neighbour(known, judged)}


def majority_class(train: Split, test: Split) -> float:
    """Accuracy on `test` of always naming the commonest class of `train`."""
    commonest = train.labels.bincount(minlength=len(train.info.classes)).argmax()
    return int((test.labels == commonest).sum()) / len(test)


def nearest_neighbour(train: Split, test: Split) -> float:
    """Accuracy on `test` of naming the class of the training image that is nearest in pixels (Euclidean distance)."""
    known = train.images.flatten(1).float()
    found = [torch.cdist(some, known).argmin(dim=1) for some in torch.split(test.images.flatten(1).float(), _AT_ONCE)]
    return int((train.labels[torch.cat(found)] == test.labels).sum()) / len(test)


def _some(split: Split, count: int) -> Split:
    """At most `count` examples of a split, evenly spread over it."""
    if count >= len(split):
        return split
    chosen = torch.linspace(0, len(split) - 1, max(1, count), device=split.labels.device).round().long()
    return replace(split, images=split.images[chosen], labels=split.labels[chosen])
