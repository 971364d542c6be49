"""What each network wants: six pairs of losses over logits, and the penalties that keep the discriminator's slope small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.training.machine.precision import widened
from workbench.training.machine.ranks import ranks


@dataclass(frozen=True)
class Loss:
    """One pair of losses, and how its discriminator's scores are read.

    Attributes:
        discriminator: (real (B,), fake (B,), target of real) to the loss that it lowers.
        generator: (fake (B,), real (B,)) to the loss that it lowers.
        probability: a score to the probability that it stands for; None where only differences of scores mean anything.
        compares: the generator's loss needs the real images' scores as well.
        smooths: the target of real images means something to it.
    """

    discriminator: Callable[[Tensor, Tensor, float], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    probability: Callable[[Tensor], Tensor] | None = torch.sigmoid
    compares: bool = False
    smooths: bool = False

    def read(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """D(real), D(fake) as probabilities and the share of images told right; of pairs where only differences count."""
        if self.probability is None:
            ahead = real - fake
            return {
                "train/real_score": ahead.sigmoid().mean(),
                "train/fake_score": (-ahead).sigmoid().mean(),
                "train/discriminator_accuracy": (ahead > 0).float().mean(),
            }
        seen, taken = self.probability(real), self.probability(fake)
        right = ((seen > 0.5).float().mean() + (taken < 0.5).float().mean()) / 2
        return {"train/real_score": seen.mean(), "train/fake_score": taken.mean(), "train/discriminator_accuracy": right}


def _logistic(real: Tensor, fake: Tensor, target: float) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), D the sigmoid of the score; with a target t below 1, -t log D(x) - (1-t) log(1 - D(x))."""
    return (F.softplus(-real) + (1 - target) * real).mean() + F.softplus(fake).mean()


LOSSES = {
    # Goodfellow et al. 2014 (arXiv:1406.2661): the generator raises log D(G(z)), or lowers log(1 - D(G(z))).
    "non-saturating": Loss(_logistic, lambda fake, _: F.softplus(-fake).mean(), smooths=True),
    "minimax": Loss(_logistic, lambda fake, _: -F.softplus(fake).mean(), smooths=True),
    # Lim and Ye 2017 (arXiv:1705.02894)
    "hinge": Loss(lambda real, fake, _: F.relu(1 - real).mean() + F.relu(1 + fake).mean(), lambda fake, _: -fake.mean()),
    # Mao et al. 2017 (arXiv:1611.04076), with targets 1 and 0
    "least-squares": Loss(
        lambda real, fake, target: (real - target).square().mean() + fake.square().mean(),
        lambda fake, _: (fake - 1).square().mean(),
        probability=lambda scores: scores.clamp(0, 1),
        smooths=True,
    ),
    # Arjovsky et al. 2017 (arXiv:1701.07875); its penalty is `interpolated`
    "wasserstein-gp": Loss(lambda real, fake, _: fake.mean() - real.mean(), lambda fake, _: -fake.mean(), probability=None),
    # Jolicoeur-Martineau 2019 (arXiv:1807.00734); with R1 and R2 the loss of R3GAN, Huang et al. 2024 (arXiv:2501.05441)
    "relativistic": Loss(
        lambda real, fake, _: F.softplus(fake - real).mean(),
        lambda fake, real: F.softplus(real - fake).mean(),
        probability=None,
        compares=True,
    ),
}


def slope(scores: Tensor, images: Tensor) -> Tensor:
    """The squared length of the gradient of each score by its image, (B,): R1 at real images, R2 at fakes.

    Mescheder et al. 2018, eq. 9 and 10 (arXiv:1801.04406). Only right where no score depends on other images of the batch.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return widened(gradient).square().flatten(1).sum(dim=1)


def interpolated(discriminate: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """(|slope| - 1)^2 at random places between real and fake images: Gulrajani et al. 2017, eq. 3 (arXiv:1704.00028)."""
    share = ranks.drawn(lambda rows: torch.rand(rows, 1, 1, 1, device=real.device), len(real))
    between = (share * real + (1 - share) * fake).requires_grad_()
    return ((slope(discriminate(between), between) + 1e-12).sqrt() - 1).square().mean()
