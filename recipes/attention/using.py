"""What a trained translator, language model or classifier of rows can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from recipes.attention import IMAGES, TEXTS, Config, classify, language, translate
from recipes.attention.decoding import beam_search
from recipes.attention.transformer import LanguageModel, RowClassifier
from recipes.attention.translator import Translator
from workbench.data.catalogue import find_images
from workbench.data.language.pairs import PairData
from workbench.data.language.text import text_elsewhere
from workbench.data.language.tokens import END, PAD, START, UNKNOWN, Symbols
from workbench.data.vision.images import ImageData
from workbench.data.vision.labelled import images_in_words, normalise, unit_range
from workbench.data.vision.origin import require_same
from workbench.errors import WorkbenchError
from workbench.uses import Continues, Elsewhere, Names, Use, Writes, Written

CPU = torch.device("cpu")
_PROMPT = 24  # characters of the validation text, where no prompt is given
_SOURCES = {"cmudict": "a word", "dates": "a date", "sums": "a sum such as 47+5"}


def use(config: Config, model: Any, known: Mapping[str, Any]) -> Use:
    """What the data set made of the model."""
    if config.data.dataset in TEXTS:
        return _continues(config, model, known)
    return _names(config, model) if config.data.dataset in IMAGES else _writes(config, model, known)


def _writes(config: Config, model: Translator, known: Mapping[str, Any]) -> Writes:
    data = translate.load(config, CPU)
    require_same(data.about, known)

    @cache
    def right() -> dict[str, tuple[str, ...]]:
        return {pair.source: tuple(pair.targets) for split in (data.train.split, data.validation, data.test) for pair in split.pairs}

    def write(source: str) -> Written:
        return _written(config, model, data, source)

    def example(number: int) -> str:
        return data.test.pairs[number % len(data.test)].source

    takes = _SOURCES.get(config.data.dataset, "a source as in its file of pairs")
    return Writes(takes, write, example, lambda source: right().get(source) or right().get(source.lower(), ()), _elsewhere(data))


def _elsewhere(data: PairData) -> Elsewhere:
    """Both sides' tokens, and how a target is written with them."""
    tables = {
        "source_tokens": list(data.sources.tokens),
        "target_tokens": list(data.targets.tokens),
        "source_unit": data.sources.unit,
        "target_unit": data.targets.unit,
        "special_ids": {"pad": PAD, "start": START, "end": END, "unknown": UNKNOWN},
    }
    sources = "tokens of the source (N, S), int64, by their places in `source_tokens`, padded with 0 behind each"
    inputs = "tokens written so far (N, T), int64, by their places in `target_tokens`, 1 (start) first: ask again with each next one"
    return Elsewhere((sources, inputs), "logits (N, T, V) of the token behind each; 2 (end) ends the target", tables)


def _written(config: Config, model: Translator, data: PairData, source: str) -> Written:
    """What the model writes for a source, and where it looked for each token of it and for the end."""
    source = _as_trained(data.sources, source)
    flat, _ = data.sources.encode([source])
    tokens = tuple(data.sources.split(source))
    if not tokens:
        raise WorkbenchError("there is nothing to read", "type " + _SOURCES.get(config.data.dataset, "a source"))
    longest = model.encoder.position.shape[0] if config.model.encoder == "transformer" else config.data.longest
    if len(tokens) > longest:
        raise WorkbenchError(f"the source has {len(tokens)} tokens, expected at most {longest}", "it was trained with no longer ones")
    sources = flat[None]  # (1, S)
    ids = beam_search(model, sources, translate.longest_target(data), config.decoding.beam)[0].tolist()
    ids = ids[: ids.index(END) + 1] if END in ids else ids
    memory = model.encode(sources)
    weights = model.decode(torch.tensor([[START, *ids[:-1]]]), memory.start, memory)[2]
    target = data.targets.decode(ids)
    looked = () if weights is None else tuple(map(tuple, weights[0].float().tolist()))
    unknown = tuple(token for token, number in zip(tokens, flat.tolist(), strict=True) if number == UNKNOWN)
    return Written(tokens, (*target, "end") if ids and ids[-1] == END else tuple(target), data.targets.join(target), looked, unknown)


def _as_trained(symbols: Symbols, source: str) -> str:
    """In small letters where these are what it knows."""
    typed, small = (int((symbols.encode([text])[0] == UNKNOWN).sum()) for text in (source, source.lower()))
    return source.lower() if small < typed else source


def _continues(config: Config, model: LanguageModel, known: Mapping[str, Any]) -> Continues:
    data = language.load(config, CPU, baseline=False)
    require_same(data.about, known)

    def follow(ids: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        ids = (ids if before is None else torch.cat([before, ids]))[-model.context :]
        logits: Tensor = model(ids[None])[0, -1]
        return logits, ids

    prompt = data.vocabulary.decode(data.validation[:_PROMPT])
    return Continues(data.vocabulary.characters, follow, prompt, text_elsewhere(data.vocabulary))


def _names(config: Config, model: RowClassifier) -> Names:
    info = find_images(config.data.dataset)

    @cache
    def data() -> ImageData:
        return classify.load(config, CPU)

    def name(images: Tensor) -> Tensor:
        return model(normalise(info, images)).float().softmax(dim=1)

    def look(images: Tensor) -> Tensor:
        """How much the rows are looked at in the last block, mean of all heads and rows, across their whole width."""
        rows = model.weights(normalise(info, images))[:, -1].mean(dim=(1, 2))  # (B, H)
        return (rows / rows.amax(dim=1, keepdim=True))[..., None].expand(-1, -1, images.shape[-1])

    def example(number: int) -> tuple[Tensor, str]:
        test = data().test
        place = number % len(test)
        return unit_range(info, test.images[place]), info.classes[int(test.labels[place])]

    elsewhere = Elsewhere(
        (images_in_words(info),), "logits (N, K) of the classes; softmax makes probabilities", {"mean": info.mean, "deviation": info.std}
    )
    return Names(info.classes, info.shape, name, look, example, True, elsewhere)
