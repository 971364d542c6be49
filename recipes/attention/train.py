"""Which loop trains what: pairs are translated, texts continued, images classified by their rows."""

from __future__ import annotations

from typing import Any

from recipes.attention import IMAGES, TEXTS, Config, classify, language, translate
from workbench.recipe import Contents, Preview, Run


def train(config: Config, run: Run) -> None:
    """Train what the data set asks for."""
    _part(config).train(config, run)


def untrained(config: Config) -> tuple[Any, Any]:
    """The network before training, and a batch of one."""
    return _part(config).untrained(config)


def batch(config: Config, count: int) -> Preview:
    """Training examples as the network sees them."""
    return _part(config).batch(config, count)


def contents(config: Config) -> Contents:
    """How much there is to learn from."""
    counted: Contents = _part(config).contents(config)
    return counted


def _part(config: Config) -> Any:
    if config.data.dataset in TEXTS:
        return language
    return classify if config.data.dataset in IMAGES else translate
