"""The adversarial loop: each step updates the discriminator a few times, then the generator once."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from recipes.gan import Config
from recipes.gan.data import Reals, load
from recipes.gan.game import Game, check
from recipes.gan.judging import Judge
from recipes.gan.model import Adversaries
from recipes.gan.previews import Gallery
from workbench.recipe import Run
from workbench.training.inspecting.histograms import histograms
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer
from workbench.training.updating.average import follow


def train(config: Config, run: Run) -> None:
    """Train both networks on real images, measure the samples as they learn, and test the best generator once."""
    run.phase(f"loading {config.data.dataset}")
    check(config)
    reals = load(config, run.device, run)
    run.phase("training the evaluator" if config.data.labels else "measuring the real images")
    judge = Judge(reals, labelled=config.data.labels, seed=config.machine.seed)
    run.loaded(**{**reals.about, "task": _task(reals, judge), "baseline": {"real against real": judge.floor}})

    run.phase("building the model")
    networks = run.place(Adversaries(config.model, reals.shape, len(reals.classes)))
    game = Game(networks, config)
    generator = Optimizer(networks.generator, config.optimization, run, name="generator")
    opponent = Optimizer(networks.discriminator, game.opponent_rule, run, name="discriminator", lr_scale=config.game.discriminator_lr)
    run.attach(model=networks, generator=generator, discriminator=opponent)
    run.tune(trial(networks, generator.precision, partial(_both_losses, config), *next(reals.train.epoch(0))))
    conditional = config.model.conditional
    gallery = Gallery(reals, judge, config.model.latent, conditional=conditional)

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
            values = judge.evaluate(networks, "validation", generator.precision(), conditional=conditional)
            run.evaluated(step, {**values, **judge.dead_units(networks, generator.precision(), conditional=conditional)})
        if run.due("preview"):
            run.preview(step, gallery.previews(networks))
            players = {"G": networks.generator, "D": networks.discriminator}
            run.preview(step, histograms(players, game.both_losses, *batches[-1]))

    if run.completed:
        run.tested(judge.evaluate(run.best(networks), "test", generator.precision(), conditional=conditional))


def _both_losses(config: Config, networks: Adversaries, real: Tensor, labels: Tensor) -> Tensor:
    return Game(networks, config).both_losses(real, labels)


def _task(reals: Reals, judge: Judge) -> str:
    channels, height, width = reals.shape
    kind = "grey" if channels == 1 else "colour"
    return f"draw new {height}x{width} {kind} images; judged by {judge.description}"
