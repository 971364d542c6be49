"""How far the gradient of an untrained cell reaches, for each cell and initialisation, drawn without training."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from recipes.rnn import Config, Model
from recipes.rnn.model import Recurrent, initialise
from recipes.rnn.probe import look_back
from recipes.rnn.train import of_number
from workbench.data.order import generator
from workbench.data.sequences import adding
from workbench.recipe import Preview, Run

EXAMPLES = 16
LAGS = (1, 10, 25, 50, 99)
WORDS = ((1e-6, "vanishes"), (0.1, "fades"), (1e3, "carries"), (math.inf, "explodes"))  # for a share of the last step's below it
UPDATES = 30  # of the exploding cell, with and without clipping
RATE = 0.05  # of plain gradient descent in it
CEILING = 1e12  # a loss beyond it is drawn there

Case = tuple[str, dict[str, object], float]  # name, settings of the model, scale of the recurrent weights
VANISHING: tuple[Case, ...] = (
    ("rnn torch", {"cell": "rnn", "init": "default"}, 1.0),
    ("lstm torch", {"cell": "lstm", "init": "default", "forget_bias": 0.0}, 1.0),
    ("gru torch", {"cell": "gru", "init": "default"}, 1.0),
    ("rnn orthogonal", {"cell": "rnn", "init": "orthogonal"}, 1.0),
    ("lstm forget 1", {"cell": "lstm", "init": "orthogonal", "forget_bias": 1.0}, 1.0),
    ("gru orthogonal", {"cell": "gru", "init": "orthogonal"}, 1.0),
    ("rnn 0.5x", {"cell": "rnn", "init": "orthogonal"}, 0.5),
)
EXPLODING: tuple[Case, ...] = (
    ("relu identity", {"cell": "rnn", "nonlinearity": "relu", "init": "identity"}, 1.0),
    ("relu 1.1x", {"cell": "rnn", "nonlinearity": "relu", "init": "identity"}, 1.1),
    ("relu 1.2x", {"cell": "rnn", "nonlinearity": "relu", "init": "identity"}, 1.2),
    ("tanh 1.5x", {"cell": "rnn", "init": "orthogonal"}, 1.5),
    ("lstm forget 5", {"cell": "lstm", "init": "orthogonal", "forget_bias": 5.0}, 1.0),
)
UNSTABLE = EXPLODING[1]


def draw(config: Config, run: Run) -> None:
    """Previews `vanishing`, `exploding`, `clipping` and `reach`, and no step."""
    run.phase("drawing gradients")
    run.preview(0, previews(config, run.device))


def previews(config: Config, device: torch.device) -> Iterator[Preview]:
    """All four, for the adding problem of the length of the settings."""
    length, seed = config.data.length, config.machine.seed
    inputs, targets = (each.to(device) for each in adding(length)(EXAMPLES, generator("gradients", seed)))
    ratios = {}
    for name, settings, scale in (*VANISHING, *EXPLODING):
        torch.manual_seed(seed)
        norms, _ = look_back(_network(config, settings, scale, device), inputs, targets, of_number)
        ratios[name] = tuple(norm / norms[-1] for norm in norms)
    for title, cases in (("vanishing", VANISHING), ("exploding", EXPLODING)):
        lines = tuple((name, ratios[name][::-1]) for name, _, _ in cases)
        what = f"{title}: |dL/dh_t| by lag T - t, as a share of the last step's, untrained, H = {config.model.hidden}"
        yield Preview(title, what, "lines", lines=lines, columns=tuple(map(str, range(length))), log=True)
    yield clipping(config, inputs, targets)
    yield reach(ratios, length)


def clipping(config: Config, inputs: Tensor, targets: Tensor) -> Preview:
    """The loss of an exploding cell under plain gradient descent, with and without clipping the gradient's norm to 1."""
    lines = []
    for name, largest in (("clipped to 1", 1.0), ("not clipped", math.inf)):
        torch.manual_seed(config.machine.seed)
        model = _network(config, UNSTABLE[1], UNSTABLE[2], inputs.device)
        losses: list[float] = []
        for _ in range(UPDATES):
            loss = of_number(model(inputs)[0], targets)
            loss.backward()
            value = float(loss.detach())
            losses.append(min(value, CEILING) if math.isfinite(value) else CEILING)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), largest)
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.grad is not None and bool(norm.isfinite()):
                        parameter -= RATE * parameter.grad
                    parameter.grad = None
        lines.append((name, tuple(losses)))
    title = f"clipping: loss of {UNSTABLE[0]} over {UPDATES} steps of gradient descent at lr {RATE:g}, with and without clipping"
    return Preview("clipping", title, "lines", lines=tuple(lines), columns=tuple(map(str, range(1, UPDATES + 1))), log=True)


def reach(ratios: dict[str, tuple[float, ...]], length: int) -> Preview:
    """The table: each cell and initialisation, the gradient's share some steps back, and what that means."""
    lags = sorted({min(lag, length - 1) for lag in LAGS})
    rows = [f"{'cell and start':<16}" + "".join(f"{f'lag {lag}':>10}" for lag in lags)]
    for name, shares in ratios.items():
        word = next(word for limit, word in WORDS if shares[-1 - lags[-1]] < limit)
        rows.append(f"{name:<16}" + "".join(f"{shares[-1 - lag]:>10.1e}" for lag in lags) + f"  {word}")
    return Preview("reach", "reach: |dL/dh_t| lag steps back, as a share of the last step's; untrained", "text", text="\n".join(rows))


def _network(config: Config, settings: dict[str, object], scale: float, device: torch.device) -> Recurrent:
    chosen = Model.model_validate({"hidden": config.model.hidden, "dropout": 0.0, **settings})
    model = Recurrent(chosen, 2, 1, final=True)
    initialise(model.recurrent, chosen.init, chosen.forget_bias, scale)
    return model.to(device)
