"""Continuing a text, a few characters at a question, so that it streams; the state waits here in between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from workbench.data.order import generator
from workbench.errors import WorkbenchError
from workbench.uses import Continues

_KEPT = 4  # texts that wait to be continued
_LIKELIEST = 8
_names = itertools.count(1)


@dataclass
class Continuation:
    """A text that goes on: the draws follow from the seed, whatever is asked for at a time."""

    use: Continues
    prompt: str
    temperature: float
    top_k: int
    seed: int
    _logits: Tensor = field(init=False)
    _state: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        numbers = {character: number for number, character in enumerate(self.use.characters)}
        self.unknown = "".join(dict.fromkeys(character for character in self.prompt if character not in numbers))
        ids = torch.tensor([numbers.get(character, 0) for character in self.prompt or "\n"])
        self._draws = generator("continuation", self.seed)
        self._read(ids)
        self.following = likeliest(self._shares(1.0, 0), self.use.characters)

    def more(self, count: int) -> str:
        """The next `count` characters."""
        written = []
        for _ in range(count):
            drawn = torch.multinomial(self._shares(self.temperature, self.top_k), 1, generator=self._draws)
            written.append(self.use.characters[int(drawn)])
            self._read(drawn)
        return "".join(written)

    def _read(self, ids: Tensor) -> None:
        logits, self._state = self.use.follow(ids, self._state)
        self._logits = logits.detach().float().cpu().clone()
        self._logits[0] = -torch.inf  # of the unknown character nobody could say what it is

    def _shares(self, temperature: float, top_k: int) -> Tensor:
        """How likely each character is (K,); at temperature 0 the likeliest is certain."""
        return sharpened(self._logits, temperature, top_k)


def sharpened(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    """Probabilities (K,) at a temperature, of the `top_k` likeliest alone where that is not 0.

    Fan, Lewis and Dauphin 2018, section 5.2 (arXiv:1805.04833), for top-k sampling.
    """
    if top_k:
        least = logits.topk(min(top_k, len(logits))).values[-1]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if temperature == 0:
        return torch.zeros_like(logits).scatter(0, logits.argmax(dim=0, keepdim=True), 1.0)
    return (logits / temperature).softmax(dim=0)


def likeliest(shares: Tensor, characters: tuple[str, ...]) -> list[list[Any]]:
    """The likeliest characters with their probabilities."""
    best = shares.topk(min(_LIKELIEST, len(shares)))
    return [[characters[place], share] for place, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


_waiting: dict[str, Continuation] = {}


def begin(use: Continues, question: dict[str, Any]) -> dict[str, Any]:
    """Start a text; its name is asked for more."""
    prompt = question.get("prompt")
    continuation = Continuation(
        use,
        use.prompt if prompt is None else str(prompt),
        float(question.get("temperature", 0.7)),
        int(question.get("top_k", 0)),
        int(question.get("seed", 0)),
    )
    while len(_waiting) >= _KEPT:
        _waiting.pop(next(iter(_waiting)))
    name = f"text-{next(_names)}"
    _waiting[name] = continuation
    return {"text": name, "prompt": continuation.prompt, "following": continuation.following, "unknown": continuation.unknown}


def more(question: dict[str, Any]) -> dict[str, Any]:
    """The next characters of a text."""
    continuation = _waiting.get(str(question["text"]))
    if continuation is None:
        raise WorkbenchError("that text is no longer there to be continued", "begin it again")
    return {"text": question["text"], "more": continuation.more(int(question["count"]))}
