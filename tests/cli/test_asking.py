import time
from pathlib import Path

import pytest

from tests.builders import append, build_run, ended, finished_run
from tests.cli.workers import answering, live_run, paused_run, refuse
from workbench.cli import app, asking
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import Event
from workbench.runs import control


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("kind", ["pause", "save", "stop"])
def test_a_request_waits_for_the_workers_answer(kind: str, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = live_run(runs)
    with answering(folder) as seen:
        assert app.run([kind, "last"]) == 0
    assert [request.kind for request in seen] == [kind]
    captured = capsys.readouterr()
    assert captured.err == f"cnn-1: did {kind}\n"
    assert captured.out == ""


def test_set_carries_the_new_values(runs: Path) -> None:
    folder = live_run(runs)
    with answering(folder) as seen:
        assert app.run(["set", "cnn-1", "lr=3e-4", "clip-norm=off"]) == 0
    assert seen[0].arguments == {"lr": "3e-4", "clip_norm": "off"}


def test_a_refusal_is_an_error_in_the_workers_words(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(live_run(runs), refuse):
        assert app.run(["save", "last"]) == 2
    assert "the disk is full" in capsys.readouterr().err


def test_no_answer_in_time_has_its_own_code_and_takes_the_request_back(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = live_run(runs)
    assert app.run(["pause", "last", "--timeout", "0.1"]) == 4
    assert "within 0.1 s" in capsys.readouterr().err
    assert control.pending(folder) == []


def test_a_worker_that_ends_without_a_word_is_not_waited_for(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def leave(request: control.Request) -> list[Event]:
        return [ended("failed", step=100, at=time.time(), reason="no memory")]

    with answering(live_run(runs), leave):
        assert app.run(["pause", "last", "--timeout", "60"]) == 2  # 4 when the time had run out
    assert "ended before it answered" in capsys.readouterr().err


@pytest.mark.parametrize(
    "typed", [["pause", "last"], ["save", "last"], ["stop", "last"], ["set", "last", "lr=1e-3"], ["stop", "--force", "last"]]
)
def test_nothing_is_asked_of_a_run_that_is_not_alive(typed: list[str], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = build_run(runs, finished_run(100))
    assert app.run(typed) == 2
    assert "finished" in capsys.readouterr().err
    assert control.pending(folder) == []


@pytest.mark.parametrize("kind", ["pause", "resume", "save", "stop", "delete"])
def test_a_run_that_does_not_exist_is_not_found(kind: str, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live_run(runs)
    assert app.run([kind, "cnn-11"]) == 3
    assert "did you mean `cnn-1`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ("lrr=1", "unknown setting `lrr` for recipe `cnn`", "did you mean `lr`? what can be changed: lr, weight_decay"),
        ("epochs=3", "setting `epochs` cannot be changed while a run trains", "what can be changed: lr"),
        ("lr=-1", "setting `lr` is `-1`", ""),
        ("lr", "`lr` is no change", "for example lr=3e-4"),
        ("=1", "`=1` is no change", ""),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_before_it_is_asked(
    change: str, message: str, hint: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = live_run(runs)
    assert app.run(["set", "last", change]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert hint in text
    assert control.pending(folder) == []


def test_a_paused_run_is_asked_to_go_on(runs: Path) -> None:
    folder = paused_run(runs)
    with answering(folder) as seen:
        assert app.run(["resume", "last"]) == 0
    assert [request.kind for request in seen] == ["resume"]


def test_a_paused_run_does_not_take_other_settings(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paused_run(runs)
    assert app.run(["resume", "last", "epochs=4"]) == 2
    assert "`workbench set cnn-1 epochs=4`" in capsys.readouterr().err


def test_a_running_run_has_nothing_to_resume(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live_run(runs)
    assert app.run(["resume", "last"]) == 2
    assert "running" in capsys.readouterr().err


def test_the_exit_code_of_a_run_follows_from_its_state(tmp_path: Path) -> None:
    from workbench.runs.reading.feed import open_run

    codes = {}
    for state in ("finished", "stopped", "failed"):
        codes[state] = asking.failed(open_run(build_run(tmp_path / state, [*finished_run(100)[:-1], ended(state, step=100)])))
    codes["died"] = asking.failed(open_run(build_run(tmp_path / "died", finished_run(100)[:-1])))
    assert codes == {"finished": 0, "stopped": 0, "failed": 1, "died": 1}


def test_pairs_read_names_as_flags_and_as_settings() -> None:
    assert asking.pairs(["lr=1", "batch-size=2", "--epochs=3", "note=a=b"]) == {"lr": "1", "batch_size": "2", "epochs": "3", "note": "a=b"}
    with pytest.raises(WorkbenchError) as caught:
        asking.pairs(["epochs"])
    assert caught.value.code == ExitCode.WRONG_USE


def test_events_written_meanwhile_do_not_hide_the_answer(runs: Path) -> None:
    from tests.builders import metrics
    from tests.cli.workers import accept

    folder = live_run(runs)
    with answering(folder, lambda request: [metrics(range(101, 2000)), *accept(request)]):
        assert app.run(["pause", "last"]) == 0
    append(folder, [ended()])
