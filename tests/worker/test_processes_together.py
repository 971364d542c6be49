"""Two processes train what one trains: the same losses, one log, a death with its reason, and a way on."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest

from tests.together import by_each_of
from tests.training_runs import configure, end_of, events_of, logged, prepare, train_here, wait_for
from workbench.events.types import CheckpointSaved, RunStarted
from workbench.finding import find_recipe
from workbench.launching.cluster import torchrun_line
from workbench.launching.launch import resume, start
from workbench.locks import lock_holder
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.status import process_started
from workbench.runs.store import Store
from workbench.worker.__main__ import Order, work

SAME = {"threads": 1, "epochs": None, "max_steps": 20, "evaluate_every": 1000, "preview_every": 1000}
WIDE, USUAL = 1e-7, 1e-4  # relative: in fp64, of which the log has nine digits, and in fp32
TEXT = {"hidden": 32, "length": 32, "batch_size": 9}
# Each recipe with its own optimizer. In fp32 the classifier of 28x28 images is no measure: torch's batch norm on the CPU has variances
# wrong by 8e-5 where channels come last (torch 2.14), so that one process leaves fp64 at step 2; see the README.
EQUAL = {
    "cnn in fp64": ("cnn", "mnist", {}, WIDE),
    "rnn in fp64": ("rnn", "text", TEXT, WIDE),
    "attention in fp64": ("attention", "dates", {"batch_size": 21}, WIDE),
    "gan in fp64": ("gan", "digits", {}, WIDE),
    "cnn in fp32": ("cnn", "digits", {}, USUAL),
    "rnn in fp32": ("rnn", "text", TEXT, USUAL),
    "attention in fp32": ("attention", "dates", {}, USUAL),
    "gan in fp32": ("gan", "digits", {}, USUAL),
    "class weights, accumulation": (
        "cnn",
        "digits",
        {"class_weights": "balanced", "batch_size": 33, "accumulate": 3, "clip_norm": 1.0},
        WIDE,
    ),
    "stacked layers": ("rnn", "rows", {"layers": 2, "dropout": 0.3, "hidden": 16, "batch_size": 9}, WIDE),
    "penalty": ("gan", "digits", {"generator_norm": "group", "loss": "wasserstein-gp", "r1": 0.0, "discriminator_steps": 2}, WIDE),
}


@pytest.mark.parametrize("case", EQUAL)
def test_two_processes_have_the_losses_and_gradients_of_one(case: str, tmp_path: Path) -> None:
    name, preset, values, tolerance = EQUAL[case]
    recipe = find_recipe(name)
    config = configure(recipe, preset, **{**SAME, "precision": "fp64" if tolerance == WIDE else "fp32", **values})
    alone, both = prepare(tmp_path, recipe, config), prepare(tmp_path, recipe, config)
    train_here(alone, recipe, config)
    by_each_of(2, lambda: work(both, Order(launched=True)), tmp_path, joined=False)
    assert end_of(both).state == "finished", end_of(both)
    players = ("generator_", "discriminator_") if name == "gan" else ("",)
    for metric in [f"train/{player}{what}" for player in players for what in ("loss", "grad_norm")]:
        expected, found = logged(alone, metric), logged(both, metric)
        assert len(found) == 20
        if metric.endswith("loss") or tolerance == WIDE:
            assert found == pytest.approx(expected, rel=tolerance), metric


def test_two_processes_show_the_dead_units_of_one(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", **{**SAME, "precision": "fp64", "batch_size": 4, "max_steps": 3, "preview_every": 3})
    alone, both = prepare(tmp_path, recipe, config), prepare(tmp_path, recipe, config)
    train_here(alone, recipe, config)
    by_each_of(2, lambda: work(both, Order(launched=True)), tmp_path, joined=False)
    assert end_of(both).state == "finished", end_of(both)
    found, expected = (json.loads(next(folder.path.rglob("dead_units-*3.json")).read_text())["text"] for folder in (both, alone))
    assert found == expected
    assert {share for share in found.split() if share.endswith("%")} - {"0.0%", "100.0%"}


def test_two_workers_below_their_launcher_train_what_one_does_in_one_log(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    values = {**SAME, "precision": "fp64"}
    alone = prepare(tmp_path / "one", recipe, configure(recipe, "digits", **values))
    train_here(alone, recipe, configure(recipe, "digits", **values))
    both = start(Store(tmp_path / "two"), recipe, "digits", configure(recipe, "digits", **values, processes=2))
    wait_for(lambda: open_run(both).status.state == "finished")
    assert logged(both, "train/loss") == pytest.approx(logged(alone, "train/loss"), rel=WIDE)
    assert [event.step for event in events_of(both) if isinstance(event, CheckpointSaved)] == [20]
    assert wait_for(lambda: json.loads(both.exit_file(1).read_text()) if both.exit_file(1).exists() else None)["state"] == "finished"


def test_a_rank_that_is_killed_ends_the_run_with_its_reason_and_the_run_goes_on(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", processes=2, **{**SAME, "max_steps": 600}, checkpoint_every=5)
    folder = start(Store(tmp_path), recipe, "digits", config)
    try:
        wait_for(lambda: open_run(folder).state.step >= 10)
        os.kill(follower_of(folder), 9)
        wait_for(lambda: not open_run(folder).status.is_live)
        assert open_run(folder).status.state == "died"
        assert "rank 1) was killed by SIGKILL" in wait_for(
            lambda: "SIGKILL" in open_run(folder).status.reason and open_run(folder).status.reason
        )
        pid = open_run(folder).state.pid
        assert not Path(f"/proc/{pid}").exists()
        resume(folder, changes={"max_steps": 60, "processes": 3})
        wait_for(lambda: open_run(folder).status.state == "finished")
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


def test_a_launcher_that_is_killed_leaves_nobody_who_writes_the_log(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", processes=2, **{**SAME, "max_steps": 100_000}, checkpoint_every=5)
    folder = start(Store(tmp_path), recipe, "digits", config)
    wait_for(lambda: open_run(folder).state.step >= 10, 120)
    ranks, launcher = [open_run(folder).state.pid, follower_of(folder)], lock_holder(folder.lock)
    try:
        assert launcher
        assert launcher not in ranks
        os.kill(launcher, 9)
        wait_for(lambda: open_run(folder).status.state == "died")
        wait_for(lambda: not any(map(process_started, ranks)))
    finally:
        for pid in ranks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
    assert resume(folder, changes={"max_steps": open_run(folder).state.step + 5}) == 1
    wait_for(lambda: open_run(folder).status.state == "finished", 120)


def test_the_line_for_a_cluster_names_the_run_and_its_processes(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    folder = start(Store(tmp_path), recipe, "digits", configure(recipe, "digits", processes=4), begins=False)
    line = torchrun_line(folder)
    assert line.startswith("torchrun ")
    assert "--nproc-per-node 4" in line
    assert line.endswith(f"-m workbench.worker {folder.path}")
