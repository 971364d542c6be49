"""What a trained image classifier can be asked."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from recipes.cnn import Config
from recipes.cnn.previews import class_activation
from recipes.cnn.train import load
from workbench.data.vision.images import ImageData, outline
from workbench.data.vision.labelled import images_in_words, normalise, unit_range
from workbench.data.vision.origin import own_images
from workbench.uses import Elsewhere, Names


def use(config: Config, model: nn.Module) -> Names:
    """Name images, and show where in them the last convolution found what spoke for the class (Grad-CAM)."""
    info = outline(config.data.dataset, own_images(config.data))

    @cache
    def data() -> ImageData:
        return load(config, torch.device("cpu"))

    if info.mean is None:  # known only once the training images are read
        info = replace(info, mean=data().test.info.mean, std=data().test.info.std)

    def name(images: Tensor) -> Tensor:
        probabilities: Tensor = model(normalise(info, images)).float().softmax(dim=1)
        return probabilities

    def look(images: Tensor) -> Tensor:
        return class_activation(model, normalise(info, images), name(images).argmax(dim=1))

    def example(number: int) -> tuple[Tensor, str]:
        test = data().test
        place = number % len(test)
        return unit_range(info, test.images[place]), info.classes[int(test.labels[place])]

    elsewhere = Elsewhere(
        (images_in_words(info),), "logits (N, K) of the classes; softmax makes probabilities", {"mean": info.mean, "deviation": info.std}
    )
    return Names(info.classes, info.shape, name, look, example, _is_dark(info.mean), elsewhere)


def _is_dark(mean: Any) -> bool:
    """Whether the pixels of grey images are mostly dark."""
    return isinstance(mean, float) and mean < 0.5
