"""A look at a model that is in the middle of its training, and leaves it there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def evaluating(*models: nn.Module) -> Iterator[None]:
    """Evaluation mode within the block: dropout draws nothing and batch norm learns nothing. Then each module is as it was."""
    modes = {module: module.training for model in models for module in model.modules()}
    for model in models:
        model.eval()
    try:
        yield
    finally:
        for module, was_training in modes.items():
            module.training = was_training
