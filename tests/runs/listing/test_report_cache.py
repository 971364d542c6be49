"""Reports of ended runs are kept, and made anew as soon as anything of theirs has changed."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders import START, append, build_run, ended, evaluated, finished_run, loop, started
from workbench.runs.folder import Labels, RunFolder
from workbench.runs.listing import report_cache
from workbench.runs.reading.feed import Feed
from workbench.runs.report import report, strict
from workbench.runs.store import Store


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "runs"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which runs were read from their folders."""
    seen: list[str] = []

    class Watched(Feed):
        def read_all(self) -> Feed:
            seen.append(self.folder.id)
            return super().read_all()

    monkeypatch.setattr(report_cache, "Feed", Watched)
    return seen


def settle(folder: RunFolder, seconds: float = 60.0) -> None:
    """Let what was written be so long ago that it counts as settled."""
    past = time.time() - seconds
    for path in (folder.events, folder.checkpoints, folder.path):
        os.utime(path, (past, past))


def listed(root: Path) -> list[dict[str, Any]]:
    return [json.loads(run.text(START + 100)) for run in report_cache.reports(Store(root))]


def test_a_run_is_read_once_and_its_report_is_the_same(root: Path, read: list[str]) -> None:
    folder = build_run(root, finished_run(100))
    settle(folder)
    expected = strict(report(Feed(folder, brief=True).read_all())) | {"news_age_seconds": 80.0}
    assert listed(root) == [expected]
    assert listed(root) == [expected]
    assert read == ["cnn-1"]


@pytest.mark.parametrize("change", ["log", "labels", "checkpoint"])
def test_whatever_changes_is_seen(root: Path, read: list[str], change: str) -> None:
    folder = build_run(root, finished_run(100))
    settle(folder)
    listed(root)
    if change == "log":
        append(folder, [started(2), loop(0), evaluated(100, 0.99), ended(step=100, reason="again")])
    elif change == "labels":
        folder.write_labels(Labels(name="wide"))
    else:
        (folder.checkpoints / "100-1").mkdir()
    listed(root)
    assert read == ["cnn-1", "cnn-1"]


def test_what_changed_just_now_is_not_kept(root: Path, read: list[str]) -> None:
    build_run(root, finished_run(100))
    listed(root)
    listed(root)
    assert read == ["cnn-1", "cnn-1"]


def test_a_run_that_lives_or_may_live_elsewhere_is_always_read(root: Path, read: list[str]) -> None:
    folder = build_run(root, [*finished_run(100)[:-1]][1:], host="far")
    settle(folder)
    listed(root)
    listed(root)
    assert read == ["cnn-1", "cnn-1"]


def test_runs_that_are_gone_leave_the_file_and_a_damaged_file_is_passed_over(root: Path, read: list[str]) -> None:
    for number in (1, 2):
        settle(build_run(root, finished_run(100), f"cnn-{number}"))
    listed(root)
    shutil.rmtree(root / "cnn-1")
    assert [run["id"] for run in listed(root)] == ["cnn-2"]
    (kept,) = (root.parent / "cache" / "workbench" / "reports").iterdir()
    assert "cnn-1\t" not in kept.read_text()
    kept.write_text(kept.read_text()[:-100])
    assert [run["id"] for run in listed(root)] == ["cnn-2"]
    assert read.count("cnn-2") == 2


def test_filters_and_orders_ask_what_was_kept(root: Path) -> None:
    settle(build_run(root, finished_run(100), labels=Labels(tags=("night",), pin=True)))
    for _ in range(2):
        (run,) = report_cache.reports(Store(root))
        assert run.pin
        assert run.facts.texts["tag"] == ["night"]
        assert run.facts.values["validation/accuracy"] == pytest.approx(0.9)


def test_a_cache_that_cannot_be_written_is_no_error(root: Path) -> None:
    settle(build_run(root, finished_run(100)))
    (root.parent / "cache").write_text("in the way")
    assert [run["id"] for run in listed(root)] == ["cnn-1"]
