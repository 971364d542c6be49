"""A trial as a process: it comes and goes without a trace, also when whoever asked for it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.training_runs import wait_for
from workbench.cli import app, trials
from workbench.launching.trial import Trial
from workbench.runs.store import Store
from workbench.trying import plan

ROOT = Path(__file__).parents[2]
LAB = ["train", "cnn", "--preset", "lab", "--epochs", "1", "--threads", "1"]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_dry_run_prints_one_document_and_leaves_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*LAB, "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"kind", "recipe", "preset", "device", "seconds", "memory_bytes", "checkpoint_bytes", "resumed", "total"} <= found.keys()
    assert found["resumed"]["equal"]
    assert not list(runs.iterdir())


def test_ctrl_c_ends_the_trial_and_leaves_nothing(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    made = Trial.__init__

    def init(self: Trial, *arguments: Any, **more: Any) -> None:
        made(self, *arguments, **more)
        wait_for(lambda: self.poll() or self._feed.state.pid)
        pids.append(self._feed.state.pid)

    monkeypatch.setattr(Trial, "__init__", init)
    monkeypatch.setattr(trials, "time", SimpleNamespace(sleep=interrupted))
    assert app.run([*LAB, "--find", "lr"]) == 130
    monkeypatch.undo()
    assert not list(runs.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_trial_whose_asker_was_killed_goes_with_its_folder(runs: Path) -> None:
    program = [sys.executable, "-P", "-m", "workbench", *LAB, "--epochs", "9999", "--find", "batch_size"]
    asker = subprocess.Popen(program, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True)
    assert asker.stderr is not None
    assert any("trying" in line for line in iter(asker.stderr.readline, ""))
    assert Store(runs).ids() == []
    assert [path.name.startswith(plan.PREFIX) for path in runs.iterdir()] == [True]
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    wait_for(lambda: not list(runs.iterdir()))


def test_a_trial_of_what_cannot_train_says_so_as_a_run_would(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*LAB, "--device", "cuda:77", "--find", "lr"]) == 2
    assert "cuda:77" in capsys.readouterr().err
    assert not list(runs.iterdir())


@pytest.mark.parametrize(
    ("typed", "words"),
    [(["--find", "epochs"], "search"), (["--find", "lr", "--dry-run"], "two trials"), (["--dry-run", "--from", "last", "--weights"], "")],
)
def test_what_cannot_be_tried_is_refused_before_anything_starts(typed: list[str], words: str, runs: Path, capsys: Any) -> None:
    assert app.run([*LAB, *typed]) in (2, 3)
    assert words in capsys.readouterr().err
    assert not runs.exists() or not list(runs.iterdir())
