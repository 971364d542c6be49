"""A recurrent network: torch's cells, a first state worth starting from, and one dense layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from recipes.rnn import Model
from workbench.training.machine.ranks import ranks

State = tuple[Tensor, ...]  # what one batch hands to the next: h (L, B, H), an LSTM's c, the last characters (B, window - 1)
NARROW = 1e-3  # deviation of the input weights beside an identity, as Le et al. 2015 have it
EMBEDDED = 0.3  # deviation of the embedding: with torch's 1.0 the first gates are half saturated


class Characters(nn.Module):
    """Each character as numbers, together with the few before it: a causal convolution over one-hot characters.

    Without it the cell spends its memory, and most of a short training, on what the last two characters were. Such a short
    convolution in front of a recurrent cell is usual by now (Gu and Dao 2023, arXiv:2312.00752; Beck et al. 2024, arXiv:2405.04517).
    """

    def __init__(self, vocabulary: int, size: int, window: int) -> None:
        super().__init__()
        self.ago = nn.ModuleList(nn.Embedding(vocabulary, size) for _ in range(window))
        for table in self.ago:
            nn.init.normal_(table.weight, std=EMBEDDED)

    def forward(self, ids: Tensor, tail: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The sum of the tables of this character, the one before it and so on, and the characters that come before the next.

        Shapes:
            ids (B, T); tail (B, window - 1), what came before; None where nothing did, which reads as unknown characters
            returns (B, T, size) and (B, window - 1)
        """
        before, (batch, length) = len(self.ago) - 1, ids.shape
        known = torch.cat([ids.new_zeros(batch, before) if tail is None else tail, ids], dim=1)  # (B, window - 1 + T)
        parts = [table(known[:, before - ago : before - ago + length]) for ago, table in enumerate(self.ago)]
        return torch.stack(parts).sum(dim=0), known[:, length:]


class Recurrent(nn.Module):
    """Maps sequences to logits or numbers: one output for each step, or one behind the last step.

    Args:
        inputs: features of a step; of text, the size of the vocabulary.
        outputs: K, logits or numbers.
        text: whether a step is a character rather than a row of features.
        final: whether there is one output behind the last step rather than one at each.
    """

    def __init__(self, settings: Model, inputs: int, outputs: int, *, text: bool = False, final: bool = False) -> None:
        super().__init__()
        self.final = final
        self.characters = Characters(inputs, settings.embedding, settings.window) if text else None
        self.recurrent = recurrent(settings, settings.embedding if text else inputs)
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.hidden * (2 if settings.bidirectional else 1), outputs)

    def forward(self, inputs: Tensor, state: State = (), lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """The outputs, and the state behind the last step.

        Shapes:
            inputs (B, T) characters or (B, T, I); state as it was returned for the steps before, () where there are none
            lengths (B,) on the CPU: how many steps of each are valid; None where all are. Only for final outputs.
            returns (B, T, K), or (B, K) for final outputs
        """
        steps, tail = self.read(inputs, state)
        packed = steps if lengths is None else pack_padded_sequence(steps, lengths, batch_first=True, enforce_sorted=False)
        # Packed, no cell runs over what only fills up the batch.
        is_lstm = self.recurrent.mode == "LSTM"
        before = None if not state else state[:2] if is_lstm else state[0]
        outputs, after = self.recurrent(packed, before)
        after = after if is_lstm else (after,)
        seen = self.last(after[0]) if self.final else outputs
        return self.output(self.dropout(seen)), (*after, *tail)

    def read(self, inputs: Tensor, state: State = ()) -> tuple[Tensor, State]:
        """What the first cell is given (B, T, I), and the part of the state that text has besides."""
        if self.characters is None:
            return inputs, ()
        steps, tail = self.characters(inputs, state[-1] if state else None)
        return steps, (tail,)

    def last(self, hidden: Tensor) -> Tensor:
        """(B, directions * H) of h (L * directions, B, H): the last layer's state behind the last valid step, of each direction."""
        return torch.cat([hidden[-2], hidden[-1]], dim=1) if self.recurrent.bidirectional else hidden[-1]


def recurrent(settings: Model, inputs: int) -> nn.RNNBase:
    """Torch's cells of the kind, depth and width that the settings ask for, initialised as they say."""
    kind: Any = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[settings.cell]
    more = {"nonlinearity": settings.nonlinearity} if settings.cell == "rnn" else {}
    between = settings.dropout if settings.layers > 1 else 0.0  # torch warns of a dropout that has no place
    module: nn.RNNBase = kind(
        inputs, settings.hidden, settings.layers, batch_first=True, dropout=between, bidirectional=settings.bidirectional, **more
    )
    initialise(module, settings.init, settings.forget_bias)
    return module


@torch.no_grad()
def initialise(module: nn.RNNBase, init: str, forget_bias: float = 0.0, scale: float = 1.0) -> None:
    """Set the weights that a recurrent network starts from.

    default: torch's own, uniform within 1 / sqrt(H). orthogonal: each gate's recurrent matrix keeps lengths (Saxe et al. 2014,
    arXiv:1312.6120), input weights after Glorot and Bengio 2010. identity: each gate's recurrent matrix copies the state
    (Le et al. 2015, arXiv:1504.00941, for ReLU).

    Args:
        forget_bias: of an LSTM's forget gate (Gers et al. 2000; 1 after Jozefowicz et al. 2015); 0 leaves what `init` gives.
        scale: what the recurrent weights are multiplied by.
    """
    hidden = module.hidden_size
    for name, weight in module.named_parameters():
        kind = name.rpartition("_l")[0]
        if init != "default":
            for gate in weight.split(hidden):
                _fill(gate, kind, init)
        if kind == "weight_hh":
            weight.mul_(scale)
        if kind.startswith("bias") and module.mode == "LSTM" and forget_bias:
            weight[hidden : 2 * hidden] = forget_bias if kind == "bias_ih" else 0.0


def _fill(gate: Tensor, kind: str, init: str) -> None:
    if kind.startswith("bias"):
        nn.init.zeros_(gate)
    elif kind == "weight_hh":
        nn.init.orthogonal_(gate) if init == "orthogonal" else nn.init.eye_(gate)
    elif init == "orthogonal":
        nn.init.xavier_uniform_(gate)
    else:
        nn.init.normal_(gate, std=NARROW)


class Memory:
    """The state that one batch of text hands to the next: detached, so that no gradient reaches back; kept in checkpoints."""

    def __init__(self) -> None:
        self.state: State = ()

    def carry(self, state: State) -> None:
        """Keep a state for the next batch."""
        self.state = tuple(each.detach() for each in state)

    def forget(self) -> None:
        """Begin the next batch from zeros."""
        self.state = ()

    def state_dict(self) -> dict[str, Any]:
        return {"state": [ranks.whole(each, _streams_of(each)) for each in self.state]}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        self.state = tuple(ranks.own(each, _streams_of(each)) for each in saved["state"])


def _streams_of(state: Tensor) -> int:
    """The dimension of the streams: of h and c (L * directions, B, H), or of the characters (B, T) before a window."""
    return 1 if state.ndim == 3 else 0
