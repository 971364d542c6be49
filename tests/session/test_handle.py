"""What a run decides itself: how many threads, and when a recipe that trains nothing is done."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.training_runs import configure, end_of, events_of, prepare, stop_at, train_here
from workbench.events.types import LoopStarted, Noticed, PhaseChanged
from workbench.finding import find_recipe
from workbench.recipe import Preview
from workbench.runs.reading.feed import open_run
from workbench.session import handle


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recipe():
    return find_recipe("cnn")


def _measured(*counts: int):
    """Stands in for measuring: chooses the first of `counts`, and notes that it was asked."""
    asked = []

    def fastest(trial) -> dict[int, float]:
        asked.append(trial)
        trial()
        torch.set_num_threads(counts[0])
        return {count: 0.001 * count for count in counts}

    return fastest, asked


def test_auto_threads_are_measured_once_and_kept_on_resume(recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fastest, asked = _measured(2, 1)
    monkeypatch.setattr(handle, "fastest", fastest)
    config = configure(recipe, "digits", max_steps=4)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, at_step=stop_at(2))
    torch.set_num_threads(1)
    train_here(folder, recipe, config, attempt=2)
    assert len(asked) == 1
    assert torch.get_num_threads() == 2
    tuned = [event.tuning for event in events_of(folder) if isinstance(event, LoopStarted)]
    assert tuned == [{"threads": 2, "seconds_per_trial": {"1": 0.001, "2": 0.002}}] * 2
    assert open_run(folder).state.threads == 2
    assert any(isinstance(event, PhaseChanged) and event.phase == "measuring threads" for event in events_of(folder))


def test_measuring_threads_changes_neither_the_model_nor_the_random_numbers(recipe, tmp_path: Path, monkeypatch) -> None:
    from tests.training_runs import logged

    fastest, asked = _measured(1)
    monkeypatch.setattr(handle, "fastest", fastest)
    seen = []
    for threads in (None, 1):
        config = configure(recipe, "digits", max_steps=3, threads=threads)
        folder = prepare(tmp_path, recipe, config)
        train_here(folder, recipe, config)
        seen.append(logged(folder, "train/loss"))
    assert len(asked) == 1
    assert seen[0] == seen[1]


def test_a_recipe_that_has_nothing_to_train_finishes_with_its_previews(recipe, tmp_path: Path) -> None:
    def draw(config, run) -> None:
        run.preview(0, [Preview("table", "a table", "text", text="nothing to train")])

    config = configure(recipe, "digits", threads=1)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, dataclasses.replace(recipe, train=draw), config)
    ended = end_of(folder)
    assert (ended.state, ended.step) == ("finished", 0)
    assert open_run(folder).state.previews[0].name == "table"


def test_a_metric_that_the_task_does_not_declare_is_told_once(recipe, tmp_path: Path) -> None:
    def train(config, run) -> None:
        given = run.log
        run.log = lambda step, values: given(step, {**values, "train/extra": 1.0, f"train/grad_norm/{step}": 1.0})
        recipe.train(config, run)

    config = configure(recipe, "digits", max_steps=4, threads=1)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, dataclasses.replace(recipe, train=train), config)
    told = [event.message for event in events_of(folder) if isinstance(event, Noticed) and "does not declare" in event.message]
    assert told == ["it logs train/extra, which the task `classify` of the recipe does not declare: without goal, unit and chart"]
