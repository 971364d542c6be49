"""A small classifier that judges generated images: trained once per data set, then kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench import cache
from workbench.paths import cache_folder
from workbench.settings import Optimization
from workbench.training.updating.rules import Rule
from workbench.training.updating.schedule import factor

VERSION = 1  # of the architecture and its training: what an older one left in the cache is not used
FEATURES = 64
_WIDTHS = (16, 32)  # half the cost of (32, 64), and as good a judge
_IMAGES_SEEN = 40_000  # at least, in whole passes: 32 of digits, 10 of mnist5k
_BATCH = 64
_LR, _WEIGHT_DECAY, _DROPOUT = 3e-3, 1e-2, 0.3
_EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Labelled:
    """Images (N, C, H, W) from 0 to 1 and their labels (N,)."""

    images: Tensor
    labels: Tensor


class Classifier(nn.Module):
    """Two convolutions with batch norm and pooling, 64 features, logits.

    Shapes:
        images (B, C, H, W) from 0 to 1; features (B, 64), logits (B, K)
    """

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = []
        for filters in _WIDTHS:
            layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(2)]
            channels, height, width = filters, height // 2, width // 2
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.hidden = nn.Linear(channels * height * width, FEATURES)
        self.output = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        return F.relu(self.hidden(self.convolutions(2 * images - 1)))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.output(F.dropout(self.features(images), _DROPOUT, self.training))
        return logits


class Evaluator:
    """A trained classifier with the accuracy that it has on images that it never saw."""

    def __init__(self, network: Classifier, accuracy: float) -> None:
        self.network = network.eval()
        self.accuracy = accuracy

    @torch.no_grad()
    def look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The features (N, 64) of images (N, C, H, W) from 0 to 1, and the classes (N,) that they are taken for."""
        features = torch.cat([self.network.features(part) for part in torch.split(images, _EVALUATION_BATCH)])
        return features, self.network.output(features).argmax(dim=1)


def obtain(train: Labelled, test: Labelled, classes: int, *, key: str, folder: Path | None = None) -> Evaluator:
    """The evaluator of a data set, from the cache or newly trained; it moves no random numbers but its own.

    Args:
        key: what tells the training images apart from any others (checksums of the data and of the split).
        folder: where it is kept; by default `evaluators` in the user's cache folder.
    """
    device, shape = train.images.device, tuple(train.images.shape[1:])
    path = (
        cache_folder() / "evaluators" if folder is None else folder
    ) / f"{hashlib.sha256(f'{VERSION} {key}'.encode()).hexdigest()[:32]}.pt"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Classifier((shape[0], shape[1], shape[2]), classes).to(device)
        state = cache.read(path, device)
        if state is not None and _fits(network, state["weights"]):
            network.load_state_dict(state["weights"])
            return Evaluator(network, float(state["accuracy"]))
        _train(network, train)
    evaluator = Evaluator(network, 0.0)
    _, predictions = evaluator.look(test.images)
    evaluator.accuracy = float((predictions == test.labels).float().mean())
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time at the next run, nothing else
        cache.write(path, {"weights": network.state_dict(), "accuracy": evaluator.accuracy})
    return evaluator


def _train(network: Classifier, data: Labelled) -> None:
    """AdamW with a one-cycle rate, as the classifier recipe trains."""
    settings = Optimization(lr=_LR, schedule="one-cycle", weight_decay=_WEIGHT_DECAY)
    rule = Rule(settings, list(network.parameters()))
    count = len(data.labels)
    epochs = max(1, -(-_IMAGES_SEEN // count))
    total = epochs * -(-count // _BATCH)
    step = 0
    network.train()
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(count).to(data.labels.device), _BATCH):
            loss = F.cross_entropy(network(data.images[chosen]), data.labels[chosen])
            loss.backward()  # type: ignore[no-untyped-call]
            rule.update(_LR * factor(settings, step=step + 1, progress=step / total, epoch=0), _WEIGHT_DECAY)
            network.zero_grad(set_to_none=True)
            step += 1


def _fits(network: Classifier, weights: dict[str, Tensor]) -> bool:
    own = network.state_dict()
    return own.keys() == weights.keys() and all(own[name].shape == weights[name].shape for name in own)
