"""On a GPU, nothing in a training step waits for the device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training_runs import configure, prepare, train_here
from workbench.finding import find_recipes
from workbench.recipe import Recipe
from workbench.session import journal

RECIPES = find_recipes()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_no_step_of_a_recipe_waits_for_the_gpu(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FLUSH_SECONDS", 1e9)  # numbers are read when they are written, and only then

    def watch(session: object, step: int) -> None:
        torch.cuda.set_sync_debug_mode("error" if 3 <= step < 8 else "default")

    config = configure(recipe, device="cuda", max_steps=10, epochs=None, evaluate_every=10, preview_every=10, checkpoint_every=10)
    try:
        train_here(prepare(tmp_path, recipe, config), recipe, config, at_step=watch)
    finally:
        torch.cuda.set_sync_debug_mode("default")
