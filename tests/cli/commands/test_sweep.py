"""`workbench sweep`: what is typed, what is told, what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders import append, build_run, ended, finished_run
from tests.cli.workers import live_run
from workbench.cli import app, sweeping
from workbench.cli.commands.sweep import command_for
from workbench.launching import launch
from workbench.sweeps.folder import SweepFolder, all_of, host
from workbench.sweeps.journal import Journal
from workbench.worker import study


@pytest.fixture
def driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SweepFolder]:
    """Sweeps whose driver trains all runs at once."""
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.setattr(sweeping, "_LOOK_SECONDS", 0.01)
    found: list[SweepFolder] = []

    def drive(path: Path, root: Path, **_: Any) -> None:
        folder = SweepFolder(path)
        found.append(folder)
        journal = Journal(folder.log(host()))
        for number in range(folder.plan().total):
            build_run(root, finished_run(100), f"cnn-{number + 1}", sweep=folder.name, trial=number)
            journal.write("assigned", trial=number, run=f"cnn-{number + 1}")

    monkeypatch.setattr(launch, "drive", drive)
    return found


def test_a_grid_is_planned_driven_and_told(driven: list[SweepFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["sweep", "cnn:digits", "lr=1e-3,3e-3", "--seeds", "2", "--epochs", "5", "--no-restore-best", "--name", "mine"]) == 0
    plan = driven[0].plan()
    assert (plan.name, plan.families[0].preset, plan.total) == ("mine", "digits", 4)
    assert plan.settings == {"threads": 1, "epochs": 5, "restore_best": False}
    text = capsys.readouterr().out
    assert "mine  cnn/digits  finished: 4 of 4 done" in text
    assert [line.split()[:2] for line in text.splitlines()[:4]] == [[f"{at}/4", f"cnn-{at}"] for at in range(1, 5)]
    assert "90.0 %" in text
    assert "what explains the differences" not in text, "they are all alike"
    assert app.run(["sweep"]) == 0
    assert "mine  cnn/digits  finished: 4 of 4 done" in capsys.readouterr().out
    assert app.run(["sweep", "show", "last", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown) == {
        "name", "state", "objective", "goal", "families", "settings", "differing", "seeds", "trials", "total", "done", "best", "seconds",
        "machines", "importance", "importance_by_chance", "is_chance", "runs", "groups", "sampler", "pruner",
    }  # fmt: skip
    assert app.run(["runs", "sweep:mine", "--json"]) == 0
    assert [run["trial"] for run in json.loads(capsys.readouterr().out)] == [3, 2, 1, 0]


@pytest.mark.parametrize(("given", "words"), [("cpu", "one after the other"), ("cpu,cpu", "2 at a time")])
def test_how_many_train_at_a_time_is_told(
    given: str, words: str, driven: list[SweepFolder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_SLOTS", "")  # which the flag sets, for what is started from here
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--device", "cpu", "--slots", given]) == 0
    assert f"sweep-1: 2 runs, {words}, also when this terminal is closed" in capsys.readouterr().err


def test_nothing_is_begun_a_second_time(driven: list[SweepFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--detach"]) == 0
    assert capsys.readouterr().out == "sweep-1\n"
    assert app.run(["sweep", "stop", "sweep-1"]) == 2
    assert "sweep-1 is finished; there is nothing to stop" in capsys.readouterr().err
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--name", "sweep-1"]) == 2
    assert "goes on with it" in capsys.readouterr().err


def test_a_sweep_whose_driver_was_killed_is_stopped_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.setattr(sweeping, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(launch, "drive", lambda *_, **__: None)
    monkeypatch.setattr(sweeping.Look, "_await_driver", lambda *_: None)
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--name", "left", "--detach"]) == 0
    folder = SweepFolder(tmp_path / ".sweeps" / "left")
    run = live_run(tmp_path, sweep="left", trial=0)
    folder.claim(0)
    Journal(folder.log(host())).write("assigned", trial=0, run="cnn-1")
    begun = []

    def drive(path: Path, root: Path, **_: Any) -> None:
        begun.append(folder.stop.exists())
        append(run, [ended("stopped", step=100, at=time.time())])

    monkeypatch.setattr(launch, "drive", drive)
    assert app.run(["sweep", "stop", "left"]) == 0
    assert begun == [True], "one that begins nothing"
    assert "next: workbench sweep resume left" in capsys.readouterr().err
    assert app.run(["sweep", "stop", "left"]) == 2, "now nothing trains"


@pytest.mark.parametrize(
    ("machine", "words"),
    [("far", ["begun on far", "there `workbench sweep resume s`; or here `workbench resume cnn-2`"]), (host(), ["nothing drives s"])],
)
def test_what_another_machine_has_begun_is_said_to_be_left_to_it(
    machine: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.setattr(sweeping.Look, "_await_driver", lambda *_: None)

    def drive(path: Path, root: Path, **_: Any) -> None:
        folder, journal = SweepFolder(path), Journal(path / f"{machine}.jsonl")
        for number in range(2):
            build_run(root, finished_run(100) if number == 0 else finished_run(100)[:-1], f"cnn-{number + 1}", sweep="s", trial=number)
            folder.claim(number)
            (path / "claims" / f"{number}.json").write_text(json.dumps({"host": machine}))
            journal.write("assigned", trial=number, run=f"cnn-{number + 1}")

    monkeypatch.setattr(launch, "drive", drive)
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--name", "s"]) == 1
    told = capsys.readouterr().err
    assert all(each in told for each in words), told


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (["cn", "lr=1"], 2, "unknown recipe `cn`"),
        (["cnn", "lr=1e-3,9"], 2, "setting `lr` is `9`"),
        (["cnn", "lr"], 2, "`lr` is no change"),
        (["cnn", "--search", "lr=log:1e-4..1e-1"], 2, "add --trials 20"),
        (["cnn", "--lrr", "1"], 2, "unknown setting `lrr`"),
        (["cnn", "lr=1e-3", "--slots", "gpu"], 2, "no device that could have a slot"),
        (["cnn,rnn", "--max-seconds", "30"], 2, "judged by different numbers"),
        (["cnn,rnn,gan", "--dataset", "digits"], 2, "leave out gan: workbench sweep cnn,rnn"),
        (["cnn,rnn", "--preset", "digits"], 2, "name each with its own: cnn:PRESET,rnn:PRESET"),
        (["cnn:digits", "lr=1e-3,1e-2", "--preset", "mnist"], 2, "name two presets"),
        (["cnn", "lr=1e-3,1e-2", "--max-steps"], 2, "--max-steps needs a value"),
        (["cnn", "lr=1e-3,1e-2", "--max-steps", "--seeds", "3"], 2, "--max-steps takes a whole number at least 1"),
        (["cnn", "lr=1e-3", "lr=1e-2"], 2, "`lr` is given twice: 1e-3 and 1e-2"),
        (["cnn", "lr=1e-3,1e-2", "--lr", "1e-3"], 2, "`lr` is varied (lr=1e-3,1e-2) and fixed (--lr 1e-3)"),
        (["cnn", "lr=1e-3,1e-2", "--epochs", "off"], 2, "these runs would never end"),
        (["cnn", "--epochs", "1"], 2, "nothing varies: that is one run"),
        (["cnn", "--trials", "3", "--search", "lr=1e-3"], 2, "nothing varies: lr can have one value only"),
        (["cnn", "lr=1e-3,1e-2", "--sampler", "random"], 2, "--sampler is of a search"),
        (["cnn", "--trials", "3", "--search", "lr=1e-3,1e-2", "--sampler", "rand"], 2, "did you mean `random`?"),
        (["cnn", "--trials", "3", "--search", "lr=1e-3,1e-2", "--pruner", "hyper"], 2, "unknown pruner `hyper`"),
        (["cnn", "--trials", "3", "--search", "lr=1e-3..1e-2", "--sampler", "grid"], 2, "needs values, and lr is a range"),
        (["cnn", "--trials", "3", "--search", "lr=1e-3,1e-2", "--sampler", "grid"], 2, "--trials 2 tries each"),
        (["cnn", "lr=1e-3,1e-2", "--name", "show"], 2, "a sweep cannot be named `show`"),
        (["shw", "grid"], 2, "did you mean `workbench sweep show`?"),
        (["show", "none"], 3, "there is no sweep `none`"),
    ],
)
def test_what_cannot_be_swept_leaves_nothing(
    typed: list[str], code: int, words: str, driven: list[SweepFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["sweep", *typed]) == code
    assert words in capsys.readouterr().err
    assert all_of(tmp_path) == []


def test_a_search_without_optuna_names_what_to_install(
    driven: list[SweepFolder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(study.importlib.util, "find_spec", lambda name: None)
    assert app.run(["sweep", "cnn", "--trials", "5", "--search", "lr=1e-3,1e-2"]) == 2
    assert "pip install 'training-workbench[sweep]'" in capsys.readouterr().err
    assert driven == []


def test_detached_it_prints_its_name_or_its_json(driven: list[SweepFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["sweep", "cnn", "lr=1e-3,3e-3", "--detach", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "sweep-1"


def test_a_switch_needs_no_value() -> None:
    assert command_for(["cnn", "--nesterov", "lr=1,2"])[1] == ["cnn", "--set", "nesterov=yes", "lr=1,2"]
    assert command_for(["cnn", "--nesterov", "off"])[1] == ["cnn", "--set", "nesterov=off"]


def test_flags_of_settings_are_told_from_the_commands_own() -> None:
    _, rest = command_for(["cnn", "lr=1", "--epochs", "5", "--seeds", "3", "--batch-size=8", "--no-restore-best", "--json", "--name", "x"])
    assert rest == [
        "cnn",
        "lr=1",
        "--set",
        "epochs=5",
        "--seeds",
        "3",
        "--set",
        "batch-size=8",
        "--set",
        "restore-best=no",
        "--json",
        "--name",
        "x",
    ]
