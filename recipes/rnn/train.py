"""The training loop on sequences: one class or number behind the last step, or a class at each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.rnn import Config
from recipes.rnn import data as loading
from recipes.rnn.model import Recurrent
from recipes.rnn.previews import hidden_of_sequence
from recipes.rnn.probe import Probe
from workbench.data.sequences import SequenceData, Sequences, Target
from workbench.recipe import Run
from workbench.training.inspecting.histograms import histograms
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.precision import widened
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer
from workbench.training.scoring.metrics import Classification

PROBED = 16  # examples of the probe
Loss = Callable[[Tensor, Tensor], Tensor]


def train(config: Config, run: Run) -> None:
    """Train a recurrent network on sequences, evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = loading.sequences(config, run.device)
    run.loaded(**data.about)

    run.phase("building the model")
    model = run.place(loading.for_sequences(config, data))
    optimizer = Optimizer(model, config.optimization, run)
    loss_of = LOSSES[data.target]
    probe = Probe(config.model, *probed(data.validation), at_the_end(loss_of, config))
    run.attach(model=model, optimizer=optimizer, probe=probe)
    run.tune(trial(model, optimizer.precision, partial(error_of, loss_of), *next(data.train.epoch(0))))
    probe.begin(model)

    for step, batches in run.steps(data.train, batches=config.optimization.accumulate):
        examples = sum(len(targets) for _, targets, _ in batches)
        loss = correct = torch.zeros((), device=run.device)
        for inputs, targets, lengths in batches:  # (B, T, I), (B,) or (B, T), (B,) or None
            with optimizer.precision():
                outputs, _ = model(inputs, lengths=lengths)  # (B, K) or (B, T, K)
                error = loss_of(outputs, targets)
            optimizer.backward(error, share=len(targets) / examples)
            loss = loss + error.detach() * (len(targets) / examples)
            if data.target == "class":
                correct = correct + (outputs.detach().argmax(dim=1) == targets).sum()
        shares = {"train/accuracy": correct / examples} if data.target == "class" else {}
        run.log(step, {"train/loss": loss, **shares, **optimizer.step()})

        if run.due("evaluate"):
            run.evaluated(step, {**evaluate(model, data, data.validation, "validation"), **probe.measures(model, step)})
        if run.due("preview"):
            run.preview(step, [hidden_of_sequence(model, data), *probe.previews(model, step)])
            run.preview(step, histograms(model, partial(error_of, loss_of, model), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data, data.test, "test"))


def of_class(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of one class a sequence: (B, K), (B,)."""
    return F.cross_entropy(widened(outputs), targets)


def of_number(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of one number a sequence: (B, 1), (B,)."""
    return F.mse_loss(widened(outputs[:, 0]), targets)


def of_steps(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over all steps: (B, T, K), (B, T)."""
    return F.cross_entropy(widened(outputs.flatten(0, 1)), targets.flatten())


LOSSES: dict[Target, Loss] = {"class": of_class, "number": of_number, "steps": of_steps}


def at_the_end(loss_of: Loss, config: Config) -> Loss:
    """The loss that the probe follows back: of the end of the sequence alone, which is where a copy is asked for."""
    if loss_of is not of_steps:
        return loss_of
    return lambda outputs, targets: of_steps(outputs[:, -config.data.symbols :], targets[:, -config.data.symbols :])


def probed(split: Sequences) -> tuple[Tensor, Tensor]:
    """The first examples of a split, as long as the shortest of them."""
    inputs, targets, lengths = split.chosen(slice(0, PROBED))
    return inputs if lengths is None else inputs[:, : int(lengths.min())], targets


@torch.no_grad()
def evaluate(model: Recurrent, data: SequenceData, split: Sequences, name: str) -> dict[str, float]:
    """The loss of a split and what its target is measured by: accuracy and F1, mean squared error, or recall of symbols."""
    with evaluating(model):
        outputs = [(model(inputs, lengths=lengths)[0].float(), targets) for inputs, targets, lengths in split.batches()]
    if data.target == "class":
        result = Classification(data.classes, split.targets.device)
        for logits, labels in outputs:
            result.add(logits, labels)
        return result.values(name)
    share = [len(targets) / len(split) for _, targets in outputs]
    loss = sum(float(LOSSES[data.target](each, targets)) * part for (each, targets), part in zip(outputs, share, strict=True))
    if data.target == "number":
        return {f"{name}/loss": loss, f"{name}/mse": loss * data.scale**2}
    asked = [(each.argmax(dim=2) == targets)[targets > 0] for each, targets in outputs]
    return {f"{name}/loss": loss, f"{name}/symbol_recall": float(torch.cat(asked).float().mean())}


def error_of(loss_of: Loss, model: Recurrent, inputs: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    """The loss of one batch."""
    return loss_of(model(inputs, lengths=lengths)[0], targets)
