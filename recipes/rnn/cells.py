"""The three recurrent cells written out, and run step by step so that the gradient of every hidden state can be looked at.

Training uses torch's own, which compute the same (to 1e-6: tests/recipes/test_rnn.py) many times faster.

Letters: B examples, T steps, I inputs, H hidden units. Torch keeps the weights of a cell's gates one below the other and has
two biases, b of the input and b' of the state, where one would do for all but the GRU's n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]  # h (B, H), and for an LSTM c (B, H)


@dataclass(frozen=True)
class Weights:
    """A cell's weights: W (G*H, I) and U (G*H, H), b and b' (G*H,), with G gates in all."""

    W: Tensor
    U: Tensor
    b: Tensor
    b_: Tensor


def rnn(x: Tensor, state: State, weights: Weights, squash: Callable[[Tensor], Tensor] = torch.tanh) -> State:
    """h = f(W x + b + U h' + b'), f = tanh or ReLU (Elman 1990, Cognitive Science 14, with both biases).

    Shapes:
        x (B, I)
    """
    (h,) = state
    return (squash(x @ weights.W.T + weights.b + h @ weights.U.T + weights.b_),)


def lstm(x: Tensor, state: State, weights: Weights) -> State:
    """Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000 (Neural Computation 12(10)), no peepholes.

    i, f, o = sigmoid(W x + b + U h' + b'), g = tanh(the same with its own weights); c = f * c' + i * g; h = o * tanh(c)

    Shapes:
        x (B, I)
    """
    h, c = state
    i, f, g, o = (x @ weights.W.T + weights.b + h @ weights.U.T + weights.b_).chunk(4, dim=1)  # each (B, H)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru(x: Tensor, state: State, weights: Weights) -> State:
    """Cho et al. 2014 (arXiv:1406.1078), in the form that cuDNN and torch compute.

    r, z = sigmoid(W x + b + U h' + b'); n = tanh(W x + b + r * (U h' + b')); h = (1 - z) * n + z * h'

    Shapes:
        x (B, I)
    """
    (h,) = state
    input_r, input_z, input_n = (x @ weights.W.T + weights.b).chunk(3, dim=1)  # each (B, H)
    state_r, state_z, state_n = (h @ weights.U.T + weights.b_).chunk(3, dim=1)
    r, z = torch.sigmoid(input_r + state_r), torch.sigmoid(input_z + state_z)
    n = torch.tanh(input_n + r * state_n)
    return ((1 - z) * n + z * h,)


def unroll(module: nn.RNNBase, inputs: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
    """What nn.RNN, nn.LSTM or nn.GRU computes from a zero state, one step after the other.

    Shapes:
        inputs (B, T, I)

    Returns:
        the outputs (B, T, directions * H), and the hidden states h_t (B, H) of every layer from the first time step to the
        last, those of the forward direction, as nodes of the graph of the outputs.
    """
    outputs, hidden = inputs.to(module.weight_hh_l0.dtype), []
    for layer in range(module.num_layers):
        forward = _run(module, outputs, f"l{layer}")
        hidden.append(forward)
        if module.bidirectional:
            backward = _run(module, outputs.flip(1), f"l{layer}_reverse")[::-1]
            outputs = torch.stack([torch.cat(pair, dim=1) for pair in zip(forward, backward, strict=True)], dim=1)
        else:
            outputs = torch.stack(forward, dim=1)
    return outputs, hidden


def _run(module: nn.RNNBase, inputs: Tensor, suffix: str) -> list[Tensor]:
    """The hidden states (B, H) of one layer in one direction."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = Weights(*(getattr(module, f"{name}_{suffix}") for name in names))
    zero = inputs.new_zeros(len(inputs), module.hidden_size)
    state: State = (zero, zero) if module.mode == "LSTM" else (zero,)
    hidden = []
    for x in inputs.unbind(dim=1):  # (B, I)
        if module.mode == "LSTM":
            state = lstm(x, state, weights)
        elif module.mode == "GRU":
            state = gru(x, state, weights)
        else:
            state = rnn(x, state, weights, torch.relu if module.mode == "RNN_RELU" else torch.tanh)
        hidden.append(state[0])
    return hidden
