"""How far the gradient reaches back through time, for a fixed batch, as the network learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from recipes.rnn import Model
from recipes.rnn.cells import unroll
from recipes.rnn.model import Recurrent
from workbench.recipe import Preview

FLOOR = 1e-20  # norms below it, fp32's zeros among them, are drawn there
ROWS = 24  # lags of the matrix


class Probe:
    """Draws the norm of dL/dh_t of the same batch again and again; what it has drawn is kept in checkpoints.

    Args:
        loss_of: (outputs, targets) -> a loss of the end of the sequence, so that earlier steps are reached through time only.

    Shapes:
        inputs (B, T) or (B, T, I), targets as `loss_of` takes them
    """

    def __init__(self, settings: Model, inputs: Tensor, targets: Tensor, loss_of: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._settings = settings
        self._inputs, self._targets, self._loss_of = inputs, targets, loss_of
        self._steps: list[int] = []
        self._norms: list[list[float]] = []

    def begin(self, model: Recurrent) -> None:
        """Note the untrained network, unless the run goes on from a checkpoint that has noted it."""
        if not self._steps:
            self._note(model, 0)

    def previews(self, model: Recurrent, step: int) -> Iterator[Preview]:
        """`through_time`, the norm at each step now and before training, and `through_training`, how that came about."""
        self._note(model, step)
        name = describe(self._settings)
        columns = tuple(str(t) for t in range(1, self._inputs.shape[1] + 1))
        lines = (("untrained", tuple(self._norms[0])), (f"step {step:,}", tuple(self._norms[-1])))
        yield Preview("through_time", f"gradient through time |dL/dh_t|: {name}", "lines", lines=lines, columns=columns, log=True)
        lags = _lags(len(columns))
        matrix = tuple(tuple(math.log10(norms[-1 - lag] / norms[-1]) for norms in self._norms) for lag in lags)
        yield Preview(
            "through_training", f"log10 |dL/dh| lag steps back, by training step: {name}", "matrix", matrix=matrix,
            rows=tuple(f"lag {lag}" for lag in lags), columns=tuple(map(str, self._steps)),
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        return {"steps": list(self._steps), "norms": [list(norms) for norms in self._norms]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._steps, self._norms = list(state["steps"]), [list(norms) for norms in state["norms"]]

    def _note(self, model: Recurrent, step: int) -> None:
        if self._steps and self._steps[-1] == step:
            self._steps.pop()
            self._norms.pop()
        self._steps.append(step)
        self._norms.append(norms_through_time(model, self._inputs, self._targets, self._loss_of))


def norms_through_time(model: Recurrent, inputs: Tensor, targets: Tensor, loss_of: Callable[[Tensor, Tensor], Tensor]) -> list[float]:
    """The norm of dL/dh_t for each t, over all layers of the forward direction; mean over the batch of each example's own.

    The cells are written out (cells.py), for torch's own keep their inner steps to themselves.

    Shapes:
        inputs (B, T) or (B, T, I); returns T numbers, none below FLOOR
    """
    was_training = model.training
    model.eval()
    with torch.enable_grad():
        outputs, hidden = unroll(model.recurrent, model.read(inputs)[0])
        if model.final and model.recurrent.bidirectional:
            size = model.recurrent.hidden_size
            outputs = torch.cat([outputs[:, -1, :size], outputs[:, 0, size:]], dim=1)
        elif model.final:
            outputs = outputs[:, -1]
        loss = loss_of(model.output(outputs), targets) * len(inputs)  # of a mean: each example's own gradient
        states = [h for layer in hidden for h in layer]
        gradients = torch.autograd.grad(loss, states)
    model.train(was_training)
    squares = torch.stack(gradients).double().square().sum(dim=2)  # (layers * T, B); fp32 squares of 1e-20 would be 0
    norms = squares.view(len(hidden), -1, len(inputs)).sum(dim=0).sqrt().mean(dim=1)  # (T,)
    return [each if math.isfinite(each) else 1 / FLOOR for each in norms.clamp(min=FLOOR).tolist()]


def describe(settings: Model) -> str:
    """Cell and initialisation in words: `lstm, orthogonal, forget bias 1`."""
    cell = f"rnn {settings.nonlinearity}" if settings.cell == "rnn" else settings.cell
    forget = f", forget bias {settings.forget_bias:g}" if settings.cell == "lstm" else ""
    both = ", forward direction" if settings.bidirectional else ""
    return f"{cell}, {settings.init} init{forget}{both}"


def _lags(length: int) -> list[int]:
    """At most ROWS lags from 0 to length - 1, evenly."""
    count = min(ROWS, length)
    return [round(place * (length - 1) / max(1, count - 1)) for place in range(count)]
