"""`workbench fork`: what is typed becomes a run of its own, or an error that says what there is."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from tests.builders import append, checkpoint, loop, metrics, opening
from tests.builders import build_run as made
from tests.cli.workers import accept, answering, live_run
from workbench.cli import app, follow
from workbench.events.types import Event
from workbench.launching import launch
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store


@pytest.fixture
def parent(tmp_path: Path) -> RunFolder:
    """A run of the cnn with a checkpoint at step 50 whose manifest is right."""
    folder = made(tmp_path, [*opening(), loop(), metrics(range(1, 51)), checkpoint(50)], "cnn-1", preset="digits", settings={"lr": 2e-3})
    saved_at(folder, 50)
    return folder


def saved_at(folder: RunFolder, step: int) -> None:
    """A checkpoint on the disk whose checksum is right."""
    saved = folder.checkpoints / f"{step}-1"
    saved.mkdir(parents=True)
    (saved / "state.pt").write_bytes(b"weights")
    about = {"step": step, "attempt": 1, "finite": True, "size_bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    (saved / "manifest.json").write_text(json.dumps(about))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The folders that a worker would have been started for."""
    folders: list[RunFolder] = []
    monkeypatch.setattr(launch, "_begin", lambda folder, *_: folders.append(folder))
    monkeypatch.setattr(follow, "await_start", lambda folder, **_: Feed(folder))
    return folders


def test_a_fork_keeps_the_settings_that_were_not_typed(parent, begun, tmp_path: Path, capsys) -> None:
    words = ["fork", "cnn-1", "--epochs", "40", "dropout=0.5", "--name", "wide", "--detach", "--now", "--runs", str(tmp_path)]
    assert app.run(words) == 0
    assert capsys.readouterr().out == "cnn-2\n"
    (child,) = begun
    record = child.record()
    assert (record.parent, record.fork.step, record.fork.attempt, set(record.fork.changed)) == ("cnn-1", 50, 1, {"epochs", "dropout"})
    assert (record.settings["lr"], record.settings["epochs"], record.preset, child.labels().name) == (2e-3, 40, "digits", "wide")
    (taken,) = child.saved_checkpoints(verify=True)
    assert (taken.step, taken.attempt, taken.verified) == (50, 0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--step", "7"], "cnn-1 has no checkpoint at step 7\n\nhint: there are checkpoints at step 50"),
        (["--lrr", "1"], "unknown setting `lrr`"),
        (
            ["--max-steps", "50"],
            "nothing left to do: max_steps is 50, and 50 are behind it\n\nhint: raise the limit, for example --max-steps 100",
        ),
        (["--step", "7"], "keeps its newest and the best: `train --keep-checkpoints all` keeps each"),
        (["--step", "-7"], "--step is -7, expected a whole number at least 0"),
        (["--max-steps", "20"], "for example --max-steps 100"),
        (["--epochs"], "--epochs needs a value"),
        (["--lr", "1e-3", "lr=1e-2"], "`lr` is given twice"),
        (["--lr", "-1"], "setting `lr` is `-1`"),
        (["--name", "last"], "a run cannot be named `last`"),
    ],
)
def test_a_mistake_starts_nothing_and_leaves_no_folder(parent, begun, tmp_path: Path, capsys, words: list[str], said: str) -> None:
    assert app.run(["fork", "cnn-1", *words, "--now", "--runs", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert not begun
    assert Store(tmp_path).ids() == ["cnn-1"]


def test_what_it_was_forked_from_is_said_also_when_nobody_watches(parent, begun, tmp_path: Path, capsys) -> None:
    append(parent, [metrics(range(51, 81))])
    assert app.run(["fork", "cnn-1", "--lr", "1e-3", "--detach", "--now", "--runs", str(tmp_path)]) == 0
    assert "forked from cnn-1 at step 50 (it has made 80): lr 2e-3 -> 1e-3" in capsys.readouterr().err


def test_a_run_that_trains_is_forked_where_it_is(begun, tmp_path: Path, capsys) -> None:
    folder = live_run(tmp_path, preset="digits")

    def save(request: control.Request) -> list[Event]:
        saved_at(folder, 100)
        return [checkpoint(100, reason="asked").model_copy(update={"at": time.time()}), *accept(request)]

    saved_at(folder, 50)
    append(folder, [checkpoint(50).model_copy(update={"at": time.time()})])
    with answering(folder, save) as seen:
        assert app.run(["fork", "cnn-1", "--detach", "--now", "--runs", str(tmp_path)]) == 0
        assert app.run(["fork", "cnn-1", "--step", "50", "--detach", "--now", "--runs", str(tmp_path)]) == 0
    assert [request.kind for request in seen] == ["save"], "a step that was typed needs nothing saved"
    assert [child.record().fork.step for child in begun] == [100, 50]


def test_a_recipe_from_a_path_is_asked_for_again(begun, tmp_path: Path, capsys) -> None:
    made(tmp_path, [*opening(), loop()], "own-1", recipe_path="/somewhere/own.py")
    assert app.run(["fork", "own-1", "--runs", str(tmp_path)]) == 2
    assert "workbench fork own-1 --recipe /somewhere/own.py" in capsys.readouterr().err


def test_a_script_s_run_says_who_alone_can_go_on_with_it(begun, tmp_path: Path, capsys) -> None:
    made(tmp_path, [*opening(), loop()], "script-1", source="script")
    assert app.run(["fork", "script-1", "--runs", str(tmp_path)]) == 2
    assert "script of its own" in capsys.readouterr().err
    assert begun == []
