"""From a text to a language model that looks back at what stands before: the training loop, and what it is judged by."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.attention import Config
from recipes.attention.previews import continuation
from recipes.attention.transformer import LanguageModel
from workbench.data import contents as counting
from workbench.data.language.text import TextData, Windows, load_text
from workbench.recipe import Contents, Preview, Run
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.histograms import histograms
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.precision import widened
from workbench.training.machine.threads import trial
from workbench.training.optimizer import Optimizer

VALIDATED = 10_000  # characters of the validation split that are predicted at each evaluation
WINDOWS = 64  # at a time, in an evaluation
BATCHES = 10  # that a text must have at least


def train(config: Config, run: Run) -> None:
    """Train a causal language model; evaluate it as it learns, and test its best weights once."""
    run.phase(f"loading {config.data.dataset}")
    data = load(config, run.device)
    windows = _windows(config, data)
    run.loaded(**data.about)

    run.phase("building the model")
    model = run.place(build(config, data))
    optimizer = Optimizer(model, config.optimization, run)
    run.attach(model=model, optimizer=optimizer)
    run.tune(trial(model, optimizer.precision, error_of, *next(windows.epoch(0))))

    for step, batches in run.steps(windows, batches=config.optimization.accumulate):
        characters = sum(targets.numel() for _, targets in batches)
        loss = torch.zeros((), device=run.device)
        for inputs, targets in batches:  # (B, T) each
            with optimizer.precision():
                error = surprise(model(inputs), targets)
            optimizer.backward(error, share=targets.numel() / characters)
            loss = loss + error.detach() * (targets.numel() / characters)
        run.log(step, {"train/loss": loss, **optimizer.step()})

        if run.due("evaluate"):
            with Activity(model) as activity:
                values = evaluate(model, data.validation[:VALIDATED], "validation")
            run.evaluated(step, {**values, **activity.dead("validation")})
        if run.due("preview"):
            run.preview(step, continuation(model, data))
            run.preview(step, histograms(model, partial(error_of, model), *batches[-1]))

    if run.completed:
        run.tested(evaluate(run.best(model), data.test, "test"))


def surprise(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy of the characters (B, T) under logits (B, T, V), in nats."""
    return F.cross_entropy(widened(logits.flatten(0, 1)), targets.flatten(), reduction=reduction)


@torch.no_grad()
def evaluate(model: LanguageModel, ids: Tensor, name: str) -> dict[str, float]:
    """Mean surprise at each character but the first, in nats and bits, each predicted from half a context or more.

    Windows overlap by half, and of all but the first only the second half counts: a character near the start of a window would
    be predicted from next to nothing, which says more about the cut than about the model.
    """
    context = min(model.context, len(ids) - 1)
    half = max(1, context // 2)
    starts = torch.arange(0, len(ids) - context, half, device=ids.device)
    windows = ids[starts[:, None] + torch.arange(context + 1, device=ids.device)]  # (W, context + 1)
    behind = (len(ids) - 1 - context) % half  # the last window, which is moved up to the end, counts so many
    with evaluating(model):
        total = _counted(model, windows[:1], context - half, first=True) + _counted(model, ids[None, -context - 1 :], behind)
        for part in windows.split(WINDOWS):
            total = total + _counted(model, part, half)
    nats = float(total) / (len(ids) - 1)
    return {f"{name}/loss": nats, f"{name}/bits_per_character": nats / math.log(2)}


def _counted(model: LanguageModel, windows: Tensor, count: int, *, first: bool = False) -> Tensor:
    """The surprise at the last (or the first) `count` characters of each window (W, T + 1), in all."""
    kept = slice(count) if first else slice(windows.shape[1] - 1 - count, None)
    return surprise(model(windows[:, :-1])[:, kept], windows[:, 1:][:, kept], "sum")


def error_of(model: LanguageModel, inputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of one batch, (B, T) each."""
    return surprise(model(inputs), targets)


def build(config: Config, data: TextData) -> LanguageModel:
    """A language model of the characters that the text has."""
    return LanguageModel(config.model, len(data.vocabulary), config.data.context_length)


def load(config: Config, device: torch.device, *, baseline: bool = True) -> TextData:
    """The three parts of the text, on the device."""
    smallest = BATCHES * config.data.batch_size * config.data.context_length
    return load_text(config.data.dataset, path=config.data.path, device=device, smallest=smallest, baseline=baseline)


def untrained(config: Config) -> tuple[Any, Any]:
    """The network before training, and a window of zeros."""
    return build(config, load(config, torch.device("cpu"), baseline=False)), torch.zeros(1, config.data.context_length, dtype=torch.long)


def batch(config: Config, count: int) -> Preview:
    """The first windows that the network is trained on."""
    data = load(config, torch.device("cpu"), baseline=False)
    inputs, _ = next(_windows(config, data).epoch(0))
    shown = [repr(data.vocabulary.decode(window))[1:-1] for window in inputs[:count]]
    return Preview("batch", f"{len(shown)} of a batch of {len(inputs)} windows", "text", text="\n".join(shown))


def contents(config: Config) -> Contents:
    """The characters of each split, and which are frequent."""
    data = load(config, torch.device("cpu"))
    windows = _windows(config, data)
    inputs, _ = next(windows.epoch(0))
    return counting.contents(windows, data.about, counting.frequent("characters", data.vocabulary.characters, data.train, inputs))


def _windows(config: Config, data: TextData) -> Windows:
    return Windows(data.train, config.data.batch_size, config.data.context_length, config.machine.seed)
