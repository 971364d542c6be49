"""From one sequence to another: an encoder that reads the source both ways, and a decoder that looks back at it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from recipes.attention import Model
from recipes.attention.scores import Attention
from recipes.attention.transformer import Transformer
from workbench.data.language.tokens import PAD

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "transformer": nn.LSTM}  # of the decoder, by encoder
State = tuple[Tensor, ...]


@dataclass(frozen=True)
class Memory:
    """A source as the decoder sees it, and the state that the decoder starts from."""

    states: Tensor  # (B, S, D)
    keys: Tensor  # (B, S, D)
    mask: Tensor  # (B, S), True where there is a token
    start: State  # (1, B, D) each: hidden, and for an LSTM cell

    def __getitem__(self, chosen: Tensor) -> Memory:
        """The memory of some of the sources, (N,) indices, which may repeat."""
        start = tuple(part[:, chosen] for part in self.start)
        return replace(self, states=self.states[chosen], keys=self.keys[chosen], mask=self.mask[chosen], start=start)


class Translator(nn.Module):
    """An encoder-decoder with attention behind the decoder's cell (Luong et al. 2015, arXiv:1508.04025, figure 2).

    While it is taught, the decoder is given what it should have said (teacher forcing), so all its states come from one call
    of the cell and all its contexts from one product of matrices. With score `none` it sees the source through its first
    state alone, which is what attention was invented against (Bahdanau et al. 2015, arXiv:1409.0473).
    """

    def __init__(self, settings: Model, sources: int, targets: int, longest: int) -> None:
        super().__init__()
        width = settings.width
        self.source = nn.Embedding(sources, _embedded(settings), padding_idx=PAD)
        self.encoder = _encoder(settings, longest)
        self.target = nn.Embedding(targets, settings.embedding, padding_idx=PAD)
        self.decoder = CELLS[settings.encoder](settings.embedding, width, batch_first=True)
        self.bridge = nn.Linear(width, 2 * width if isinstance(self.decoder, nn.LSTM) else width)
        self.attention = None if settings.score == "none" else Attention(settings.score, width)
        self.mix = nn.Linear(width if self.attention is None else 2 * width, width)
        self.mixed = nn.Tanh()
        self.output = nn.Linear(width, targets)
        self.dropout = nn.Dropout(settings.dropout)
        settle(self.decoder)

    def forward(self, sources: Tensor, inputs: Tensor) -> Tensor:
        """Logits of every next token under teacher forcing.

        Shapes:
            sources (B, S), PAD behind each; inputs (B, T), START first; returns (B, T, V)
        """
        memory = self.encode(sources)
        return self.decode(inputs, memory.start, memory)[0]

    def encode(self, sources: Tensor) -> Memory:
        """Read the sources, (B, S) with PAD behind each."""
        mask = sources != PAD
        states, summary = self.encoder(self.dropout(self.source(sources)), mask)
        parts = self.bridge(summary).unsqueeze(0).split(states.shape[-1], dim=-1)
        start = (parts[0].tanh(), *(part.contiguous() for part in parts[1:]))  # a cell, unlike a hidden state, is not bounded
        keys = states if self.attention is None else self.attention.keys(states)
        return Memory(states, keys, mask, start)

    def decode(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, State, Tensor | None]:
        """Go on from a state with the tokens that were said.

        Shapes:
            inputs (B, T); returns logits (B, T, V), the state after the last, and the weights (B, T, S), None without attention
        """
        embedded = self.dropout(self.target(inputs))
        if self.decoder.mode == "LSTM":
            hidden, state = self.decoder(embedded, (state[0], state[1]))  # (B, T, D)
        else:
            hidden, last = self.decoder(embedded, state[0])
            state = (last,)
        weights = None
        if self.attention is not None:
            context, weights = self.attention(hidden, memory.keys, memory.states, memory.mask)
            hidden = torch.cat([context, hidden], dim=-1)
        return self.output(self.dropout(self.mixed(self.mix(hidden)))), state, weights


class RecurrentEncoder(nn.Module):
    """Two cells, one from each end. Each source is turned round within its own length, so padding is never read before it."""

    def __init__(self, cell: type[nn.LSTM | nn.GRU], inputs: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.ahead = nn.ModuleList(cell(inputs if layer == 0 else width, width // 2, batch_first=True) for layer in range(layers))
        self.back = nn.ModuleList(cell(inputs if layer == 0 else width, width // 2, batch_first=True) for layer in range(layers))
        self.dropout = nn.Dropout(dropout)
        for each in (*self.ahead, *self.back):
            settle(each)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The state at each token, (B, S, D), and a summary of the source, (B, D): the last state of either direction."""
        last = mask.sum(dim=1, keepdim=True) - 1  # (B, 1)
        places = torch.arange(x.shape[1], device=x.device)
        turned = torch.where(mask, last - places, places)  # (B, S)
        for number, (ahead, back) in enumerate(zip(self.ahead, self.back, strict=True)):
            x = self.dropout(x) if number else x
            backward = _take(back(_take(x, turned))[0], turned)
            x = torch.cat([ahead(x)[0], backward], dim=-1)
        half = x.shape[-1] // 2
        return x, torch.cat([_take(x, last)[:, 0, :half], x[:, 0, half:]], dim=-1)


class TransformerEncoder(Transformer):
    """Self-attention over the source; its summary is the mean over the tokens."""

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        states = super().forward(tokens, mask)
        assert mask is not None
        kept = mask[..., None].to(states.dtype)
        return states, (states * kept).sum(dim=1) / kept.sum(dim=1)


def settle(cell: nn.LSTM | nn.GRU) -> None:
    """Orthogonal recurrences, and for an LSTM a forget gate that is open (bias 1).

    With torch's default, gates near 1/2, what was read ten steps ago is all but forgotten before the training begins
    (Jozefowicz, Zaremba, Sutskever 2015, section 2.2).
    """
    for name, parameter in cell.named_parameters():
        if name.startswith("weight_hh"):
            for gate in parameter.detach().split(cell.hidden_size):
                nn.init.orthogonal_(gate)
        elif name.startswith("bias") and isinstance(cell, nn.LSTM):
            nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):
                nn.init.ones_(parameter.detach()[cell.hidden_size : 2 * cell.hidden_size])  # gates are input, forget, cell, output


def _encoder(settings: Model, longest: int) -> nn.Module:
    if settings.encoder == "transformer":
        return TransformerEncoder(settings, longest)
    cell = nn.LSTM if settings.encoder == "lstm" else nn.GRU
    return RecurrentEncoder(cell, settings.embedding, settings.width, settings.layers, settings.dropout)


def _embedded(settings: Model) -> int:
    """Width of a source token: blocks keep the width of what they are given."""
    return settings.width if settings.encoder == "transformer" else settings.embedding


def _take(x: Tensor, places: Tensor) -> Tensor:
    """x (B, S, D) at places (B, P): (B, P, D)."""
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))
