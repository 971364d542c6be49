from pathlib import Path
from typing import Any

import pytest

from tests.builders import build_run, ended, finished_run
from workbench.cli import app, follow
from workbench.cli.commands import resume
from workbench.launching import launch
from workbench.runs.folder import RunFolder


@pytest.fixture
def resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    calls: list[dict[str, Any]] = []

    def record(folder: RunFolder, **more: Any) -> int:
        calls.append({"id": folder.id, **more})
        return 3

    def followed(folder: RunFolder, **more: Any) -> int:
        calls.append({"followed": folder.id, **more})
        return 0

    monkeypatch.setattr(launch, "resume", record)
    monkeypatch.setattr(follow, "follow", followed)

    def detached(folder: RunFolder, **more: Any) -> int:
        calls.append({"detached": folder.id, **more})
        return 0

    monkeypatch.setattr(follow, "detach", detached)
    build_run(tmp_path / "runs", [*finished_run(100)[:-1], ended("stopped", step=100)])
    return calls


def test_changes_are_typed_as_pairs_or_as_flags(resumed: list[dict[str, Any]]) -> None:
    for changes in (["epochs=40", "restore_best=no"], ["--epochs", "40", "--no-restore-best"], ["--epochs=40", "--restore-best", "no"]):
        resumed.clear()
        assert app.run(["resume", "last", *changes]) == 0
        assert resumed[0] == {"id": "cnn-1", "recipe_path": "", "changes": {"epochs": 40, "restore_best": False}, "queue": True}


def test_the_new_attempt_is_followed_without_what_was_before(resumed: list[dict[str, Any]]) -> None:
    assert app.run(["resume", "last"]) == 0
    assert resumed[1] == {"followed": "cnn-1", "after": 3, "as_json": False}


def test_detached_it_waits_for_the_new_attempt_only(resumed: list[dict[str, Any]]) -> None:
    assert app.run(["resume", "last", "--detach"]) == 0
    assert resumed[1] == {"detached": "cnn-1", "after": 3, "as_json": False}


@pytest.mark.parametrize(
    ("change", "word"),
    [("epohcs=40", "did you mean `epochs`?"), ("--epohcs=40", "did you mean `epochs`?"), ("epochs=none of it", "expected a whole number")],
)
def test_a_change_that_cannot_be_made_starts_nothing(
    change: str, word: str, resumed: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["resume", "last", change]) == 2
    assert word in capsys.readouterr().err
    assert resumed == []


def test_own_options_are_not_taken_for_settings() -> None:
    _, rest = resume.command_for(["last", "--runs", "x", "--lr", "-1", "--json", "--recipe=./a.py", "--no-nesterov", "epochs=3"])
    assert rest == ["last", "--runs", "x", "lr=-1", "--json", "--recipe=./a.py", "nesterov=no", "epochs=3"]
