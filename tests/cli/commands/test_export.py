import csv
import json
from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from workbench.cli import app


@pytest.fixture(autouse=True)
def a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    build_run(tmp_path / "runs", finished_run(100))


def test_csv_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "csv"]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "run.csv"
    assert app.run(["export", "last", "--to", "csv", "-o", str(target)]) == 0
    captured = capsys.readouterr()
    assert target.read_text() == printed
    assert captured.out == ""
    assert "run.csv" in captured.err
    assert len(list(csv.DictReader(printed.splitlines()))) == 100


def test_json_is_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["type"] == "run_started"


def test_an_unknown_form_and_a_file_that_cannot_be_written_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "cvs"]) == 2
    assert "did you mean `csv`?" in capsys.readouterr().err
    assert app.run(["export", "last", "--to", "csv", "-o", str(tmp_path / "none" / "run.csv")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert app.run(["export", "nothing", "--to", "csv"]) == 3


def test_a_file_that_cannot_be_written_whole_is_not_left_half(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    assert app.run(["export", "last", "--to", "csv", "-o", str(target)]) == 2
    assert [path.name for path in tmp_path.iterdir() if "folder" in path.name] == ["folder"]


@pytest.mark.parametrize("form", ["html", "tensorboard", "onnx", "safetensors"])
def test_what_is_no_text_needs_a_file(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", form]) == 2
    assert f"workbench export last --to {form} -o " in capsys.readouterr().err


def test_a_report_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "html", "-o", str(tmp_path / "run.html"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "cnn-1", "form": "html", "file": str(tmp_path / "run.html")}
    assert (tmp_path / "run.html").read_text().startswith("<!doctype html>")


def test_what_needs_torch_is_asked_of_the_helper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "safetensors", "-o", str(tmp_path / "model")]) == 2
    assert "cnn-1 has no checkpoint, so it has no weights to use" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
