import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import SETTINGS, build_run, finished_run
from workbench.cli import app, follow, output
from workbench.cli.commands import train
from workbench.data.catalogue import find_images
from workbench.errors import WorkbenchError
from workbench.events.types import LoopStarted
from workbench.finding import find_recipe
from workbench.launching import launch
from workbench.runs.folder import RunFolder
from workbench.schema import build, describe, flat

CNN = find_recipe("cnn")
FLAGS = describe(CNN.config)


class Started:
    """What the launcher was asked for."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, store: Any, recipe: Any, preset: str, config: Any, **more: Any) -> RunFolder:
        self.calls.append({"store": store, "recipe": recipe, "preset": preset, "settings": flat(config), **more})
        return RunFolder(store.root / "cnn-9")

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.calls[-1]["settings"])


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("WORKBENCH_RECIPES", raising=False)
    started = Started()
    monkeypatch.setattr(launch, "start", started)
    monkeypatch.setattr(follow, "follow", lambda *_, **__: 0)
    monkeypatch.setattr(follow, "detach", lambda *_, **__: 0)
    return started


def test_flags_become_settings_over_the_first_preset(started: Started) -> None:
    assert (
        app.run(["train", "cnn", "--lr", "3e-4", "--batch-size", "32", "--no-restore-best", "--name", "n", "--tag", "a", "--tag", "b"]) == 0
    )
    assert started.settings == {**flat(build(CNN.config, {})), "lr": 3e-4, "batch_size": 32, "restore_best": False}
    assert started.calls[0]["preset"] == "mnist"
    assert (started.calls[0]["name"], started.calls[0]["tags"]) == ("n", ("a", "b"))


def test_flag_beats_file_beats_other_run_beats_preset_in_any_order(started: Started, tmp_path: Path) -> None:
    build_run(
        tmp_path / "runs", finished_run(100), settings={**flat(build(CNN.config, {})), "epochs": 7, "momentum": 0.7, "lr": 0.7, "width": 7}
    )
    file = tmp_path / "c.toml"
    file.write_text("momentum = 0.6\nlr = 0.6\n")
    words = [["--lr", "0.5"], ["--config", str(file)], ["--from", "last"], ["--preset", "mnist"]]
    for order in (words, words[::-1]):
        assert app.run(["train", "cnn", *[word for pair in order for word in pair]]) == 0
        assert {name: started.settings[name] for name in ("lr", "momentum", "epochs", "width")} == {
            "lr": 0.5,
            "momentum": 0.6,
            "epochs": 7,
            "width": 7,
        }
        assert started.calls[-1]["parent"] == "cnn-1"
        assert started.calls[-1]["preset"] == "mnist"


def test_the_recipe_of_another_run_need_not_be_typed(started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(tmp_path / "runs", finished_run(100), settings={**flat(build(CNN.config, {})), "width": 7})
    for typed in (["train", "--from", "cnn-1", "--seed", "1"], ["train", "--seed", "1", "--from=last", "--detach"]):
        assert app.run(typed) == 0
        assert (started.calls[-1]["recipe"].name, started.settings["width"], started.settings["seed"]) == ("cnn", 7, 1)
    assert "differs from cnn-1: seed 0 -> 1" in capsys.readouterr().err, "also when nobody follows it"
    build_run(tmp_path / "elsewhere", finished_run(100), settings=flat(build(CNN.config, {"width": 9})))
    assert app.run(["--runs", str(tmp_path / "elsewhere"), "train", "--from", "cnn-1"]) == 0
    assert started.settings["width"] == 9


def test_a_run_of_a_path_that_the_variable_names_is_repeated_by_it(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "own" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("from dataclasses import replace\nfrom recipes.cnn import RECIPE as CNN\nRECIPE = replace(CNN, name='mine')\n")
    monkeypatch.setenv("WORKBENCH_RECIPES", str(mine.parent))
    build_run(tmp_path / "runs", finished_run(100), settings=flat(build(CNN.config, {"width": 9})), recipe="mine", recipe_path=str(mine))
    assert app.run(["train", "--from", "cnn-1"]) == 0
    assert started.settings["width"] == 9


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"recipe_path": "/somewhere/own.py"}, "workbench train /somewhere/own.py --from cnn-1"),
        ({"source": "script"}, "cnn-1 was not trained by a recipe"),
    ],
)
def test_a_run_without_a_recipe_that_may_be_taken_says_so(
    record: dict[str, str], words: str, started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_run(tmp_path / "runs", finished_run(100), **record)
    assert app.run(["train", "--from", "cnn-1"]) == 2
    assert words in capsys.readouterr().err
    assert started.calls == []


def test_a_preset_beside_another_run_is_refused(started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(tmp_path / "runs", finished_run(100), settings=flat(build(CNN.config, {})))
    assert app.run(["train", "cnn", "--from", "cnn-1", "--preset", "digits"]) == 2
    assert "--from cnn-1 and --preset digits both bring all settings" in capsys.readouterr().err
    assert started.calls == []


def test_a_run_that_would_never_end_is_warned_of(started: Started, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["train", "cnn", "--epochs", "off"]) == 0
    assert "this run ends only when it is stopped" in capsys.readouterr().err
    assert app.run(["train", "cnn", "--epochs", "off", "--max-seconds", "5"]) == 0
    assert "ends only" not in capsys.readouterr().err


def test_the_recipe_may_stand_behind_its_flags(started: Started) -> None:
    assert app.run(["train", "--lr", "0.5", "--preset", "digits", "cnn"]) == 0
    assert (started.settings["lr"], started.settings["dataset"]) == (0.5, "digits")


def test_a_recipe_of_ones_own_is_given_as_a_path(started: Started, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import dataclasses\nfrom recipes.cnn import RECIPE as CNN\nRECIPE = dataclasses.replace(CNN, name='mine')\n")
    for typed in (
        ["train", str(file)],
        ["train", "--recipe", str(file)],
        ["train", f"--recipe={file}"],
        ["train", "--lr", "0.5", str(file)],
    ):
        assert app.run(typed) == 0
        assert started.calls[-1]["recipe"].name == "mine"
        assert started.calls[-1]["recipe"].path == str(file)


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (["train", "cn"], 2, ["unknown recipe `cn`", "did you mean `cnn`?"]),
        (["train", "cnn", "--preset", "digit"], 2, ["unknown preset `digit` of recipe `cnn`", "did you mean `digits`?"]),
        (["train", "cnn", "--dataset", "digit"], 2, ["did you mean `digits`?"]),
        (["train", "cnn", "--lr", "-1"], 2, ["setting `lr` is `-1`, expected a number above 0 and at most 1"]),
        (["train", "cnn", "--lr", "fast"], 2, ["setting `lr` is `fast`"]),
        (["train", "cnn", "--lr", "nan"], 2, ["setting `lr` is `nan`"]),
        (["train", "cnn", "--epochs", "1.5"], 2, ["`epochs` is `1.5`, expected a whole number"]),
        (["train", "./none.py"], 3, ["no recipe at"]),
        (["train", "cnn", "--from", "cnn-77"], 3, ["no run `cnn-77`"]),
        (["train", "cnn", "--config", "/none.toml"], 3, ["there is no file /none.toml"]),
        (["train", "cnn", "--weights"], 2, ["--weights needs a run", "--from RUN --weights"]),
        (["train", "cnn", "--dataset", "kmnist"], 2, ["`kmnist` is not in", "--download", "`--dataset mnist5k` needs no network"]),
        (["train", "cnn", "--name", "last"], 2, ["cannot be named `last`"]),
    ],
)
def test_what_cannot_be_trained_is_refused_and_nothing_is_started(
    typed: list[str], code: int, words: list[str], started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(typed) == code
    text = capsys.readouterr().err
    for word in words:
        assert word in text
    assert started.calls == []


def test_settings_of_another_recipe_are_not_taken(tmp_path: Path) -> None:
    other = build_run(tmp_path, finished_run(100), "rnn-1", settings=SETTINGS).record()
    with pytest.raises(WorkbenchError, match="is a run of `rnn`, not of `cnn`"):
        train.settings_for(CNN, CNN.presets[0], other, {}, {})


def test_another_run_keeps_the_threads_that_it_measured(started: Started, tmp_path: Path) -> None:
    log = [event.model_copy(update={"tuning": {"threads": 3}}) if isinstance(event, LoopStarted) else event for event in finished_run(100)]
    build_run(tmp_path / "runs", log, settings=flat(build(CNN.config, {})))
    assert app.run(["train", "cnn", "--from", "cnn-1"]) == 0
    assert started.settings["threads"] == 3
    assert app.run(["train", "cnn", "--from", "cnn-1", "--threads", "1"]) == 0
    assert started.settings["threads"] == 1


def test_bytes_that_are_no_text_do_not_break_a_start(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "caf\udce9\x1b[31m"
    monkeypatch.setattr(sys, "argv", ["workbench", "train", "cnn", "--name", name])
    assert app.run(["train", "cnn", "--name", name]) == 0
    assert started.calls[0]["name"] == "caf\ufffd\ufffd[31m"
    started.calls[0]["command_line"][-1].encode()


def test_weights_are_asked_of_the_launcher_together_with_their_run(started: Started, tmp_path: Path) -> None:
    build_run(tmp_path / "runs", finished_run(100), settings={**flat(build(CNN.config, {})), "width": 7, "download": True})
    assert app.run(["train", "cnn", "--from", "last", "--weights"]) == 0
    assert (started.calls[-1]["parent"], started.calls[-1]["weights"]) == ("cnn-1", True)
    assert started.settings["width"] == 7
    assert started.settings["download"] is False, "what was allowed for one run is not allowed for another"
    assert app.run(["train", "cnn", "--from", "last"]) == 0
    assert started.calls[-1]["weights"] is False


def test_a_download_is_asked_for_once_with_size_licence_and_target(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "is_answered", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\nn\n"))
    assert app.run(["train", "cnn", "--dataset", "cifar10"]) == 0
    assert started.settings["download"] is True
    question = capsys.readouterr().err
    for words in ("`cifar10` is 170 MB", "licence:", str(tmp_path / "data"), "Download it? (y/N)"):
        assert words in question
    assert app.run(["train", "cnn", "--dataset", "cifar10"]) == 2
    assert "`cifar10` was not downloaded" in capsys.readouterr().err
    assert len(started.calls) == 1


def test_with_the_flag_or_with_the_files_nobody_is_asked(started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert app.run(["train", "cnn", "--dataset", "mnist", "--download"]) == 0
    for file in find_images("mnist").files:
        (tmp_path / "mine" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / file).touch()
    assert app.run(["train", "cnn", "--dataset", "mnist", "--data", str(tmp_path / "mine")]) == 0
    assert os.environ["WORKBENCH_DATA"] == str(tmp_path / "mine"), "the worker inherits it"
    assert started.settings["download"] is False


def test_help_lists_recipes_or_one_recipes_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["train", "--help"]) == 0
    assert "cnn " in capsys.readouterr().out
    assert app.run(["train", "cnn", "--help"]) == 0
    text = capsys.readouterr().out
    for setting in FLAGS:
        assert setting.flag in text


def test_a_run_waits_for_its_device_unless_it_is_to_start_now(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_SLOTS", "cpu")
    assert app.run(["train", "cnn"]) == 0
    assert started.calls[-1]["queue"] is True
    assert app.run(["train", "--now", "cnn", "--slots", "cpu,cpu"]) == 0
    assert started.calls[-1]["queue"] is False
    assert os.environ["WORKBENCH_SLOTS"] == "cpu,cpu", "the process that waits inherits it"
    assert app.run(["train", "cnn", "--slots", "gpu"]) == 2
    assert len(started.calls) == 2
