"""`workbench compare`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.comparing import three_seeds, trained
from workbench.charts.rows import cells
from workbench.cli import app
from workbench.runs.folder import Labels


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    three_seeds(tmp_path, accuracy=0.9, labels=Labels(tags=("paper",)))
    trained(tmp_path, "cnn-4", accuracy=0.95, lr=1e-2, batch_size=16, steps=800, labels=Labels(name="small", tags=("paper",)))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    assert app.run(["compare", *typed]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.usefixtures("runs")
def test_a_tag_is_compared_with_seeds_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "tag:paper", "--ascii", "--by", "examples")
    assert "validation accuracy" in text
    assert "k examples" in text
    assert "cnn-1 x3" in text
    assert "small is better than cnn-1 (3 seeds)" in text
    assert "batch size" in text
    assert "\x1b" not in text
    assert max(map(cells, text.splitlines())) <= 80


@pytest.mark.usefixtures("runs")
def test_each_seed_for_itself_against_a_chosen_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    rows = said(capsys, "cnn-1", "cnn-2", "small", "--apart", "--baseline", "small", "--ascii").splitlines()
    assert "baseline" in next(row for row in rows if " small " in row)
    assert "-6" in next(row for row in rows if " cnn-1 " in row)
    assert any("Seeds taken together: small is better than cnn-1 (2 seeds)" in row for row in rows)


@pytest.mark.usefixtures("runs")
def test_json_is_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(said(capsys, "cnn-1", "cnn-4", "--json"))
    assert [run["id"] for run in body["runs"]] == ["cnn-1", "cnn-4"]
    assert body["differing_settings"] == {"lr": [1e-3, 1e-2], "batch_size": [64, 16]}
    found = body["metrics"]["validation/accuracy"]
    assert found["values"] == pytest.approx([0.89, 0.95])
    assert found["deltas"] == pytest.approx([0, 0.06])
    assert found["mean"] == pytest.approx(0.92)


@pytest.mark.usefixtures("runs")
def test_all_settings_and_metrics_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "cnn-1", "cnn-4", "--all")
    assert "dataset" in text
    assert "validation/loss" in text
    assert "dataset" not in said(capsys, "cnn-1", "cnn-4")


@pytest.mark.usefixtures("runs")
def test_previews_side_by_side_at_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "cnn-1", "cnn-4", "--preview", "said", "--step", "110")
    assert "cnn-1 at 100" in text
    assert "cnn-4 at 100" in text


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (["cnn-1"], 3, "only cnn-1 fits, and a comparison needs two runs"),
        (["tag:none"], 3, "no run fits, and a comparison needs two runs"),
        (["cnn-1", "cnn-7"], 3, "there is no run `cnn-7`"),
        (["cnn-1", "cnn-2", "--baseline", "cnn-4"], 3, "cnn-4 is not among those compared"),
        (["cnn-1", "cnn-2", "--by", "epochs"], 2, "did you mean `epoch`?"),
        (["cnn-1", "cnn-2", "--band", "sd"], 2, "unknown band `sd`"),
        (["cnn-1", "cnn-2", "--metric", "accurcy"], 3, "did you mean `accuracy`?"),
        (["cnn-1", "cnn-2", "--metric", "zzz"], 3, "there is train/loss, validation/accuracy, validation/loss"),
        (["cnn-1", "cnn-2", "--preview", "said", "--step", "-1"], 2, "--step is -1, expected a whole number at least 0"),
        (["cnn-1", "cnn-2", "--preview", "sad"], 3, "did you mean `said`?"),
        (["cnn-1", "cnn-2", "--step", "3"], 2, "--preview NAME --step N"),
        ([], 2, "needs RUN"),
    ],
)
def test_wrong_use_is_said_in_words(typed: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["compare", *typed]) == code
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("runs")
def test_a_metric_may_be_typed_without_its_split(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "cnn-1", "cnn-4", "--metric", "accuracy") == said(capsys, "cnn-1", "cnn-4", "--metric", "validation/accuracy")
    assert said(capsys, "cnn-1", "cnn-4", "--metric", "loss").startswith(" validation loss")


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert "workbench compare tag:paper" in said(capsys, "--help")
