"""What commands say of a run that waits in the queue."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import build_run
from tests.queue.lining import standing
from workbench.cli import app, follow
from workbench.events.types import RunQueued
from workbench.launching import awaiting
from workbench.locks import lock_holder
from workbench.queue import line
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.status import boot_id

_HOLD = "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"


@pytest.fixture
def queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunFolder]:
    """cnn-2, which waits behind gan-3: its lock and its card are held by other processes."""
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    waits = RunQueued(at=1.0, host=platform.node(), boot_id=boot_id(), slots=("cpu",), behind=("gan-3",))
    folder = build_run(tmp_path, [waits], "cnn-2")
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(folder.lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with standing(line.room(), "gan-3", str(folder.path)) as (first, _):
        first.do("take")
        yield folder
    holder.kill()
    holder.wait()


def test_its_place_is_told_and_what_may_be_done(queued: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["runs"]) == 0
    assert "1st in line" in capsys.readouterr().out
    assert app.run(["pause", "cnn-2"]) == 2
    assert "cnn-2 is queued: there is nothing to pause yet" in capsys.readouterr().err
    assert follow.detach(queued) == 0
    captured = capsys.readouterr()
    assert captured.out == "cnn-2\n"
    assert "cnn-2 is queued: 1st in line for cpu, behind gan-3; it starts by itself" in captured.err
    assert "`workbench resume cnn-2 --now` starts it beside" in captured.err


def test_a_worker_that_has_said_its_end_is_waited_for_until_it_has_left(queued: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            holder = lock_holder(queued.lock)
            assert holder
            os.kill(holder, signal.SIGKILL)
            while lock_holder(queued.lock):
                os.sched_yield()

    monkeypatch.setattr(awaiting.time, "sleep", sleep)
    awaiting.await_leaving(queued)
    assert len(waited) == 3
    awaiting.await_leaving(queued)
    assert len(waited) == 3, "nobody holds it any more"


def test_a_worker_that_does_not_leave_is_not_waited_for_for_ever(queued: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_LEAVING_SECONDS", 0.0)
    awaiting.await_leaving(queued)
    assert lock_holder(queued.lock)


def test_it_can_be_let_go_at_once(queued: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["resume", "cnn-2"]) == 2
    assert "cnn-2 is queued" in capsys.readouterr().err
    assert app.run(["resume", "cnn-2", "--now"]) == 0
    assert [request.kind for request in control.pending(queued)] == ["resume"]
