"""What a model is given and gives, in words, beside its weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from workbench.errors import WorkbenchError
from workbench.recipe import Recipe
from workbench.using.trained_run import TrainedRun


def in_words(run: TrainedRun, recipe: Recipe, config: Any, module: nn.Module) -> tuple[dict[str, str], str]:
    """The texts by name, and a remark where they could not be had: weights are of use without them, too."""
    try:
        return run.elsewhere(recipe, config, module), ""
    except WorkbenchError as error:
        return {}, f"; without words on its inputs, since {error.message}"
    except Exception as error:  # noqa: BLE001  somebody's recipe may fail in any way at what is not asked of it
        return {}, f"; without words on its inputs: {type(error).__name__}: {error}"


def of_weights(run: TrainedRun, recipe_path: str) -> tuple[dict[str, str], str]:
    """The same where the network itself is not needed, and its recipe may have changed or be away."""
    try:
        recipe, config, module, _ = run.model(recipe_path)
    except WorkbenchError as error:
        return {}, f"; without words on its inputs, since {error.message}"
    return in_words(run, recipe, config, module)
