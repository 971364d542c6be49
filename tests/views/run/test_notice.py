"""What is said below a run's charts."""

from __future__ import annotations

from pathlib import Path

from tests.tui.runs import cnn_run, live_run
from workbench.runs.reading.feed import open_run
from workbench.views.run.notice import notice


def test_a_finished_run_says_its_best_and_its_test_beside_what_needed_no_network(tmp_path: Path) -> None:
    lines = [text for text, _ in notice(open_run(cnn_run(tmp_path)))]
    assert lines == ["best accuracy 98.5 % at step 1,260 (1:03)   loss 0.06201 at step 1,260 (1:03)", "1,260 steps in 1:03"]


def test_a_stopped_run_says_by_whom_and_how_to_go_on(tmp_path: Path) -> None:
    lines = [text for text, _ in notice(open_run(cnn_run(tmp_path, end="stopped", steps=630)))]
    assert lines[-1] == "stopped by ada; r resumes from its newest checkpoint"


def test_a_live_run_says_that_it_goes_on_without_the_screen(tmp_path: Path) -> None:
    ((text, _),) = notice(open_run(live_run(tmp_path)))
    assert text == "closing this screen leaves cnn-9 training: workbench attach cnn-9"


def test_a_run_that_died_says_what_to_type(tmp_path: Path) -> None:
    folder = cnn_run(tmp_path, end="failed", steps=210)
    lines = [text for text, _ in notice(open_run(folder))]
    assert lines[0] == "failed: the loss is NaN at step 212"
    assert lines[-1] == "r resumes from its newest good checkpoint   $ workbench resume cnn-1"
