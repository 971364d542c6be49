"""The training loop on text: truncated backpropagation through time, with the state carried from step to step."""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.rnn import Config
from recipes.rnn import data as loading
from recipes.rnn.model import Memory, Recurrent
from recipes.rnn.previews import hidden_of_text, written
from recipes.rnn.probe import Probe
from workbench.data.language.text import Streams
from workbench.recipe import Run
from workbench.training.inspecting.histograms import histograms
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer

EVALUATION_STREAMS = 8  # fewer would be slower, more would begin more often without anything to remember
EVALUATION_LENGTH = 256  # characters; what is remembered reaches back further
PROBED = 16  # examples of the probe


def train(config: Config, run: Run) -> None:
    """Train a character model on text, evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = loading.text(config, run.device)
    run.loaded(**data.about)

    run.phase("building the model")
    model = run.place(loading.for_text(config, len(data.vocabulary)))
    optimizer = Optimizer(model, config.optimization, run)
    memory = Memory()
    probe = Probe(config.model, *probed(data.validation, config.data.length), at_last_step)
    run.attach(model=model, optimizer=optimizer, memory=memory, probe=probe)
    train_on = loading.streams(config, data)
    run.tune(trial(model, optimizer.precision, error_of, *next(train_on.epoch(0))))
    probe.begin(model)

    for step, batches in run.steps(train_on, batches=config.optimization.accumulate):
        if run.begins_epoch:
            memory.forget()
        characters = sum(targets.numel() for _, targets in batches)
        loss = torch.zeros((), device=run.device)
        for inputs, targets in batches:  # (B, T) each
            with optimizer.precision():
                logits, state = model(inputs, memory.state)  # (B, T, K)
                error = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            memory.carry(state)
            optimizer.backward(error, share=targets.numel() / characters)
            loss = loss + error.detach() * (targets.numel() / characters)
        run.log(step, {"train/loss": loss, "train/bits_per_character": loss / math.log(2), **optimizer.step()})

        if run.due("evaluate"):
            run.evaluated(step, {**evaluate(model, data.validation, "validation"), **probe.measures(model, step)})
        if run.due("preview"):
            run.preview(step, [written(model, data, config), hidden_of_text(model, data), *probe.previews(model, step)])
            run.preview(step, histograms(model, partial(error_of, model), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data.test, "test"))


@torch.no_grad()
def evaluate(model: Recurrent, ids: Tensor, name: str) -> dict[str, float]:
    """`<name>/loss` (nats), `<name>/bits_per_character` and `<name>/perplexity` of a split, read in a few streams."""
    streams = Streams(ids, min(EVALUATION_STREAMS, len(ids) - 1), EVALUATION_LENGTH)
    total, state = torch.zeros((), device=ids.device), ()
    with evaluating(model):
        for inputs, targets in streams.epoch(0):
            logits, state = model(inputs, state)
            total += F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="sum")
    loss = float(total) / streams.examples
    # A perplexity beyond every float would be no number that a chart can draw.
    return {f"{name}/loss": loss, f"{name}/bits_per_character": loss / math.log(2), f"{name}/perplexity": math.exp(min(loss, 700.0))}


def probed(ids: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (B, T) of the probe: the beginning of each stream of a split."""
    streams = max(1, min(PROBED, (len(ids) - 1) // length))
    inputs, targets = next(Streams(ids, streams, length).epoch(0))
    return inputs, targets


def at_last_step(logits: Tensor, targets: Tensor) -> Tensor:
    """The loss at the last character alone: whatever gradient an earlier step has came through time."""
    return F.cross_entropy(logits[:, -1], targets[:, -1])


def error_of(model: Recurrent, inputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of one batch (B, T) that begins with nothing to remember."""
    return F.cross_entropy(model(inputs)[0].flatten(0, 1), targets.flatten())
