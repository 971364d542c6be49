"""Classification metrics, computed on the device and read from it once per evaluation.

Written out rather than imported: a metrics library costs a worker seconds to load. Tests hold them to scikit-learn and
torchmetrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.training.inspecting.modes import evaluating


def confusion_matrix(predictions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """How often each class was taken for which.

    Shapes:
        predictions and labels (N,), whole numbers below `classes`
        returns (classes, classes), counts: the row is the true class, the column the predicted one
    """
    return torch.bincount(labels * classes + predictions, minlength=classes * classes).view(classes, classes)


def accuracy(matrix: Tensor) -> Tensor:
    """The share of examples on the diagonal of a confusion matrix."""
    return divide(matrix.diagonal().sum(), matrix.sum())


def precision(matrix: Tensor) -> Tensor:
    """(K,): of the examples that were called a class, the share that is of it."""
    return divide(matrix.diagonal(), matrix.sum(dim=0))


def recall(matrix: Tensor) -> Tensor:
    """(K,): of the examples of a class, the share that was called so."""
    return divide(matrix.diagonal(), matrix.sum(dim=1))


def f1(matrix: Tensor) -> Tensor:
    """(K,): the harmonic mean of precision and recall, 2PR / (P + R), van Rijsbergen 1979."""
    return divide(2 * matrix.diagonal(), matrix.sum(dim=0) + matrix.sum(dim=1))


def divide(numerator: Tensor, denominator: Tensor) -> Tensor:
    """The quotient; 0 where nothing was counted (scikit-learn's zero_division=0)."""
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1), 0.0)


class Classification:
    """Loss and confusion matrix of a split, gathered batch by batch."""

    def __init__(self, classes: Sequence[str], device: torch.device) -> None:
        self.classes = tuple(classes)
        self.matrix = torch.zeros(len(classes), len(classes), dtype=torch.long, device=device)
        self._loss = torch.zeros((), device=device)

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Count a batch: logits (B, K), labels (B,)."""
        self._loss += F.cross_entropy(logits.float(), labels, reduction="sum")
        self.matrix += confusion_matrix(logits.argmax(dim=1), labels, len(self.classes))

    def values(self, split: str) -> dict[str, float]:
        """`<split>/loss`, accuracy, macro precision, recall and f1 (classes count alike), and f1 of each class."""
        matrix = self.matrix.cpu().double()  # shares of whole numbers, exact to the last digit shown
        per_class = f1(matrix)
        keys = ["loss", "accuracy", "precision", "recall", "f1", *(f"f1/{name}" for name in self.classes)]
        means = [precision(matrix).mean(), recall(matrix).mean(), per_class.mean()]
        table = torch.stack([self._loss.cpu().double() / matrix.sum().clamp(min=1), accuracy(matrix), *means])
        return {f"{split}/{key}": value for key, value in zip(keys, torch.cat([table, per_class]).tolist(), strict=True)}


@torch.no_grad()
def evaluate_classifier(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], classes: Sequence[str], split: str) -> dict[str, float]:
    """`Classification.values` of a split.

    Shapes:
        batches of inputs (B, ...), of which the model makes logits (B, K), and labels (B,)
    """
    result: Classification | None = None
    with evaluating(model):
        for inputs, labels in batches:
            result = result or Classification(classes, labels.device)
            result.add(model(inputs), labels)
    return (result or Classification(classes, torch.device("cpu"))).values(split)
