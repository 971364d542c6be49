import csv
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from workbench.cli import app
from workbench.cli.commands import export
from workbench.exporting.writing import replacing


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
    said = capsys.readouterr().err
    assert "cannot write" in said
    assert f"there is no folder {tmp_path / 'none'}; make it" in said
    assert app.run(["export", "nothing", "--to", "csv"]) == 3


@pytest.mark.parametrize("given", [".", "new/", "there"])
def test_a_folder_holds_the_file_under_the_runs_id(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    assert app.run(["export", "last", "--to", "csv", "-o", given]) == 0
    assert (tmp_path / given / "cnn-1.csv").is_file()


@pytest.mark.parametrize("form", ["csv", "html", "tensorboard"])
def test_what_is_there_is_replaced_only_by_force(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out"
    if form == "tensorboard":
        target.mkdir()
        (target / "events.out.tfevents.1").write_text("theirs")
        (target / "notes").write_text("theirs")
        target = tmp_path / "out" / "cnn-1"
        target.mkdir()
        (target / "events.out.tfevents.1").write_text("theirs")
    else:
        target.write_text("theirs")
    assert app.run(["export", "last", "--to", form, "-o", str(tmp_path / "out")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert app.run(["export", "last", "--to", form, "-o", str(tmp_path / "out"), "--force"]) == 0
    if form == "tensorboard":
        assert len(list(target.glob("*tfevents*"))) == 1
        assert (tmp_path / "out" / "notes").read_text() == "theirs"
        assert not (target / "events.out.tfevents.1").exists()
    else:
        assert target.read_text() != "theirs"


def test_a_file_that_cannot_be_written_whole_is_not_left_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(*_: object) -> Iterator[str]:
        yield "step,"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "text", torn)
    assert app.run(["export", "last", "--to", "csv", "-o", str(tmp_path / "run.csv")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_files_for_others_follow_the_umask(tmp_path: Path) -> None:
    kept = os.umask(0o027)
    try:
        for form in ("csv", "html"):
            assert app.run(["export", "last", "--to", form, "-o", str(tmp_path / form)]) == 0
        with replacing(tmp_path / "made") as partial:
            partial.unlink()
            os.close(os.open(partial, os.O_CREAT, 0o600))  # as a library does that makes a file of its own
    finally:
        os.umask(kept)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("csv", "html", "made")} == {0o640}


def test_a_document_on_what_was_written_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "csv", "--json"]) == 2
    assert "give -o FILE" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["html", "tensorboard", "onnx", "safetensors"])
def test_what_is_no_text_needs_a_file(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", form]) == 2
    assert f"workbench export last --to {form} -o " in capsys.readouterr().err


def test_a_report_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "html", "-o", str(tmp_path / "run.html"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "cnn-1", "form": "html", "file": str(tmp_path / "run.html")}
    page = (tmp_path / "run.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "differs from" in page


def test_what_needs_torch_is_asked_of_the_helper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["export", "last", "--to", "safetensors", "-o", str(tmp_path / "model")]) == 2
    assert "cnn-1 has no checkpoint, so it has no weights to use" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
