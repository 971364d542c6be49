import json
from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from tests.cli.workers import live_run
from workbench.cli import app


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_run_goes_to_the_trash_and_is_said_to(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run(100))
    assert app.run(["delete", "last", "--json"]) == 0
    captured = capsys.readouterr()
    where = Path(json.loads(captured.out)["trash"])
    assert (where / "events.jsonl").is_file()
    assert not (runs / "cnn-1").exists()
    assert "workbench restore cnn-1" in captured.err


def test_a_live_run_is_not_deleted(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live_run(runs)
    assert app.run(["delete", "last"]) == 2
    assert "`workbench stop cnn-1`" in capsys.readouterr().err
    assert (runs / "cnn-1").exists()


@pytest.mark.parametrize("name", ["../../etc", "/etc", ".", "..", "", ".trash", "cnn-1/../..", "last~9"])
def test_what_is_no_run_is_not_found_and_not_touched(name: str, runs: Path) -> None:
    build_run(runs, finished_run(100))
    assert app.run(["delete", name]) == 3
    assert (runs / "cnn-1" / "events.jsonl").is_file()


def test_what_was_deleted_comes_back_by_its_id_or_as_the_last_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run_id in ("cnn-1", "cnn-2", "cnn-3"):
        build_run(runs, finished_run(100), run_id)
    for run_id in ("cnn-3", "cnn-1"):
        assert app.run(["delete", run_id]) == 0
    assert app.run(["restore"]) == 0
    assert (runs / "cnn-1" / "events.jsonl").is_file()
    capsys.readouterr()
    assert app.run(["restore", "cnn-3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "cnn-3"}
    assert app.run(["restore", "cnn-3"]) == 3
    assert app.run(["restore", "../cnn-2"]) == 3
