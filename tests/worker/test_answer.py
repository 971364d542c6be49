"""What the helper answers to a question about a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.training_runs import configure
from workbench.finding import find_recipe
from workbench.recipe import Preview
from workbench.views.drawing import parse
from workbench.worker import answer


@pytest.mark.parametrize(("side", "least"), [(28, 60), (400, 20)])
def test_as_many_examples_are_told_as_a_large_screen_shows_and_a_preview_holds(side: int, least: int) -> None:
    def batch(config: object, count: int) -> Preview:
        captions = tuple(map(str, range(count)))
        return Preview("batch", f"{count} of a batch", "images", images=torch.zeros(count, side, side), captions=captions)

    recipe = find_recipe("cnn")
    told = answer._batch(replace(recipe, batch=batch), configure(recipe, "digits"))
    shown = parse("images", told)
    assert not shown.problem
    assert len(shown.images) >= least
    assert told["title"] == f"{len(shown.images)} of a batch"
