"""What a trained generator can be asked."""

from __future__ import annotations

from recipes.gan import Config
from recipes.gan.data import shape_and_classes
from recipes.gan.model import Adversaries
from workbench.uses import Draws, Elsewhere


def use(config: Config, networks: Adversaries) -> Draws:
    """Draw images from noise, of a class where the networks were told the classes."""
    shape, classes = shape_and_classes(config)
    noise = f"noise (N, {networks.latent}), float32, of the standard normal distribution"
    elsewhere = Elsewhere(
        (noise, "numbers of the classes (N,), int64") if config.model.conditional else (noise,),
        f"images (N, {', '.join(map(str, shape))}) from 0 (black) to 1 (white); the generator itself ends in tanh, from -1 to 1",
    )
    return Draws(networks.latent, shape, classes if config.model.conditional else (), networks.sample, elsewhere)
