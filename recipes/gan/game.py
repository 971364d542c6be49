"""The game that the settings describe: what each network lowers, and which settings contradict each other."""

from __future__ import annotations

import torch
from torch import Tensor

from recipes.gan import Config
from recipes.gan.losses import LOSSES, interpolated, slope
from recipes.gan.model import Adversaries
from workbench.errors import WorkbenchError
from workbench.training.machine.ranks import ranks


class Game:
    """The two losses of the networks as the settings have them."""

    def __init__(self, networks: Adversaries, config: Config) -> None:
        self._networks = networks
        self._settings = config.game
        self._conditional = config.model.conditional
        self._loss = LOSSES[config.game.loss]
        game, rule = config.game, config.optimization
        betas = {"beta1": game.discriminator_beta1, "beta2": game.discriminator_beta2}
        self.opponent_rule = rule.model_copy(update={name: beta for name, beta in betas.items() if beta is not None})

    def draw(self, count: int, labels: Tensor) -> Tensor:
        """`count` samples from new noise, of the classes `labels` where the networks are told them."""
        noise = ranks.drawn(lambda rows: torch.randn(rows, self._networks.latent, device=labels.device), count)
        fake: Tensor = self._networks.generator(noise, self._told(labels))
        return fake

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, *, updates: int) -> tuple[Tensor, dict[str, Tensor]]:
        """What the discriminator lowers, and how it judged: D(real), D(fake), its accuracy."""
        settings, told = self._settings, self._told(labels)
        due = updates % settings.penalty_every == 0
        real = real.detach().requires_grad_(bool(due and settings.r1))
        fake = fake.detach().requires_grad_(bool(due and settings.r2))
        of_real, of_fake = self._networks.discriminator(real, told), self._networks.discriminator(fake, told)
        loss = self._loss.discriminator(of_real, of_fake, 1 - settings.label_smoothing)
        if due:
            for scores, images, weight in ((of_real, real, settings.r1), (of_fake, fake, settings.r2)):
                if weight:
                    loss = loss + weight * settings.penalty_every / 2 * slope(scores, images).mean()
            if settings.loss == "wasserstein-gp" and settings.gradient_penalty:
                bent = interpolated(lambda images: self._networks.discriminator(images, told), real, fake)
                loss = loss + settings.gradient_penalty * settings.penalty_every * bent
        with torch.no_grad():
            return loss, self._loss.read(of_real.detach(), of_fake.detach())

    def generator_loss(self, fake: Tensor, real: Tensor, labels: Tensor) -> Tensor:
        """What the generator lowers; the discriminator passes the gradient on without gathering its own."""
        discriminator, told = self._networks.discriminator, self._told(labels)
        discriminator.requires_grad_(False)
        of_fake = discriminator(fake, told)
        with torch.no_grad():
            of_real = discriminator(real, told) if self._loss.compares else of_fake
        discriminator.requires_grad_(True)
        return self._loss.generator(of_fake, of_real)

    def both_losses(self, real: Tensor, labels: Tensor) -> Tensor:
        """The sum of what the two lower, for new samples: the gradient of each network is that of its own part."""
        fake = self.draw(len(real), labels)
        loss, _ = self.discriminator_loss(real, fake.detach(), labels, updates=0)
        return loss + self.generator_loss(fake, real, labels)

    def _told(self, labels: Tensor) -> Tensor | None:
        return labels if self._conditional else None


def check(config: Config) -> None:
    """Refuse settings that contradict each other.

    Raises:
        WorkbenchError: they do.
    """
    game, model = config.game, config.model
    penalised = game.r1 or game.r2 or (game.loss == "wasserstein-gp" and game.gradient_penalty)
    batch_norm = model.architecture == "tutorial" or model.discriminator_norm == "batch"
    if penalised and batch_norm:
        raise WorkbenchError(
            "a penalty on slopes needs scores that depend on one image each, which batch norm in the discriminator mixes",
            "set --r1 0 and --r2 0, or --discriminator-norm group",
        )
    if game.label_smoothing and not LOSSES[game.loss].smooths:
        able = ", ".join(name for name, loss in LOSSES.items() if loss.smooths)
        raise WorkbenchError(f"loss {game.loss} has no target to smooth", f"set --label-smoothing 0, or one of the losses {able}")
    if model.conditional and not config.data.labels:
        raise WorkbenchError("conditional networks need the classes of the images", "set --labels, or --no-conditional")
