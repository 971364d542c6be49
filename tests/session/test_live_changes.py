"""Batch size and dropout while a run trains: from when they hold, and that a resumed run does the same again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.training_runs import configure, events_of, logged, prepare, stop_at, train_here
from workbench.errors import WorkbenchError
from workbench.events.types import EpochsChanged, RequestAnswered
from workbench.exporting.table import as_csv
from workbench.finding import find_recipe
from workbench.runs import control
from workbench.runs.reading.feed import open_run
from workbench.schema import describe
from workbench.session.passage import Passage
from workbench.session.resuming.restoring import set_dropout

EACH = 20  # steps of an epoch in batches of 64


@pytest.fixture(scope="module")
def recipe():
    return find_recipe("cnn")


@pytest.fixture(scope="module")
def config(recipe):
    return configure(recipe, "digits", threads=1, epochs=3, schedule="cosine", checkpoint_every=15, dropout=0.1, evaluate_every=30)


def changing(session, step: int) -> None:
    """What a person does: larger dropout at step 10, half the batch size at step 25."""
    if step == 10:
        session._change("dropout", 0.4, "a person")
    if step == 25:
        session._change("batch_size", 32, "a person")


@pytest.fixture(scope="module")
def changed(recipe, config, tmp_path_factory):
    folder = prepare(tmp_path_factory.mktemp("changed"), recipe, config)
    train_here(folder, recipe, config, at_step=changing)
    return folder


def test_another_batch_size_waits_for_the_next_epoch_and_all_counts_follow(changed) -> None:
    state = open_run(changed).state
    (event,) = (event for event in events_of(changed) if isinstance(event, EpochsChanged))
    assert (event.step, event.epoch, event.steps_per_epoch, event.examples_per_step) == (40, 2, 40, 32)
    assert state.step == state.steps_total == 40 + 40
    assert [state.epoch_of(step) for step in (20, 21, 40, 41, 80)] == [1, 2, 2, 3, 3]
    assert state.settings_now == {"dropout": 0.4, "batch_size": 32}
    rows = {line.split(",")[0]: line.split(",")[1] for line in as_csv(changed)}
    assert (rows["40"], rows["41"], rows["80"]) == ("2", "3", "3")
    rates = logged(changed, "train/lr")
    assert rates[39] > rates[40] > rates[41] > rates[42]
    assert rates[40] - rates[41] < 2 * (rates[39] - rates[40]), "the schedule goes on where it was"
    assert rates[80] < 1e-3 * rates[1]


@pytest.mark.parametrize("stop", [20, 33, 40, 55])
def test_a_stop_before_between_and_behind_the_changes_leaves_the_rest_bit_identical(recipe, config, changed, stop, tmp_path: Path) -> None:
    folder = prepare(tmp_path, recipe, config)
    ended = stop_at(stop)
    train_here(folder, recipe, config, at_step=lambda session, step: (changing(session, step), ended(session, step)))
    train_here(folder, recipe, config, attempt=2, at_step=changing if stop < 25 else None)
    assert logged(folder, "train/loss") == logged(changed, "train/loss")
    assert open_run(folder).state.epochs == open_run(changed).state.epochs


def test_changes_that_came_behind_the_checkpoint_are_made_again_at_their_steps(recipe, config, changed, tmp_path: Path) -> None:
    folder = prepare(tmp_path, recipe, config)
    ended = stop_at(44)
    train_here(folder, recipe, config, at_step=lambda session, step: (changing(session, step), ended(session, step)))
    for path in folder.checkpoints.iterdir():
        if path.name != "15-1":  # behind the dropout, before the batch size
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
    train_here(folder, recipe, config, attempt=2)
    assert logged(folder, "train/loss") == logged(changed, "train/loss")


def test_a_worker_answers_from_when_on_or_why_not(recipe, tmp_path: Path) -> None:
    config = configure(recipe, "digits", threads=1, max_steps=3)
    folder = prepare(tmp_path, recipe, config)

    def ask(session, step: int) -> None:
        if step == 1:
            control.ask(folder, "set", batch_size="32", dropout="0.2")
            control.ask(folder, "set", batch_size="0")
            session.requests._looked = 0.0

    train_here(folder, recipe, config, at_step=ask)
    said = {(event.accepted, event.message) for event in events_of(folder) if isinstance(event, RequestAnswered)}
    assert (True, "batch_size is 32 from the next epoch on, dropout is 0.2") in said
    assert any(not accepted and "batch_size" in message for accepted, message in said)


def test_dropout_reaches_modules_and_recurrent_layers_that_have_a_place_for_it() -> None:
    parts = {"model": nn.ModuleList([nn.Dropout(0.1), nn.Dropout2d(0.1), nn.LSTM(2, 2, 2), nn.GRU(2, 2, 1)]), "other": object()}
    assert set_dropout(parts, 0.5) == 3
    first, second, deep, flat = parts["model"]
    assert (first.p, second.p, deep.dropout, flat.dropout) == (0.5, 0.5, 0.5, 0.0)
    assert set_dropout({"model": nn.Linear(1, 1)}, 0.5) == 0


def test_batches_that_keep_their_size_say_so() -> None:
    data = SimpleNamespace(examples=10, batch_size=2, unit="img", epoch=lambda epoch, skip=0: iter(()))
    with pytest.raises(WorkbenchError, match="keep their size"):
        Passage(data, 1, 2).resize(4)


@pytest.mark.parametrize("name", ["rnn", "attention", "gan"])
def test_every_recipe_can_have_other_batches(name: str) -> None:
    settings = {setting.name for setting in describe(find_recipe(name).config) if setting.live}
    assert "batch_size" in settings
    assert ("dropout" in settings) == (name != "gan")


def test_streams_of_text_are_cut_anew() -> None:
    from workbench.data.language.text import Streams, Windows

    ids = torch.arange(1000)
    for kind in (Streams, Windows):
        data = kind(ids, 4, 10, 0).resized(8)
        inputs, _ = next(iter(data.epoch(0)))
        assert inputs.shape == (8, 10)
        assert data.batch_size == 80
