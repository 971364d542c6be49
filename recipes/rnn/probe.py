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
from workbench.training.inspecting.activity import FLAT
from workbench.training.inspecting.modes import evaluating

FLOOR = 1e-20  # norms below it, fp32's zeros among them, are drawn there
ROWS = 24  # lags of the matrix
MOST = 256  # looks that are kept; beyond it, every second one goes


class Probe:
    """Measures the norm of dL/dh_t of the same batch again and again, and draws it; what it has measured is kept in checkpoints.

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
        self._dead: list[float] = []  # of each layer, at the newest look

    def begin(self, model: Recurrent) -> None:
        """Note the untrained network, unless the run goes on from a checkpoint that has noted it."""
        if not self._steps:
            self._look(model, 0)

    def measures(self, model: Recurrent, step: int) -> dict[str, float]:
        """`validation/gradient_reach` and `validation/dead_units/<layer>`; a preview of the same step costs nothing more."""
        self._look(model, step)
        norms = self._norms[-1]
        reach = norms[0] / norms[-1] if norms[-1] > FLOOR else math.nan  # nothing goes back from a gradient that is 0
        dead = {f"validation/dead_units/recurrent.l{layer}": share for layer, share in enumerate(self._dead)}
        return {"validation/gradient_reach": reach, **dead}

    def previews(self, model: Recurrent, step: int) -> Iterator[Preview]:
        """`through_time`, the norm at each step now and before training, and `through_training`, how that came about."""
        self._look(model, step)
        name = describe(self._settings)
        columns = tuple(str(t) for t in range(1, self._inputs.shape[1] + 1))
        lines = (("untrained", tuple(self._norms[0])), (f"step {step:,}", tuple(self._norms[-1])))
        yield Preview("through_time", f"gradient by step: |dL/dh_t| through time, {name}", "lines", lines=lines, columns=columns, log=True)
        lags = _lags(len(columns))
        matrix = tuple(tuple(math.log10(norms[-1 - lag] / norms[-1]) for norms in self._norms) for lag in lags)
        yield Preview(
            "through_training", f"gradient by lag: log10 |dL/dh| so many steps back, by training step, {name}", "matrix", matrix=matrix,
            rows=tuple(f"lag {lag}" for lag in lags), columns=tuple(map(str, self._steps)),
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        return {"steps": list(self._steps), "norms": [list(norms) for norms in self._norms]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._steps, self._norms = list(state["steps"]), [list(norms) for norms in state["norms"]]

    def _look(self, model: Recurrent, step: int) -> None:
        """Look at the network of a step, once."""
        if self._steps and self._steps[-1] == step and self._dead:
            return
        if self._steps and self._steps[-1] == step:  # as a checkpoint remembers it
            self._steps.pop()
            self._norms.pop()
        if len(self._steps) >= MOST:
            self._steps, self._norms = self._steps[::2], self._norms[::2]
        norms, self._dead = look_back(model, self._inputs, self._targets, self._loss_of)
        self._steps.append(step)
        self._norms.append(norms)


def look_back(
    model: Recurrent, inputs: Tensor, targets: Tensor, loss_of: Callable[[Tensor, Tensor], Tensor]
) -> tuple[list[float], list[float]]:
    """The norm of dL/dh_t for each t, and the share of each layer's hidden units that are the same in all examples at all steps.

    A norm is over all layers, and the mean over the batch of each example's own; both are of the forward direction. The cells are
    written out (cells.py), for torch's own keep their inner steps to themselves.

    Shapes:
        inputs (B, T) or (B, T, I); returns T norms, none below FLOOR, and L shares
    """
    with evaluating(model), torch.enable_grad():
        outputs, hidden = unroll(model.recurrent, model.read(inputs)[0])
        if model.final and model.recurrent.bidirectional:
            size = model.recurrent.hidden_size
            outputs = torch.cat([outputs[:, -1, :size], outputs[:, 0, size:]], dim=1)
        elif model.final:
            outputs = outputs[:, -1]
        loss = loss_of(model.output(outputs), targets) * len(inputs)  # of a mean: each example's own gradient
        states = [h for layer in hidden for h in layer]
        gradients = torch.autograd.grad(loss, states)
    squares = torch.stack(gradients).double().square().sum(dim=2)  # (layers * T, B); fp32 squares of 1e-20 would be 0
    norms = squares.view(len(hidden), -1, len(inputs)).sum(dim=0).sqrt().mean(dim=1)  # (T,)
    states_of = torch.stack([torch.cat(layer).detach() for layer in hidden])  # (layers, T * B, H)
    dead = (states_of.amax(dim=1) - states_of.amin(dim=1) <= FLAT).float().mean(dim=1).tolist()
    return [each if math.isfinite(each) else 1 / FLOOR for each in norms.clamp(min=FLOOR).tolist()], dead


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
