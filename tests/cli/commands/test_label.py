import json
from pathlib import Path

import pytest

from tests.builders import build_run, finished_run
from workbench.cli import app
from workbench.runs.folder import Labels, RunFolder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    return build_run(tmp_path / "runs", finished_run(100), labels=Labels(tags=("old",)))


def test_a_run_is_named_tagged_noted_and_pinned_and_the_rest_stays(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["label", "cnn-1", "--name", "baseline", "--tag", "paper", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "cnn-1", "name": "baseline", "tags": ["old", "paper"], "note": "", "pin": False}
    assert app.run(["label", "baseline", "--untag", "old", "--note", "good", "--pin"]) == 0
    assert run.labels() == Labels(name="baseline", tags=("paper",), note="good", pin=True)
    assert app.run(["label", "cnn-1", "--no-pin", "--name", ""]) == 0
    assert run.labels() == Labels(tags=("paper",), note="good")


def test_nothing_to_change_is_an_error_with_an_example(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["label", "cnn-1"]) == 2
    assert "--tag" in capsys.readouterr().err
