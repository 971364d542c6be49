"""Attention from one sequence to another: how well a decoder's state matches each state of the source, and what follows."""

from __future__ import annotations

import math

from torch import Tensor, nn

from workbench.training.machine.precision import widened


class Attention(nn.Module):
    """Averages the states of a source, each weighted by how well its key matches the query (cross-attention).

    The score of a query q and a state h, of the same width D, is one of
        dot         q . h                   Luong et al. 2015, section 3.1 (arXiv:1508.04025)
        general     q . (W h)               the same
        additive    v . tanh(W q + U h)     Bahdanau et al. 2015, appendix A.1.2 (arXiv:1409.0473)
        scaled-dot  (W q) . (U h) / sqrt D  Vaswani et al. 2017, eq. 1 (arXiv:1706.03762)
    """

    def __init__(self, score: str, width: int) -> None:
        super().__init__()
        self.score = score
        self.scale = 1 / math.sqrt(width) if score == "scaled-dot" else 1.0
        if score in ("additive", "scaled-dot"):
            self.query = nn.Linear(width, width, bias=False)
        if score != "dot":
            self.key = nn.Linear(width, width, bias=False)
        if score == "general":
            nn.init.eye_(self.key.weight)  # begins as dot, which matches like with like from the first step on
        if score == "additive":
            self.energy = nn.Linear(width, 1, bias=False)

    def keys(self, states: Tensor) -> Tensor:
        """What queries are compared with, (B, S, D): made once for a source, whatever is asked of it then."""
        return states if self.score == "dot" else self.key(states)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """How well each query (B, T, D) matches each key (B, S, D): (B, T, S)."""
        if self.score == "additive":
            mixed = (self.query(queries)[:, :, None] + keys[:, None]).tanh()  # (B, T, S, D)
            return self.energy(mixed)[..., 0]
        if self.score == "scaled-dot":
            queries = self.query(queries)
        return queries @ keys.transpose(1, 2) * self.scale

    def forward(self, queries: Tensor, keys: Tensor, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The context of each query and the weights that made it.

        Shapes:
            queries (B, T, D); keys and states (B, S, D); mask (B, S), True where there is a token, at least once in a row
            returns contexts (B, T, D) and weights (B, T, S): each row sums to 1 and is exactly 0 where there is no token
        """
        scores = widened(self.scores(queries, keys)).masked_fill(~mask[:, None], -math.inf)
        weights = scores.softmax(dim=-1)
        return weights.to(states.dtype) @ states, weights
