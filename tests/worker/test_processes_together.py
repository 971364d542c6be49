"""Two processes train what one trains: the same losses, one log, a death with its reason, and a way on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.training_runs import configure, end_of, events_of, logged, prepare, train_here, wait_for
from workbench.events.types import RunStarted
from workbench.finding import find_recipe
from workbench.launching.cluster import torchrun_line
from workbench.launching.launch import resume, start
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store

SAME = {"threads": 1, "precision": "fp32"}
RECIPES = {  # batch norm, dropout and moved images; a carried state and dropout; tokens as weights; noise and batch norm
    "cnn": ("digits", {"clip_norm": 1.0, "accumulate": 2, "max_steps": 15}, "train/loss"),
    "rnn": ("text", {"hidden": 16, "batch_size": 9, "length": 16, "max_steps": 10}, "train/loss"),
    "attention": ("dates", {"examples": 300, "batch_size": 21, "max_steps": 10}, "train/loss"),
    "gan": ("digits", {"max_steps": 10, "generator_norm": "batch", "optimizer": "sgd", "lr": 1e-3}, "train/generator_loss"),
}


def train_in_two(root: Path, name: str, preset: str, **values) -> RunFolder:
    recipe = find_recipe(name)
    folder = start(Store(root), recipe, preset, configure(recipe, preset, processes=2, **SAME, **values))
    wait_for(lambda: not open_run(folder).status.is_live, 120)
    return folder


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


def test_a_rank_that_is_killed_ends_the_run_with_its_reason_and_the_run_goes_on(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", processes=2, **SAME, max_steps=600, epochs=None, checkpoint_every=5, preview_every=1000)
    folder = start(Store(tmp_path), recipe, "digits", config)
    try:
        wait_for(lambda: open_run(folder).state.step >= 10, 120)
        os.kill(follower_of(folder), 9)
        wait_for(lambda: not open_run(folder).status.is_live, 60)
        status = open_run(folder).status
        assert status.state == "died"
        assert "rank 1) was killed by SIGKILL" in status.reason
        pid = open_run(folder).state.pid
        assert not Path(f"/proc/{pid}").exists()
        resume(folder, changes={"max_steps": 60})
        wait_for(lambda: open_run(folder).status.state == "finished", 120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(open_run(folder).state.pid, 9)
    assert len([event for event in events_of(folder) if isinstance(event, RunStarted)]) == 2
    assert open_run(folder).state.step >= 60


def follower_of(folder: RunFolder) -> int:
    """The process with RANK 1 of the run."""
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder.path).encode() in (place / "cmdline").read_bytes() and b"\0RANK=1\0" in (place / "environ").read_bytes():
                return int(place.name)
    raise AssertionError("there is no second process")


def test_the_line_for_a_cluster_names_the_run_and_its_processes(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    folder = start(Store(tmp_path), recipe, "digits", configure(recipe, "digits", processes=4), begins=False)
    line = torchrun_line(folder)
    assert line.startswith("torchrun ")
    assert "--nproc-per-node 4" in line
    assert line.endswith(f"-m workbench.worker {folder.path}")
