import io
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.builders import append, build_run, ended, evaluated, loop, metrics, started
from tests.cli.workers import accept, answering, live_run
from workbench.cli import follow, output
from workbench.events.types import RunEnded
from workbench.launching import awaiting
from workbench.runs import control
from workbench.runs.folder import RunFolder

Meanwhile = Callable[..., None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Makes things happen while a run is followed: one in each of the follower's waits between two looks."""

    def plan(*acts: Callable[[], object]) -> None:
        left = list(acts)

        def sleep(seconds: float) -> None:
            if left:
                left.pop(0)()
            time.sleep(seconds)

        clock = SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=sleep)
        monkeypatch.setattr(follow, "time", clock)
        monkeypatch.setattr(awaiting, "time", clock)

    return plan


def interrupt(number: signal.Signals = signal.SIGINT) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def over(folder: RunFolder, state: str = "finished", **more: object) -> None:
    append(
        folder,
        [
            metrics(range(101, 201), at=time.time() - 20),
            evaluated(200, 0.9),
            ended(state, step=200, at=time.time(), reason="4 epochs", **more),
        ],
    )


def test_a_run_is_followed_to_its_end_on_stdout_with_what_to_do_next_on_stderr(
    tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(tmp_path)
    meanwhile(lambda: over(folder))
    assert follow.follow(folder) == 0
    captured = capsys.readouterr()
    assert "step 200/400  epoch 2/4  train loss 0.005  val loss 0.5  val accuracy 90.0 %" in captured.out
    assert "cnn-1 finished at step 200" in captured.out
    assert "workbench export cnn-1 --to csv" in captured.err
    assert "\x1b" not in captured.out


def test_a_run_that_fails_gives_its_code_its_advice_and_a_command(
    tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(tmp_path)
    meanwhile(lambda: over(folder, "failed", advice="Halve lr.", command="workbench train cnn --lr 5e-4"))
    assert follow.follow(folder) == 1
    assert "hint: Halve lr. try: workbench train cnn --lr 5e-4" in capsys.readouterr().err


def test_json_is_one_document_on_stdout(tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]) -> None:
    folder = live_run(tmp_path)
    meanwhile(lambda: over(folder))
    assert follow.follow(folder, as_json=True) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["state"] == "finished"
    assert "step 200/400" in captured.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_a_signal_stops_the_run_and_its_code_is_returned(
    number: signal.Signals, tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(tmp_path)
    before = signal.getsignal(number)
    meanwhile(interrupt(number))
    with answering(folder) as seen:
        assert follow.follow(folder) == 0
    assert [request.kind for request in seen] == ["stop"]
    assert number.name in seen[0].by
    assert "cnn-1 stopped" in capsys.readouterr().out
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path, meanwhile: Meanwhile) -> None:
    folder = live_run(tmp_path)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        meanwhile(interrupt(), lambda: over(folder))
        assert follow.follow(folder) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert control.pending(folder) == []


@pytest.mark.parametrize(("answer", "left"), [("\n", True), ("l\n", True), ("", True), ("s\n", False), ("stop\n", False)])
def test_with_a_terminal_ctrl_c_asks_whether_to_leave_or_to_stop(
    answer: str, left: bool, tmp_path: Path, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(tmp_path)
    monkeypatch.setattr(output, "is_answered", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    meanwhile(interrupt())
    with answering(folder) as seen:
        code = follow.follow(folder)
    text = capsys.readouterr().err
    assert "Leave it training" in text
    assert [request.kind for request in seen] == ([] if left else ["stop"])
    assert code == (130 if left else 0)
    assert ("trains on: workbench attach cnn-1" in text) == left


def test_watching_on_changes_nothing(tmp_path: Path, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = live_run(tmp_path)
    monkeypatch.setattr(output, "is_answered", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("w\n"))
    meanwhile(interrupt(), lambda: over(folder))
    assert follow.follow(folder) == 0
    assert control.pending(folder) == []


def test_ctrl_c_at_the_question_stops_and_once_more_leaves(tmp_path: Path, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.StringIO):
        def readline(self, *_: object) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    folder = live_run(tmp_path)
    monkeypatch.setattr(output, "is_answered", lambda: True)
    monkeypatch.setattr("sys.stdin", Interrupted())
    meanwhile(interrupt(), interrupt())
    assert follow.follow(folder) == 130
    assert [request.kind for request in control.pending(folder)] == ["stop"]


def test_a_worker_that_dies_is_told_with_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.builders import loop, opening

    folder = build_run(tmp_path, [*opening(), loop(), metrics(range(1, 11))])
    assert follow.follow(folder) == 1
    assert "workbench resume cnn-1" in capsys.readouterr().err


def test_detach_prints_the_id_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow.detach(live_run(tmp_path)) == 0
    captured = capsys.readouterr()
    assert captured.out == "cnn-1\n"
    assert captured.err == ""


def test_a_stop_asked_for_elsewhere_is_success(tmp_path: Path, meanwhile: Meanwhile) -> None:
    folder = live_run(tmp_path)
    meanwhile(lambda: append(folder, [RunEnded(at=time.time(), state="stopped", step=100, reason="stopped by ada")]))
    assert follow.follow(folder) == 0


def test_the_answering_worker_of_these_tests_ends_what_it_is_asked_to_stop(tmp_path: Path) -> None:
    assert [event.type for event in accept(control.Request("1", "stop", "ada"))] == ["run_ended", "request_answered"]  # type: ignore[attr-defined]


def test_a_new_attempt_is_waited_for_and_earlier_ones_are_silent(
    tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(tmp_path)
    over(folder, "stopped")
    capsys.readouterr()

    def again() -> None:
        now = time.time()
        append(
            folder,
            [started(2, at=now, host="elsewhere"), loop(200, at=now), metrics(range(201, 301), at=now - 20), ended(step=300, at=now)],
        )

    meanwhile(again)
    assert follow.follow(folder, after=1) == 0
    text = capsys.readouterr().out
    assert "attempt 1 started" not in text
    assert "step 300/400" in text
    assert "cnn-1 finished at step 300" in text
