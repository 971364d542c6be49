"""What counting alone predicts: an interpolated n-gram model, the baseline beside every model of text."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ORDER = 5


def ngram_bits(train: Tensor, test: Tensor, size: int, *, between: Tensor | None = None, order: int = ORDER) -> float:
    """Bits per token of `test` under the counts of `train`, interpolated over all orders up to `order`.

    Witten and Bell 1991 (IEEE Trans. Information Theory 37(4), their method C), as an interpolation (Chen and Goodman 1998,
    eq. 17): with S tokens seen behind a context of k - 1 tokens, D of them different,

        p_k(c | context) = (count(context, c) + D * p_{k-1}(c | shorter context)) / (S + D),    p_0 = 1 / size

    Each context and each n-gram is a number here, found by sorting, so a million tokens take about a second.

    Args:
        between: tokens between the two; the first of `test` are predicted from its end, and nothing is counted there.

    Shapes:
        all (N,) whole numbers below `size`
    """
    between = train[:0] if between is None else between
    tokens = torch.cat([train, between, test]).cpu()
    counted, judged = len(train), len(tokens) - len(test)
    share = torch.full((len(tokens),), 1 / size, dtype=torch.float64)  # p_0 of every token
    contexts = torch.zeros(len(tokens), dtype=torch.long)  # the one context of no tokens
    for length in range(1, order + 1):
        grams = _numbered(contexts * size + tokens)  # context and the token behind it
        # The first tokens of the training split have too few before them for a longer context.
        valid = slice(length - 1, counted)
        counts = torch.bincount(grams[valid], minlength=int(grams.max()) + 1)
        seen = torch.bincount(contexts[valid], minlength=int(contexts.max()) + 1)
        new = _first_of_each(grams[valid])
        kinds = torch.bincount(contexts[valid][new], minlength=len(seen))
        total = (seen + kinds)[contexts]
        mixed = (counts[grams] + kinds[contexts] * share) / total.clamp(min=1)
        share = torch.where(total > 0, mixed, share)  # behind an unknown context the shorter one decides
        contexts = torch.cat([grams.new_full((1,), int(grams.max()) + 1), grams[:-1]])  # of the token after: this n-gram
        contexts = _numbered(contexts)
    return float(-share[judged:].log2().mean()) if len(test) else math.nan


def _numbered(codes: Tensor) -> Tensor:
    """Equal codes to equal numbers, from 0 without gaps, so that a further token fits into 64 bits."""
    numbers: Tensor = torch.unique(codes, return_inverse=True)[1]
    return numbers


def _first_of_each(numbers: Tensor) -> Tensor:
    """(M,): where each different number stands for the first time."""
    first = torch.full((int(numbers.max()) + 1 if len(numbers) else 0,), len(numbers), dtype=torch.long)
    first.scatter_reduce_(0, numbers, torch.arange(len(numbers)), reduce="amin")
    return first[first < len(numbers)]
