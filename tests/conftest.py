"""What every test may count on, wherever the suite is started from."""

from __future__ import annotations

import os
import signal
import uuid

import pytest

# One thread, set before torch loads: the models of the tests are small, and a second thread spins while it waits for the first,
# which beside another process costs many times the speed.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure() -> None:
    """Undo what a background job or nohup passes on: ignored signals, which children would inherit."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the interface remembers by itself is not the user's, nor another test's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{uuid.uuid4().hex}"))


@pytest.fixture(autouse=True)
def _far_runs_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs "on another host" live by their news alone: on a loaded machine a test may take longer than such news counts."""
    monkeypatch.setattr("workbench.runs.status._REMOTE_QUIET_SECONDS", 600.0)
