"""What a classifier of images takes for what, as previews: its worst examples with a verdict each, and the confusion matrix."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from workbench.recipe import Preview
from workbench.training.scoring.metrics import confusion_matrix

WORST = 32  # images: a grid of 4 x 8


class LabelledImages(Protocol):
    """The examples of a split: raw images (N, C, H, W) uint8 and labels (N,); `info` has `classes` and `brightest`."""

    @property
    def info(self) -> Any: ...

    @property
    def images(self) -> Tensor: ...

    @property
    def labels(self) -> Tensor: ...


def worst(split: LabelledImages, probabilities: Tensor, count: int = WORST) -> Preview:
    """The images that were taken for something else, and behind them those whose class got the least probability.

    `7, said 1 .93` is a 7 taken for a 1 with probability 0.93.

    Shapes:
        probabilities (N, K), in the order of the split
    """
    chosen = most_wrong(split, probabilities)[:count]
    wrong, all_of_them = int((probabilities.argmax(dim=1) != split.labels).sum()), len(split.labels)
    title = f"worst classified: {wrong} of {all_of_them} wrong" if wrong else f"least sure: none of {all_of_them} wrong"
    return Preview("worst", title, "images", images=shades(grey(split, chosen)), captions=verdicts(split, probabilities, chosen))


def confusion(split: LabelledImages, probabilities: Tensor) -> Preview:
    """How many examples of each class (rows) were taken for which (columns); probabilities (N, K)."""
    names = split.info.classes
    counts = confusion_matrix(probabilities.argmax(dim=1), split.labels, len(names)).tolist()
    matrix = tuple(tuple(map(float, row)) for row in counts)
    return Preview(
        "confusion", "confusion: true class (rows), predicted class (columns)", "matrix", matrix=matrix, rows=names, columns=names
    )


def most_wrong(split: LabelledImages, probabilities: Tensor) -> Tensor:
    """(N,): the examples, wrong ones first, and of both those first whose true class (N,) got the least of the probabilities (N, K)."""
    right = probabilities.argmax(dim=1) == split.labels
    return (probabilities.gather(1, split.labels[:, None])[:, 0] + 2 * right).argsort(stable=True)


def verdicts(split: LabelledImages, probabilities: Tensor, chosen: Tensor) -> tuple[str, ...]:
    """What each of the chosen examples (n,) is, and what it was taken for with which probability."""
    names = split.info.classes
    guesses, truths = probabilities[chosen].max(dim=1), split.labels[chosen].tolist()
    captions = []
    for truth, guess, share in zip(truths, guesses.indices.tolist(), guesses.values.tolist(), strict=True):
        certainty = f"{share:.2f}".removeprefix("0")
        captions.append(f"{names[truth]}, {'right' if guess == truth else f'said {names[guess]}'} {certainty}")
    return tuple(captions)


def grey(split: LabelledImages, chosen: Tensor) -> Tensor:
    """The chosen images as shares of white, channels averaged: (n, H, W)."""
    images: Tensor = split.images[chosen].float() / split.info.brightest
    return images.mean(dim=1)


def shades(shares: Tensor) -> Tensor:
    """Shares of white as whole numbers from 0 to 255, on the CPU."""
    return (255 * shares).round().byte().cpu()
