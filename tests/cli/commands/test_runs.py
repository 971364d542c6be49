import json
from pathlib import Path

import pytest

from tests.builders import append, build_run, ended, finished_run
from tests.cli.workers import live_run
from workbench.cli import app
from workbench.runs.folder import Labels


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "runs"
    monkeypatch.setenv("WORKBENCH_RUNS", str(root))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LC_ALL", "C")
    return root


def three(root: Path) -> None:
    build_run(root, finished_run(100), "cnn-1", labels=Labels(name="night shift", tags=("night",)))
    build_run(root, [*finished_run(100)[:-1], ended("failed", step=100)], "cnn-2", preset="digits")
    live_run(root, "rnn-1")


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert app.run(["runs", *words, "--json"]) == 0
    return [run["id"] for run in json.loads(capsys.readouterr().out)]


def test_runs_are_listed_newest_first_as_text_and_as_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three(runs)
    assert listed(capsys) == ["rnn-1", "cnn-2", "cnn-1"]
    assert app.run(["runs"]) == 0
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines()] == ["run", "rnn-1", "cnn-2", "cnn-1"]
    assert "* running" in text
    assert "! failed" in text
    assert text.isascii()


def test_filters_are_words_and_fields_that_must_all_fit(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three(runs)
    assert listed(capsys, "state:failed") == ["cnn-2"]
    assert listed(capsys, "recipe:cnn") == ["cnn-2", "cnn-1"]
    assert listed(capsys, "recipe:cnn", "preset:digits") == ["cnn-2"]
    assert listed(capsys, "tag:night") == ["cnn-1"]
    assert listed(capsys, "SHIFT") == ["cnn-1"]
    assert listed(capsys, "recipe:cnn state:finished") == ["cnn-1"]
    assert listed(capsys, "nowhere") == []


def test_settings_and_metrics_are_compared(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run(100), "cnn-1", settings={"lr": 1e-3, "cell": "lstm", "batch_norm": True, "clip_norm": None})
    build_run(runs, finished_run(200), "cnn-2", settings={"lr": 3e-4, "cell": "gru", "batch_norm": False, "clip_norm": 1.0})
    assert listed(capsys, "lr>=1e-3") == ["cnn-1"]
    assert listed(capsys, "lr<0.001", "recipe:cnn") == ["cnn-2"]
    assert listed(capsys, "cell=LSTM") == ["cnn-1"]
    assert listed(capsys, "cell!=lstm") == ["cnn-2"]
    assert listed(capsys, "batch_norm=no") == ["cnn-2"]
    assert listed(capsys, "clip_norm=off") == ["cnn-1"]
    assert listed(capsys, "clip_norm>=1") == ["cnn-2"]
    assert listed(capsys, "validation/accuracy>0.92") == ["cnn-2"]
    assert listed(capsys, "best<=0.9") == ["cnn-1"]
    assert listed(capsys, "step>100") == ["cnn-2"]
    assert listed(capsys, "lr:1e-3") == ["cnn-1"]
    assert app.run(["runs", "nothing_of_that_name=1"]) == 2
    assert "unknown filter `nothing_of_that_name`" in capsys.readouterr().err


def test_runs_are_sorted_and_pinned_ones_stand_first(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run(200), "cnn-1", labels=Labels(name="zebra"))
    build_run(runs, finished_run(100), "cnn-2", labels=Labels(name="ant"))
    build_run(runs, finished_run(300), "cnn-3", labels=Labels(name="bee"))
    build_run(runs, [], "cnn-4")
    assert listed(capsys, "--sort", "best") == ["cnn-3", "cnn-1", "cnn-2", "cnn-4"]
    assert listed(capsys, "--sort", "name") == ["cnn-2", "cnn-3", "cnn-4", "cnn-1"]
    assert app.run(["label", "cnn-2", "--pin"]) == 0
    capsys.readouterr()
    assert listed(capsys) == ["cnn-2", "cnn-4", "cnn-3", "cnn-1"]
    assert app.run(["runs", "--sort", "bset"]) == 2
    assert "did you mean `best`?" in capsys.readouterr().err


def test_a_comparison_with_what_is_no_number_is_an_error(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["runs", "lr>=fast"]) == 2
    assert "`fast` in the filter `lr>=fast` is no number" in capsys.readouterr().err
    assert app.run(["runs", "lr>="]) == 2


def test_an_unknown_filter_gets_the_nearest_name(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["runs", "stat:failed"]) == 2
    assert "did you mean `state`?" in capsys.readouterr().err
    assert app.run(["runs", "state:"]) == 2


def test_no_runs_are_an_empty_list_and_a_word_what_to_do(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys) == []
    assert app.run(["runs"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "workbench train cnn" in captured.err


def test_foreign_files_and_damaged_runs_do_not_hide_the_others(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three(runs)
    (runs / "notes.txt").write_text("mine")
    (runs / "photos").mkdir()
    (runs / "cnn-7").mkdir()
    (runs / "cnn-8").write_text("a file")
    damaged = build_run(runs, [], "cnn-9")
    for name in ("run.json", "labels.json", "summary.json", "events.jsonl"):
        (damaged.path / name).write_bytes(b'\x00\xff{"settings": [1, 2' * 50)
    assert set(listed(capsys)) == {"cnn-1", "cnn-2", "cnn-7", "cnn-9", "rnn-1"}
    assert app.run(["runs"]) == 0


def test_hostile_names_are_shown_as_text(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_run(runs, finished_run(100), labels=Labels(name="\x1b]52;c;aGFjaw==\x07[red]b", tags=("\x9b2J",)))
    for typed in (["runs"], ["runs", "--json"], ["show", "last"], ["show", "last", "--json"]):
        assert app.run(typed) == 0
        text = capsys.readouterr().out
        assert not {"\x1b", "\x07", "\x9b"} & set(text)
        assert "[red]b" in text


def test_a_list_follows_what_happened_since(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = live_run(runs)
    assert listed(capsys, "state:running") == ["cnn-1"]
    append(folder, [ended("stopped", step=100)])
    assert listed(capsys, "state:running") == []


def test_a_filter_that_nothing_fits_is_no_reason_to_train(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["runs"]) == 0
    assert "`workbench train cnn` starts one" in capsys.readouterr().err
    three(runs)
    assert app.run(["runs", "recipe:gan"]) == 0
    said = capsys.readouterr().err
    assert "no run fits the filter" in said
    assert "`workbench runs` lists all" in said
    assert "starts one" not in said
