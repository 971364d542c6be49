import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from workbench import finding
from workbench.cli import app
from workbench.cli.commands import doctor


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert app.run(["doctor", "--no-device", "--json"]) == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_it_looks_at_everything_that_decides_how_runs_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "not" / "yet"))
    body = found(capsys)
    assert set(body) == {"versions", "device", "terminal", "runs", "logout", "recipes", "settings_file"}
    assert {"folder": str(tmp_path / "not" / "yet"), "from": "WORKBENCH_RUNS", "exists": False, "writable": True}.items() <= body[
        "runs"
    ].items()
    assert body["runs"]["free_bytes"] > 0
    assert "cnn" in body["recipes"]
    assert body["versions"]["torch"] != "missing"
    assert not (tmp_path / "not").exists()


def test_a_runs_folder_that_is_a_file_is_not_writable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "file"))
    assert found(capsys)["runs"]["writable"] is False


def test_as_text_it_names_the_mode_of_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert app.run(["doctor", "--no-device"]) == 0
    assert "ASCII, no colour" in capsys.readouterr().out


def test_the_last_word_about_logout_counts(tmp_path: Path) -> None:
    main, folder = tmp_path / "logind.conf", tmp_path / "d"
    folder.mkdir()
    main.write_text("[Login]\n#KillUserProcesses=yes\n")
    assert doctor.kill_user_processes((str(folder),), (str(main),)) == (False, "")
    main.write_text("[Login]\nKillUserProcesses=yes\n")
    assert doctor.kill_user_processes((str(folder),), (str(main),)) == (True, str(main))
    (folder / "10-keep.conf").write_text("[Login]\nKillUserProcesses = no\n")
    assert doctor.kill_user_processes((str(folder),), (str(main),)) == (False, str(folder / "10-keep.conf"))


def test_without_a_gpu_trying_one_says_so_for_each_recipe_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU here")
    assert app.run(["doctor", "--no-device", "--gpu"]) == 1
    said = capsys.readouterr()
    assert "cnn: there is no device `cuda` here" in said.err
    assert "not every recipe trained on the GPU" in said.err


def test_a_recipe_of_another_distribution_is_shown_where_it_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from dataclasses import replace\n"
        "from recipes.cnn import RECIPE as CNN\n"
        "def train(config, run): ...\n"
        "RECIPE = replace(CNN, name='theirs', train=train)\n"
    )
    (tmp_path / "theirs_elsewhere.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(finding, "entry_points", lambda group: [EntryPoint("theirs", "theirs_elsewhere:RECIPE", group)])
    recipes = found(capsys)["recipes"]
    assert recipes["theirs"] == str(tmp_path / "theirs_elsewhere.py")
    assert recipes["cnn"].endswith("recipes/cnn")
