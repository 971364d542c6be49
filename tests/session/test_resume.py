"""A run that was stopped and resumed is the run that was not: same losses, same weights, same counts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from tests.training_runs import configure, events_of, logged, prepare, stop_at, train_here
from workbench.events.types import LoopStarted, Noticed, SettingChanged
from workbench.finding import find_recipe
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.training import checkpoint

CPU = torch.device("cpu")
STEPS_PER_EPOCH = 20  # of the digits preset: 1,258 images in batches of 64


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    found, _ = checkpoint.newest_good(folder.checkpoints, CPU)
    assert found is not None
    parts: dict[str, torch.Tensor] = found.state["parts"]["model"]
    return parts


@pytest.fixture(scope="module")
def recipe():
    return find_recipe("cnn")


@pytest.fixture(scope="module")
def config(recipe):
    # Everything that keeps state takes part: dropout, augmentation, momentum, a schedule, accumulation, early stopping.
    values = {"shift": 1.0, "rotate": 5.0, "accumulate": 2, "batch_size": 32, "clip_norm": 1.0, "patience": 50, "warmup_steps": 7}
    return configure(recipe, "digits", threads=1, epochs=4, checkpoint_every=12, **values)


@pytest.fixture(scope="module")
def whole(recipe, config, tmp_path_factory):
    folder = prepare(tmp_path_factory.mktemp("whole"), recipe, config)
    train_here(folder, recipe, config)
    return folder


@pytest.mark.parametrize("stop", [STEPS_PER_EPOCH, *random.Random(7).sample(range(1, 4 * STEPS_PER_EPOCH), 4)])
def test_a_stop_at_any_step_leaves_losses_and_weights_bit_identical(recipe, config, whole, stop: int, tmp_path: Path) -> None:
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, at_step=stop_at(stop))
    train_here(folder, recipe, config, attempt=2)
    for key in ("train/loss", "train/grad_norm", "train/lr"):
        assert logged(folder, key) == logged(whole, key)
    ours, theirs = weights(folder), weights(whole)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    mine, other = open_run(folder).state.summaries, open_run(whole).state.summaries
    assert mine["validation/accuracy"] == other["validation/accuracy"]
    assert mine["test/accuracy"] == other["test/accuracy"]


def test_a_run_killed_between_checkpoints_repeats_its_steps_exactly(recipe, config, whole, tmp_path: Path) -> None:
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, at_step=stop_at(50))
    for path in folder.checkpoints.iterdir():
        if path.name.startswith("50-"):  # as if the last 50 steps' end had never been saved
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
    assert [path.name for path in folder.checkpoints.iterdir()], "an earlier checkpoint is there to go on from"
    train_here(folder, recipe, config, attempt=2)
    assert next(event.step for event in reversed(events_of(folder)) if isinstance(event, LoopStarted)) < 50
    assert logged(folder, "train/loss") == logged(whole, "train/loss")
    state = open_run(folder).state
    assert state.summaries["train/loss"].count == 4 * STEPS_PER_EPOCH
    assert state.ghosts["train/loss"][0].first[-1] <= 50


def test_a_damaged_checkpoint_gives_way_to_the_one_before_it_and_says_so(recipe, config, whole, tmp_path: Path) -> None:
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config, at_step=stop_at(50))
    newest = checkpoint.newest_first(folder.checkpoints)[0]
    state = newest / "state.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    train_here(folder, recipe, config, attempt=2)
    notices = [event.message for event in events_of(folder) if isinstance(event, Noticed)]
    assert any(newest.name in message and "checksum" in message for message in notices), notices
    assert logged(folder, "train/loss") == logged(whole, "train/loss")


def test_a_rate_set_by_hand_behind_the_checkpoint_is_set_again_at_its_step(recipe, config, tmp_path: Path) -> None:
    def change(session, step: int) -> None:
        if step == 30:
            session._change("lr", 1e-4, "a person")
        if step == 50:
            session.requests.signalled = "SIGTERM"

    changed = prepare(tmp_path, recipe, config)
    train_here(changed, recipe, config, at_step=change)
    for path in checkpoint.newest_first(changed.checkpoints):
        if int(path.name.split("-")[0]) > 30:
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
    train_here(changed, recipe, config, attempt=2)
    rates = logged(changed, "train/lr")
    assert rates[30] != 1e-4
    assert {rates[step] for step in range(31, 4 * STEPS_PER_EPOCH + 1)} == {1e-4}
    assert [event.step for event in events_of(changed) if isinstance(event, SettingChanged)] == [30, 30]
