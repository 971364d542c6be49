"""A fork goes on from its parent's checkpoint: as the parent itself where nothing is changed, and otherwise as was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training_runs import configure, events_of, logged, prepare, stop_at, train_here
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import CheckpointRemoved, Noticed, SettingsAmended
from workbench.events.writer import EventWriter
from workbench.finding import find_recipe
from workbench.launching import fork
from workbench.recipe import Recipe
from workbench.runs import lineage
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.schema import Value, flat

EACH = 20  # steps of an epoch


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return find_recipe("cnn")


@pytest.fixture(scope="module")
def config(recipe):
    return configure(recipe, "digits", threads=1, epochs=3, schedule="cosine", checkpoint_every=10, dropout=0.2, weight_decay=0.01)


@pytest.fixture(scope="module")
def parent(recipe, config, tmp_path_factory) -> RunFolder:
    """A run of 60 steps, whose rate was set at step 5 and that keeps its checkpoints of 40, 50 and 60 and its best one."""
    folder = prepare(tmp_path_factory.mktemp("runs"), recipe, config)

    def change(session, step: int) -> None:
        if step == 5:
            session._change("weight_decay", 0.02, "a person")

    train_here(folder, recipe, config, at_step=change)
    return folder


def forked(parent: RunFolder, recipe: Recipe, step: int | None = None, **typed: Value) -> RunFolder:
    """A fork that no worker was started for."""
    planned = fork.plan(parent, recipe, step, typed)
    folder = Store(parent.path.parent).claim(recipe.name)
    record = RunRecord(id=folder.id, recipe=recipe.name, settings=flat(planned.config), parent=parent.id, fork=planned.fork, created_at=1)
    folder.prepare(record, Labels())
    lineage.take_over(parent, planned.fork, folder)
    return folder


def trained(folder: RunFolder, recipe: Recipe, **more: object) -> RunFolder:
    config = fork.build(recipe.config, folder.record().settings)
    train_here(folder, recipe, config, **more)  # type: ignore[arg-type]
    return folder


def test_a_fork_with_the_same_settings_repeats_its_parent_bit_for_bit(parent, recipe) -> None:
    child = trained(forked(parent, recipe, 40), recipe)
    for key in ("train/loss", "train/grad_norm", "train/lr"):
        assert logged(child, key) == {step: value for step, value in logged(parent, key).items() if step > 40}
    mine, theirs = open_run(child).state, open_run(parent).state
    assert mine.summaries["test/accuracy"].last == theirs.summaries["test/accuracy"].last
    assert (mine.epoch, mine.steps_total) == (theirs.epoch, theirs.steps_total) == (3, 60)
    assert child.record().settings["weight_decay"] == 0.02, "as it was in force there"


def test_a_fork_stands_by_itself_when_its_parents_checkpoint_is_gone(parent, recipe, tmp_path: Path) -> None:
    child = forked(parent, recipe, 40)
    (state,) = child.checkpoints.glob("40-0/state.pt")
    assert state.stat().st_nlink > 1, "linked, where the disk can"
    assert {one.attempt for one in child.saved_checkpoints(verify=True) if one.verified} == {0}
    trained(child, recipe, at_step=stop_at(45))
    moved = parent.path.rename(tmp_path / "away")
    try:
        train_here(child, recipe, fork.build(recipe.config, child.record().settings), attempt=2)
    finally:
        moved.rename(parent.path)
    assert open_run(child).state.step == 60
    assert any(isinstance(event, CheckpointRemoved) and event.attempt == 0 for event in events_of(child)), "its own make room, too"


def test_what_was_changed_wins_over_what_the_optimizer_remembers(parent, recipe) -> None:
    child = trained(forked(parent, recipe, 40, lr=1e-4, weight_decay=0.0, epochs=4), recipe, at_step=stop_at(42))
    rates = logged(child, "train/lr")
    before = logged(parent, "train/lr")
    assert 0 < rates[41] < 1e-4, "the schedule's rate again, with another peak and another end"
    assert rates[41] / 1e-4 > before[41] / max(before.values())
    other = trained(forked(parent, recipe, 40, optimizer="sgd", seed=3), recipe, at_step=stop_at(42))
    assert any("another optimizer" in event.message for event in events_of(other) if isinstance(event, Noticed))
    assert logged(other, "train/loss")[41] != logged(parent, "train/loss")[41], "another seed, another order"


def test_another_size_of_batch_holds_from_the_next_epoch_on(parent, recipe) -> None:
    child = trained(forked(parent, recipe, 50, batch_size=32, epochs=4), recipe)
    state = open_run(child).state
    assert [tuple(stretch) for stretch in state.epochs.stretches] == [(0, 0, EACH, 64), (60, 3, 2 * EACH, 32)]
    assert state.step == state.steps_total == 60 + 2 * EACH
    assert logged(child, "train/loss")[51] == logged(parent, "train/loss")[51]


def test_a_run_that_keeps_all_checkpoints_is_forked_from_any(recipe, tmp_path: Path) -> None:
    config = configure(recipe, "digits", threads=1, max_steps=60, schedule="constant", checkpoint_every=10, keep_checkpoints=None)
    parent = prepare(tmp_path, recipe, config)
    train_here(parent, recipe, config)
    assert [one.step for one in parent.saved_checkpoints()] == [10, 20, 30, 40, 50, 60]
    child = trained(forked(parent, recipe, 10, max_steps=20), recipe)
    assert logged(child, "train/loss") == {step: loss for step, loss in logged(parent, "train/loss").items() if 10 < step <= 20}
    with pytest.raises(WorkbenchError, match="no checkpoint at step 11") as caught:
        fork.plan(parent, recipe, 11, {})
    assert "keep-checkpoints" not in caught.value.hint


def test_a_model_that_does_not_fit_is_refused_by_name(parent, recipe) -> None:
    with pytest.raises(WorkbenchError, match=r"does not fit the checkpoint of cnn-1: .* with these settings and .* in it") as caught:
        trained(forked(parent, recipe, 40, width=64), recipe)
    assert caught.value.code == ExitCode.WRONG_USE


def test_what_cannot_be_forked_says_why_and_what_can(parent, recipe, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="no checkpoint at step 41") as caught:
        fork.plan(parent, recipe, 41, {})
    assert "40, 50, 60" in caught.value.hint
    with pytest.raises(WorkbenchError, match="nothing left to do: epochs is 3") as caught:
        fork.plan(parent, recipe, None, {})
    assert "--epochs 6" in caught.value.hint
    with pytest.raises(WorkbenchError, match="expected"):
        fork.plan(parent, recipe, 40, {"lr": 5.0})
    child = forked(parent, recipe, 40)
    state = next(child.checkpoints.glob("40-0/state.pt"))
    content = state.read_bytes()
    state.unlink()
    state.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(WorkbenchError, match="at step 40 is damaged"):
        fork.plan(child, recipe, 40, {})
    with pytest.raises(WorkbenchError, match="cannot be read"):
        trained(child, recipe)


def test_a_fork_without_patience_left_says_so_before_its_first_step(recipe, tmp_path: Path) -> None:
    config = configure(recipe, "digits", threads=1, epochs=9, patience=1, min_delta=0.9, checkpoint_every=20)
    tired = prepare(tmp_path, recipe, config)
    train_here(tired, recipe, config)
    with pytest.raises(WorkbenchError, match="ran out of patience") as caught:
        trained(forked(tired, recipe), recipe)
    assert "--patience 2" in caught.value.hint


def test_a_fork_of_a_fork_begins_where_that_one_began(parent, recipe) -> None:
    child = trained(forked(parent, recipe, 40, lr=1e-4), recipe, at_step=stop_at(42))
    grandchild = trained(forked(child, recipe, 40), recipe, at_step=stop_at(42))
    assert logged(grandchild, "train/loss") == logged(child, "train/loss")
    assert [folder.id for folder, _ in lineage.ancestry(grandchild)] == [child.id, parent.id]


def test_a_raised_limit_alone_changes_no_loss_where_the_rate_does_not_follow_it(recipe, tmp_path: Path) -> None:
    short, long = (configure(recipe, "digits", threads=1, epochs=epochs, schedule="constant", checkpoint_every=10) for epochs in (2, 3))
    ended, whole = prepare(tmp_path, recipe, short), prepare(tmp_path, recipe, long)
    train_here(ended, recipe, short)
    train_here(whole, recipe, long)
    child = trained(forked(ended, recipe, epochs=3), recipe)
    assert logged(child, "train/loss") == {step: value for step, value in logged(whole, "train/loss").items() if step > 2 * EACH}


def test_a_rate_that_a_resumed_run_was_given_wins_over_the_one_it_was_saved_with(recipe, tmp_path: Path) -> None:
    config = configure(recipe, "digits", threads=1, max_steps=20, schedule="constant", checkpoint_every=10)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, at_step=stop_at(12))
    writer = EventWriter(folder.events)
    writer.write(SettingsAmended(at=1, values={"lr": 1e-5}))
    writer.close()
    train_here(folder, recipe, fork.build(recipe.config, {**flat(config), "lr": 1e-5}), attempt=2)
    rates = logged(folder, "train/lr")
    assert rates[12] == config.optimization.lr
    assert {rates[step] for step in range(13, 21)} == {1e-5}
