"""Two processes train what one trains: the same losses, one log, a death with its reason, and a way on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.training_runs import configure, end_of, events_of, logged, prepare, train_here, wait_for
from workbench.events.types import RunStarted
from workbench.finding import find_recipe
from workbench.runs.feed import open_run
from workbench.runs.folder import RunFolder
from workbench.runs.store import Store
from workbench.worker import torchrun
from workbench.worker.launch import resume, start

SAME = {"threads": 1, "precision": "fp32"}
RECIPES = {  # batch norm, dropout and moved images; a carried state and dropout; tokens as weights; noise and batch norm
    "cnn": ("digits", {"clip_norm": 1.0, "accumulate": 2, "max_steps": 15}, "train/loss"),
    "rnn": ("text", {"hidden": 16, "batch_size": 9, "length": 16, "max_steps": 10}, "train/loss"),
    "attention": ("dates", {"examples": 300, "batch_size": 21, "max_steps": 10}, "train/loss"),
    "gan": ("digits", {"max_steps": 10, "generator_norm": "batch"}, "train/generator_loss"),
}


def train_in_two(root: Path, name: str, preset: str, **values) -> RunFolder:
    recipe = find_recipe(name)
    folder = start(Store(root), recipe, preset, configure(recipe, preset, processes=2, **SAME, **values))
    wait_for(lambda: not open_run(folder).status.is_live, 120)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_two_processes_have_the_losses_of_one(name: str, tmp_path: Path) -> None:
    preset, values, key = RECIPES[name]
    recipe = find_recipe(name)
    config = configure(recipe, preset, **SAME, **values)
    alone = prepare(tmp_path / "one", recipe, config)
    train_here(alone, recipe, config)
    both = train_in_two(tmp_path / "two", name, preset, **values)
    assert end_of(both).state == "finished", end_of(both)
    for metric in (key, "train/grad_norm" if name != "gan" else "train/generator_grad_norm"):
        expected, found = logged(alone, metric), logged(both, metric)
        assert len(found) == values["max_steps"]
        assert found == pytest.approx(expected, rel=1e-4)
