"""What a trained model can be asked: the part of the contract that a recipe keeps with `Recipe.use`. Torch-free.

A recipe says which of these its model is, and gives plain functions on tensors; reading files, drawing characters, previews and
words are the workbench's (`workbench/using/`). All functions are called with the model in evaluation mode and without gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Elsewhere:
    """What somebody needs besides the weights who runs the network without the workbench; it leaves beside them.

    Attributes:
        inputs: a sentence for each input of `forward`: its shape, its type, and how it is prepared.
        output: the same for what comes out.
        tables: by name what the sentences speak of: characters by number, tokens, means. Anything that JSON has.
    """

    inputs: tuple[str, ...]
    output: str
    tables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Names:
    """Names the class of an image."""

    classes: tuple[str, ...]
    shape: tuple[int, int, int]  # (C, H, W)
    name: Callable[[Any], Any]  # images (N, C, H, W) from 0 to 1 -> probabilities (N, K)
    look: Callable[[Any], Any] | None = None  # images (N, C, H, W) -> (N, H, W) from 0 to 1: where it saw what spoke for its answer
    example: Callable[[int], tuple[Any, str]] | None = None  # number -> a held-out image (C, H, W) from 0 to 1, and its class
    on_dark: bool = False  # whether it learnt from bright strokes on a dark ground
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True)
class Written:
    """A target that was written for a source; `weights` has a row for each token of `target`, empty without attention."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    text: str
    weights: tuple[tuple[float, ...], ...] = ()
    unknown: tuple[str, ...] = ()  # tokens of the source that it never saw


@dataclass(frozen=True)
class Writes:
    """Writes a target sequence for a source sequence: the phones of a word, a date in another form."""

    takes: str  # "a word"
    write: Callable[[str], Written]
    example: Callable[[int], str]  # number -> a source that it never trained on
    targets: Callable[[str], tuple[str, ...]]  # a source -> what is right for it, as far as the data set knows
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True)
class Continues:
    """Continues a text character by character."""

    characters: tuple[str, ...]  # by number; number 0 stands for all others and is never drawn
    follow: Callable[[Any, Any], tuple[Any, Any]]  # new characters (T,), state (None at first) -> logits (K,) of the next, state
    prompt: str  # to begin with where nobody gives one: some held-out text
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True)
class Draws:
    """Draws images from noise."""

    latent: int  # numbers of noise
    shape: tuple[int, int, int]
    classes: tuple[str, ...]  # that can be asked for; empty where it draws what it likes
    draw: Callable[[Any, Any], Any]  # noise (N, latent), labels (N,) or None -> images (N, C, H, W) from 0 to 1
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True)
class Asked:
    """A sequence to answer: `steps` (T, features) as the model takes them; `right` is empty where nobody knows."""

    name: str
    steps: Any
    shown: str
    right: str = ""


@dataclass(frozen=True)
class Answers:
    """Answers a sequence of numbers: with a class, a number, or a symbol at each step."""

    takes: str
    answer: Callable[[list[Any]], list[str]]  # sequences (T, features) -> an answer each, in words
    read: Callable[[Path], list[Asked]] | None = None  # a csv file
    make: Callable[[int, int], list[Asked]] | None = None  # (how many, seed) -> examples that it never trained on
    elsewhere: Elsewhere | None = None


Use = Names | Writes | Continues | Draws | Answers
