"""What a trained generator can be asked."""

from __future__ import annotations

from recipes.gan import Config
from recipes.gan.data import shape_and_classes
from recipes.gan.model import Adversaries
from workbench.uses import Draws


def use(config: Config, networks: Adversaries) -> Draws:
    """Draw images from noise, of a class where the networks were told the classes."""
    shape, classes = shape_and_classes(config)
    return Draws(networks.latent, shape, classes if config.model.conditional else (), networks.sample)
