"""What to look at while attention learns: where it looks, how sharply, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from recipes.attention.decoding import greedy
from recipes.attention.transformer import LanguageModel, RowClassifier
from recipes.attention.translator import Translator
from workbench.data.language.pairs import Batch, PairSplit
from workbench.data.language.text import TextData
from workbench.data.language.tokens import PAD
from workbench.data.order import generator
from workbench.data.vision.labelled import Split
from workbench.recipe import Preview
from workbench.training.inspecting.modes import evaluating
from workbench.training.scoring.mistakes import confusion, worst

PROBES = 3  # examples whose attention is drawn
PROBE_TOKENS = (6, 24)  # tokens of a probe's source: fewer show nothing, more do not fit a pane
DECODED = 20  # examples that are written out
MEASURED = 250  # examples that the entropy is the mean of
LOOKED_AT = 40  # characters of a text whose attention is drawn
WRITTEN = 160  # characters that a language model writes
TEMPERATURE = 0.7


@torch.no_grad()
def translations(model: Translator, split: PairSplit, most: int) -> Iterator[Preview]:
    """The previews `attention`, `attention-2` and so on, `entropy` (none without attention) and `decoded`."""
    with evaluating(model):
        if model.attention is not None:
            for number, index in enumerate(probes(split), start=1):
                yield alignment(model, split, index, "attention" if number == 1 else f"attention-{number}")
            yield entropy_by_place(model, split)
        yield decoded(model, split, most)


def probes(split: PairSplit, count: int = PROBES) -> list[int]:
    """The examples whose attention is drawn: the first of a fitting length, the same throughout a run and for every seed."""
    low, high = PROBE_TOKENS
    lengths = [len(split.sources.split(pair.source)) for pair in split.pairs]
    fitting = [index for index, length in enumerate(lengths) if low <= length <= high]
    return (fitting or list(range(len(split))))[:count]


def alignment(model: Translator, split: PairSplit, index: int, name: str) -> Preview:
    """Where the decoder looks (columns) when it is to say each token of the right answer (rows); each row sums to 1."""
    batch = next(split.cut(torch.tensor([index]), 1))
    weights = attended(model, batch)[0]  # (T, S)
    rows = (*split.targets.split(split.pairs[index].targets[0]), "end")
    columns = tuple(split.sources.split(split.pairs[index].source))
    title = f"{split.pairs[index].source}: looks at (columns) for (rows)"
    return Preview(name, title, "matrix", matrix=_numbers(weights), rows=rows, columns=columns)


def attended(model: Translator, batch: Batch) -> Tensor:
    """The weights (B, T, S) under teacher forcing."""
    memory = model.encode(batch.sources)
    weights = model.decode(batch.inputs, memory.start, memory)[2]
    assert weights is not None
    return weights


def entropy_by_place(model: Translator, split: PairSplit) -> Preview:
    """How many bits the attention is spread over at each place of the target: 0 is one token alone; beside it, all tokens alike."""
    _, batch = next(split.batches(MEASURED, MEASURED))
    asked = (batch.outputs != PAD).float()  # (B, T)
    examples = asked.sum(dim=0).clamp(min=1)
    bits = (entropy(attended(model, batch)) * asked).sum(dim=0) / examples  # (T,)
    even = ((batch.sources != PAD).sum(dim=1).float().log2()[:, None] * asked).sum(dim=0) / examples
    columns = tuple(str(place) for place in range(1, len(bits) + 1))
    lines = (("attention", tuple(bits.tolist())), ("all tokens alike", tuple(even.tolist())))
    return Preview("entropy", "entropy: of the attention by place in the target, bits", "lines", lines=lines, columns=columns)


def entropy(weights: Tensor) -> Tensor:
    """Of distributions along the last dimension, in bits; 0 log 0 is 0."""
    return -torch.special.xlogy(weights, weights).sum(dim=-1) / math.log(2)


def decoded(model: Translator, split: PairSplit, most: int, count: int = DECODED) -> Preview:
    """What the model writes by itself for the first examples, beside what is right."""
    lines, right = [], 0
    for pairs, batch in split.batches(most=count):
        for pair, row in zip(pairs, greedy(model, batch.sources, most).ids.tolist(), strict=True):
            written = split.targets.join(split.targets.decode(row))
            good = written in (split.targets.join(split.targets.split(target)) for target in pair.targets)
            right += good
            lines.append(f"{'ok' if good else '--'} {pair.source} -> {written}" + ("" if good else f"   [{' | '.join(pair.targets)}]"))
    return Preview("decoded", f"decoded, {right} of {len(lines)} right: behind it [what is]", "text", text="\n".join(lines))


@torch.no_grad()
def continuation(model: LanguageModel, data: TextData) -> Iterator[Preview]:
    """The previews `attention`, `heads`, `entropy` and `decoded` of a language model."""
    with evaluating(model):
        ids = data.validation[: min(LOOKED_AT, model.context)]
        characters = tuple(repr(character)[1:-1] if character.isspace() else character for character in data.vocabulary.decode(ids))
        yield from self_attention(model.weights(ids[None])[0], characters)
        yield continued(model, data)


def continued(model: LanguageModel, data: TextData, count: int = WRITTEN) -> Preview:
    """The text as the model goes on with it, one character drawn after the other; the draws are the same at every look."""
    ids = data.validation[: model.context]
    draws = generator("continuation")
    for _ in range(count):
        logits = model(ids[None, -model.context :])[0, -1].float().cpu()
        logits[0] = -math.inf  # the unknown character
        drawn = torch.multinomial((logits / TEMPERATURE).softmax(dim=0), 1, generator=draws)
        ids = torch.cat([ids, drawn.to(ids.device)])
    start, text = (data.vocabulary.decode(part) for part in (ids[:-count], ids[-count:]))
    return Preview("decoded", f"continued: at temperature {TEMPERATURE}, behind >>>", "text", text=f"{start}>>>{text}")


@torch.no_grad()
def classifications(model: RowClassifier, split: Split) -> Iterator[Preview]:
    """The previews `attention`, `heads` and `entropy` of the first image, `worst` and `confusion` of all."""
    with evaluating(model):
        batches = list(split.batches())
        images = batches[0][0]
        probabilities = torch.cat([model(images).float().softmax(dim=1) for images, _ in batches])  # (N, K)
        yield from self_attention(model.weights(images[:1])[0], tuple(str(row) for row in range(1, images.shape[2] + 1)))
        yield worst(split, probabilities)
        yield confusion(split, probabilities)


def self_attention(weights: Tensor, tokens: tuple[str, ...]) -> Iterator[Preview]:
    """Where each token looks: the last block's mean over its heads, each head of each block alone, and how sharply.

    Shapes:
        weights (layers, heads, S, S)
    """
    layers, heads, *_ = weights.shape
    title = "attention: each token (rows) looks at (columns); last block, mean of heads"
    yield Preview("attention", title, "matrix", matrix=_numbers(weights[-1].mean(dim=0)), rows=tokens, columns=tokens)
    names = tuple(f"block {layer} head {head}" for layer in range(1, layers + 1) for head in range(1, heads + 1))
    flat = weights.flatten(0, 1).float()  # (layers * heads, S, S)
    shades = (flat / flat.amax(dim=(1, 2), keepdim=True) * 255).round().byte().cpu()
    yield Preview("heads", "heads: where each looks", "images", images=shades, captions=names)
    bits = entropy(weights.float()).mean(dim=-1)  # (layers, heads)
    rows, columns = (tuple(f"{kind} {number}" for number in range(1, count + 1)) for kind, count in (("block", layers), ("head", heads)))
    yield Preview("entropy", "entropy: of each head's attention, bits", "matrix", matrix=_numbers(bits), rows=rows, columns=columns)


def _numbers(matrix: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in matrix.float().tolist())
