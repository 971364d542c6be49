"""Counting what a run would learn from."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from workbench.data import contents
from workbench.finding import find_recipes
from workbench.recipe import Preset, Recipe
from workbench.schema import build

PRESETS = [
    pytest.param(recipe, preset, id=f"{recipe.name}-{preset.name}") for recipe in find_recipes().values() for preset in recipe.presets
]


def test_classes_are_counted_in_both() -> None:
    tally = contents.classes(("cat", "dog", "eel"), torch.tensor([0, 1, 1, 0, 1]), torch.tensor([1]))
    assert (tally.labels, tally.training, tally.batch) == (("cat", "dog", "eel"), (2, 3, 0), (0, 1, 0))
    assert contents.classes(("cat", "dog"), None, torch.tensor([1])).training == ()


def test_the_most_frequent_tokens_come_first_and_the_rare_are_counted() -> None:
    names = [" ", "\n", *(chr(code) for code in range(0x100, 0x100 + contents.MOST_LABELS))]
    training = torch.cat([torch.arange(len(names)), torch.tensor([1, 1, 0])])
    tally = contents.frequent("characters", names, training, torch.tensor([[0, 0], [1, 5]]))
    assert tally.labels[:3] == ("'\\n'", "' '", "\u0100")
    assert tally.training[:3] == (3, 2, 1)
    assert tally.batch[:2] == (1, 2)
    assert tally.left_out == 2


def test_lengths_stand_in_bins_of_a_round_width() -> None:
    tally = contents.lengths("tokens", torch.tensor([7, 8, 12, 12, 3]), torch.tensor([12]))
    assert tally.labels == ("2-3", "4-5", "6-7", "8-9", "10-11", "12-13")
    assert tally.training == (1, 0, 1, 1, 0, 2)
    assert tally.batch == (0, 0, 0, 0, 0, 1)


def test_numbers_stand_in_equal_bins() -> None:
    tally = contents.amounts("number", None, torch.tensor([0.0, 0.05, 1.0]))
    assert (tally.labels[0], tally.labels[-1]) == ("0 to 0.1", "0.9 to 1")
    assert (tally.batch[0], tally.batch[-1], sum(tally.batch)) == (2, 1, 3)
    assert sum(contents.amounts("number", None, torch.tensor([2.0, 2.0])).batch) == 2


@pytest.mark.parametrize(("recipe", "preset"), PRESETS)
def test_every_preset_tells_what_it_learns_from(recipe: Recipe, preset: Preset) -> None:
    assert recipe.contents is not None
    found = recipe.contents(build(recipe.config, preset.settings))
    assert found.examples.keys() == {"train", "validation", "test"}
    assert found.steps_per_epoch > 0
    json.dumps(dataclasses.asdict(found))
    for tally in found.tallies:
        assert tally.labels
        assert len(tally.batch) == len(tally.labels)
        assert len(tally.training) in (0, len(tally.labels))
        assert sum(tally.training) <= found.examples["train"] or tally.kind == "tokens"
