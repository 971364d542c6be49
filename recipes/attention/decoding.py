"""Writing with a trained translator: always the likeliest token, or the likeliest of several beginnings side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from recipes.attention.translator import Memory, State, Translator
from workbench.data.language.tokens import END, PAD, START


@dataclass(frozen=True)
class Written:
    """What was written for each source: ids (B, T) up to END, PAD behind it, and the weights (B, T, S), None without attention."""

    ids: Tensor
    weights: Tensor | None


@torch.no_grad()
def greedy(model: Translator, sources: Tensor, most: int) -> Written:
    """Take the likeliest token at each step, at most `most` of them."""
    memory = model.encode(sources)
    token = torch.full((len(sources), 1), START, device=sources.device)
    state = memory.start
    over = torch.zeros(len(sources), 1, dtype=torch.bool, device=sources.device)
    ids, weights = [], []
    for _ in range(most):
        logits, state, looked = model.decode(token, state, memory)
        token = logits[..., END:].argmax(dim=-1).add(END).masked_fill(over, PAD)  # neither PAD nor START, which come before END
        ids.append(token)
        weights.append(looked)
        over = over | (token == END)
        if bool(over.all()):
            break
    attended = [each for each in weights if each is not None]
    return Written(torch.cat(ids, dim=1), torch.cat(attended, dim=1) if attended else None)


@torch.no_grad()
def beam_search(model: Translator, sources: Tensor, most: int, beam: int) -> Tensor:
    """Keep the `beam` likeliest beginnings at each step and return the likeliest whole: ids (B, T) up to END, PAD behind it.

    Whole ones compete by the mean log probability of their tokens, END included, or the shortest would win
    (Graves 2012, arXiv:1211.3711, section 3; the mean as in Wu et al. 2016, arXiv:1609.08144, eq. 14 with alpha 1).
    """
    count, device = len(sources), sources.device
    owners = torch.arange(count, device=device).repeat_interleave(beam)  # (B * beam,) the source of each beginning
    memory = model.encode(sources)[owners]
    ids = torch.full((count * beam, 1), START, device=device)
    state = memory.start
    first = torch.full((count, beam), -math.inf, device=device)
    first[:, 0] = 0.0  # at first all beginnings of a source are the same one
    scores, over = first.flatten(), torch.zeros(count * beam, dtype=torch.bool, device=device)
    for _ in range(most):
        grown, state = _grow(model, ids, state, memory, scores, over)  # (B * beam, V)
        choice = grown.view(count, -1).topk(beam, dim=1)
        kinds = grown.shape[-1]
        parents = (torch.arange(count, device=device)[:, None] * beam + choice.indices // kinds).flatten()
        ids = torch.cat([ids[parents], (choice.indices % kinds).flatten()[:, None]], dim=1)
        scores, over = choice.values.flatten(), over[parents] | (ids[:, -1] == END)
        state = tuple(part[:, parents] for part in state)
        if bool(over.all()):
            break
    lengths = (ids[:, 1:] != PAD).sum(dim=1)
    best = (scores / lengths).view(count, beam).argmax(dim=1) + torch.arange(count, device=device) * beam
    return ids[best, 1:]


def _grow(model: Translator, ids: Tensor, state: State, memory: Memory, scores: Tensor, over: Tensor) -> tuple[Tensor, State]:
    """The score of every beginning with every token behind it; one that is over goes on with PAD alone, for nothing."""
    logits, state, _ = model.decode(ids[:, -1:], state, memory)
    steps = logits[:, 0].float().log_softmax(dim=-1)
    steps[:, [PAD, START]] = -math.inf
    rest = torch.full_like(steps, -math.inf)
    rest[:, PAD] = 0.0
    return scores[:, None] + torch.where(over[:, None], rest, steps), state
