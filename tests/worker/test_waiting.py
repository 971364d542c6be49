"""Runs that wait for their turn, in real processes; only the first one trains."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.queue.lining import Standing, standing
from tests.training_runs import configure, end_of, events_of, wait_for
from workbench.events.types import RequestAnswered, RunQueued
from workbench.finding import find_recipe
from workbench.launching.awaiting import await_start
from workbench.launching.launch import resume, start
from workbench.locks import lock_holder
from workbench.queue import line
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.store import Store


def queue(root: Path) -> RunFolder:
    recipe = find_recipe("cnn")
    folder = start(Store(root), recipe, "digits", configure(recipe, "digits", device="cpu", threads=1, max_steps=3), queue=True)
    return await_start(folder, or_queued=True).folder


def waits(folder: RunFolder) -> Feed:
    return wait_for(lambda: (feed := open_run(folder)).status.state == "queued" and feed)


def test_a_queued_run_starts_by_itself_when_the_one_before_ends(tmp_path: Path) -> None:
    before = Standing(line.room(), "gan-3")
    assert before.do("take") == "cpu"
    try:
        folder = queue(tmp_path)
        assert waits(folder).status.reason == "1st in line for cpu, behind gan-3"
        waiting = lock_holder(folder.lock)
    finally:
        before.kill()
    feed = await_start(folder)
    assert feed.state.pid == waiting, "the process that waited has become the worker, and let go of no lock in between"
    assert [event.behind for event in events_of(folder) if isinstance(event, RunQueued)] == [("gan-3",)]
    wait_for(lambda: open_run(folder).status.state == "finished")


def test_a_queued_run_can_be_taken_out_and_queued_again(tmp_path: Path) -> None:
    with standing(line.room(), "gan-3") as (before,):
        before.do("take")
        folder = queue(tmp_path)
        offset = control.log_size(folder)
        request = control.ask(folder, "stop", by="ada")
        assert control.wait(folder, request, seconds=60, offset=offset).accepted
        assert end_of(folder).reason == "taken out of the queue by ada"
        assert open_run(folder).status.state == "stopped"
        assert open_run(folder).state.attempts == [], "it never was an attempt"
        wait_for(lambda: lock_holder(folder.lock) is None)
        resume(folder, queue=True)
        os.kill(wait_for(lambda: lock_holder(folder.lock) if waits(folder) else None), signal.SIGTERM)
        wait_for(lambda: open_run(folder).status.state == "stopped")
        assert "SIGTERM" in end_of(folder).reason
        assert not [event for event in events_of(folder) if isinstance(event, RequestAnswered) and event.kind != "stop"]


def test_a_waiting_process_that_is_killed_is_told_and_not_waited_for(tmp_path: Path) -> None:
    with standing(line.room(), "gan-3") as (before,):
        before.do("take")
        folder = queue(tmp_path)
        pid = wait_for(lambda: lock_holder(folder.lock))
        os.kill(pid, signal.SIGKILL)
        died = wait_for(lambda: (feed := open_run(folder)).status.state == "died" and feed)
        assert "waited in the queue" in died.status.reason
        assert line.turn(folder.path) is None


def test_where_no_line_can_be_kept_a_run_trains_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert open_run(queue(tmp_path / "runs")).state.step, "it has made its first step"
