"""The adversarial loop: each step updates the discriminator a few times, then the generator once."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from recipes.gan import Config
from recipes.gan.data import Batch, Reals, load
from recipes.gan.judging import Judge
from recipes.gan.losses import LOSSES, interpolated, slope
from recipes.gan.model import Adversaries
from recipes.gan.previews import Gallery
from workbench.errors import WorkbenchError
from workbench.recipe import Run
from workbench.training.average import follow
from workbench.training.optimizer import Optimizer


def train(config: Config, run: Run) -> None:
    """Train both networks on real images, measure the samples as they learn, and test the best generator once."""
    run.phase(f"loading {config.data.dataset}")
    _check(config)
    reals = load(config, run.device)
    run.phase("training the evaluator" if config.data.labels else "measuring the real images")
    judge = Judge(reals, labelled=config.data.labels, seed=config.machine.seed)
    run.loaded(**{**reals.about, "task": _task(reals, judge), "baseline": {"real half against half": judge.floor}})

    run.phase("building the model")
    networks = run.place(Adversaries(config.model, reals.shape, len(reals.classes)))
    game = Game(networks, config)
    generator = Optimizer(networks.generator, config.optimization, run, name="generator")
    opponent = Optimizer(networks.discriminator, game.opponent_rule, run, name="discriminator", lr_scale=config.game.discriminator_lr)
    run.attach(model=networks, generator=generator, discriminator=opponent)
    run.tune(_trial(networks, config, reals, generator))
    gallery = Gallery(reals, judge, config.model.latent, conditional=config.model.conditional)

    for step, batches in run.steps(reals.train, batches=config.game.discriminator_steps):
        reported: dict[str, float | Tensor] = {}
        for real, labels in batches:  # (B, C, H, W), (B,)
            with generator.precision():
                fake = game.draw(len(real), labels)
                loss, scores = game.discriminator_loss(real, fake.detach(), labels, updates=opponent.updates)
            opponent.backward(loss)
            reported |= opponent.step()
        with generator.precision():
            answer = game.generator_loss(fake, real, labels)
        generator.backward(answer)
        reported |= generator.step()
        if networks.average is not None:
            follow(networks.average, networks.generator, config.model.average or 0.0, step)
        run.log(step, {"train/discriminator_loss": loss.detach(), "train/generator_loss": answer.detach(), **scores, **reported})

        if run.due("evaluate"):
            run.evaluated(step, judge.evaluate(networks, "validation", generator.precision(), conditional=config.model.conditional))
        if run.due("preview"):
            run.preview(step, gallery.previews(networks))

    if run.completed:
        run.tested(judge.evaluate(run.best(networks), "test", generator.precision(), conditional=config.model.conditional))


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
        noise = torch.randn(count, self._networks.latent, device=labels.device)
        fake: Tensor = self._networks.generator(noise, self._told(labels))
        return fake

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, *, updates: int) -> tuple[Tensor, dict[str, Tensor]]:
        """What the discriminator lowers, and how it judged: D(real), D(fake), its accuracy."""
        settings, told = self._settings, self._told(labels)
        weights = {"r1": settings.r1, "r2": settings.r2}
        due = updates % settings.penalty_every == 0
        real = real.detach().requires_grad_(bool(due and settings.r1))
        fake = fake.detach().requires_grad_(bool(due and settings.r2))
        of_real, of_fake = self._networks.discriminator(real, told), self._networks.discriminator(fake, told)
        loss = self._loss.discriminator(of_real, of_fake, 1 - settings.label_smoothing)
        if due:
            for scores, images, weight in ((of_real, real, weights["r1"]), (of_fake, fake, weights["r2"])):
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

    def _told(self, labels: Tensor) -> Tensor | None:
        return labels if self._conditional else None


def _trial(networks: Adversaries, config: Config, reals: Reals, optimizer: Optimizer) -> Callable[[], None]:
    """Both networks' forward and backward pass of a real batch, on copies that are forgotten."""
    batch: Batch = next(reals.train.epoch(0))

    def trial() -> None:
        real, labels = batch
        game = Game(copy.deepcopy(networks), config)
        with optimizer.precision():
            fake = game.draw(len(real), labels)
            loss, _ = game.discriminator_loss(real, fake.detach(), labels, updates=0)
            answer = game.generator_loss(fake, real, labels)
        loss.backward()
        answer.backward()

    return trial


def _task(reals: Reals, judge: Judge) -> str:
    channels, height, width = reals.shape
    kind = "grey" if channels == 1 else "colour"
    return f"draw new {height}x{width} {kind} images; judged by {judge.description}"


def _check(config: Config) -> None:
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
