"""`predict` and `sample`, with a helper in this process: what is printed, and what a mistake is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.builders import build_run, finished_run
from tests.using.runs import trained
from workbench.cli import app
from workbench.launching import ask
from workbench.runs.folder import RunFolder
from workbench.using.answering import answer


class Helper:
    """Answers as the process does, without one."""

    def ask(self, kind: str, **question: Any) -> dict[str, Any]:
        assert kind == "use"
        answered: dict[str, Any] = json.loads(json.dumps(answer(question)))
        return answered

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a run of four kinds: cnn-1, attention-1, rnn-1, gan-1."""
    root = tmp_path_factory.mktemp("cli")
    store = root / "all"
    store.mkdir()
    for kind in ("images", "pairs", "text", "classes"):
        folder: RunFolder = trained(root, kind)
        folder.path.rename(store / folder.id)
    return store


@pytest.fixture(autouse=True)
def _here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(runs))
    monkeypatch.setattr(ask, "Helper", Helper)


@pytest.fixture
def digit(tmp_path: Path) -> Path:
    Image.new("L", (40, 40), 255).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def test_an_image_is_named_with_bars(digit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["predict", "cnn-1", str(digit), "--top", "2"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert all(line.endswith(" %") for line in printed.out.splitlines())
    assert "cnn-1: the best weights, of step 2" in printed.err
    assert "40x40 grey -> 8x8 grey, inverted" in printed.err


def test_several_images_are_a_table_and_a_document(digit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digit.with_name("other.png").write_bytes(digit.read_bytes())
    assert app.run(["predict", "cnn-1", str(digit.parent)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["digit.png", "other.png"]
    assert app.run(["predict", "cnn-1", str(digit.parent), "--json", "--int8"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"id": "cnn-1", "recipe": "cnn", "step": 2, "is_best": True, "kind": "names"}.items() <= found.items()
    assert found["int8"]["bytes_int8"] > 0
    assert sum(found["predictions"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert found["predictions"][0]["class"] in "0123456789"


def test_words_are_written_also_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", iter(["1 May 1999\n", "\n", "2 May 1999\n"]))
    assert app.run(["predict", "attention-1", "-"]) == 0
    assert [line.partition(" -> ")[0] for line in capsys.readouterr().out.splitlines()] == ["1 May 1999", "2 May 1999"]
    assert app.run(["predict", "attention-1", "1 May 1999", "--attention", "--ascii"]) == 0
    assert "".join(capsys.readouterr().out.splitlines()[1].split()).lower() == "1may1999"


def test_a_prompt_is_continued_by_as_many_characters_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["sample", "rnn-1", "--prompt", "The ", "--length", "40", "--seed", "1", "--temperature", "0.7", "--top-k", "20"]
    assert app.run(typed) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("The ")
    assert app.run([*typed, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["text"]) == 40
    assert found["prompt"] == "The "
    assert (found["temperature"], found["top_k"], found["seed"]) == (0.7, 20, 1)


def test_samples_are_drawn_here_or_into_a_png(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["sample", "gan-1", "--class", "3", "--count", "4", "--ascii"]) == 0
    assert capsys.readouterr().out.split().count("3") == 4
    target = tmp_path / "grid.png"
    assert app.run(["sample", "gan-1", "--count", "9", "-o", str(target), "--columns", "9", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(target)
    with Image.open(target) as image:
        assert image.size == (9 * 66 - 2, 64)


def test_what_cannot_be_read_is_named_and_the_others_are_answered(digit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = digit.with_name("broken.png")
    broken.write_bytes(b"no image")
    assert app.run(["predict", "cnn-1", str(digit), str(broken), str(digit.with_name("none.png"))]) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert "left out: " in printed.err
    assert "broken.png cannot be read: not an image" in printed.err
    assert "there is no file" in printed.err
    assert app.run(["predict", "cnn-1", str(digit.parent)]) == 0  # a folder may hold what it likes
    assert "broken.png" in capsys.readouterr().err
    assert app.run(["predict", "cnn-1", str(broken)]) == 2


def test_an_empty_word_is_named_and_the_others_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["predict", "attention-1", "1 May 1999", "", "2 May 1999"]) == 1
    printed = capsys.readouterr()
    assert [line.partition(" -> ")[0] for line in printed.out.splitlines()] == ["1 May 1999", "2 May 1999"]
    assert "left out: input 2, which is empty: there is nothing to read" in printed.err


def test_a_text_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "more.txt"
    assert app.run(["sample", "rnn-1", "--prompt", "The ", "--length", "20", "-o", str(target)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"wrote {target}: 20 characters behind the prompt" in printed.err
    assert target.read_text().startswith("The ")
    assert len(target.read_text()) == 25
    assert app.run(["sample", "rnn-1", "-o", str(target)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert app.run(["sample", "rnn-1", "--length", "1", "-o", str(target), "--force"]) == 0


def test_samples_for_others_follow_the_umask(tmp_path: Path) -> None:
    assert app.run(["sample", "gan-1", "--count", "1", "-o", f"{tmp_path}/"]) == 0
    (tmp_path / "other").touch()
    assert (tmp_path / "gan-1.png").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        (["predict", "cnn-1"], "it takes image files", "a folder"),
        (["predict", "attention-1"], "it takes a date", "type one or more"),
        (["predict", "gan-1", "x"], "gan-1 draws images", "workbench sample gan-1"),
        (["predict", "rnn-1", "x"], "rnn-1 continues a text", "workbench sample rnn-1 --prompt"),
        (["sample", "cnn-1"], "cnn-1 names images", "workbench predict cnn-1 FILE..."),
        (["sample", "gan-1", "-o", "grid.jpg"], "is no PNG", "-o grid.png"),
        (["sample", "gan-1", "--class", "x"], "there is no class `x`", "there is 0, 1"),
        (["predict", "cnn-1", "x.png", "--invert", "maybe"], "--invert is `maybe`", "auto"),
        (["sample", "rnn-1", "--temperature", "-1"], "--temperature", ""),
        (["sample", "rnn-1", "--class", "3"], "--class does nothing here: rnn-1 continues a text", "--prompt, --temperature"),
        (["sample", "rnn-1", "--count", "32"], "--count does nothing here", "--length"),
        (["sample", "gan-1", "--prompt", "x"], "--prompt does nothing here: gan-1 draws images", "it takes --count, --class, --columns"),
        (["sample", "gan-1", "--columns", "3"], "--columns is how a PNG is laid out", "-o grid.png"),
        (["predict", "cnn-1", "x.png", "--attention"], "--attention does nothing here: cnn-1 names images", "it takes --top, --invert"),
        (["predict", "attention-1", "x", "--count", "3"], "--count does nothing here", "it takes --attention"),
        (["sample", "gan-1", "-o", "/nonexistent/grid.png"], "cannot write /nonexistent/grid.png", "there is no folder /nonexistent"),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_can(typed: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(typed) == 2
    said = capsys.readouterr().err
    assert message in said
    assert hint in said


def test_a_file_or_a_checkpoint_that_is_not_there_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["predict", "cnn-1", "none.png"]) == 3
    assert app.run(["predict", "cnn-1", "none.png", "--step", "9"]) == 3
    assert "no checkpoint of step 9" in capsys.readouterr().err


def test_a_run_without_weights_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    build_run(tmp_path, finished_run())
    assert app.run(["predict", "last", "x.png"]) == 2
    assert "has no checkpoint" in capsys.readouterr().err
