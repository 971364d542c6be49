import time
from pathlib import Path

from tests.builders import START, build_run, checkpoint, ended, finished_run, loop, metrics, opening, started
from workbench.charts.rows import cells, plain
from workbench.events.types import Measured, Paused, PhaseChanged
from workbench.runs.folder import Labels
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.run import status_lines


def live(root: Path, now: float, **more: object) -> Feed:
    events = [
        *opening(at=now - 30, host="elsewhere"), loop(at=now - 20, steps_total=400), metrics(range(1, 101), at=now - 20),
        checkpoint(100).model_copy(update={"at": now - 3}), Measured(at=now - 1, step=100, memory_bytes=412_000_000, cpu_seconds=9.0),
    ]  # fmt: skip
    return open_run(build_run(root, events, **more))  # type: ignore[arg-type]


def test_a_running_run_says_how_far_it_is_and_how_fresh_that_is(tmp_path: Path) -> None:
    now = time.time()
    first, second = plain(status_lines.lines(live(tmp_path, now), 100, ascii_only=True, now=now))
    assert first.rstrip() == " cnn-1  cnn/mnist  * RUNNING  step 100/400  25 %  0:20 gone  0:30 left"
    assert "cpu 1 thread fp32   640 img/s   412 MB   checkpoint 3 s ago   news now" in second


def test_an_ended_run_says_how_long_it_took_and_why_it_ended(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, finished_run()))
    first, second = plain(status_lines.lines(feed, 100, ascii_only=True, now=START + 170))
    assert "+ FINISHED  step 400/400  took 0:40  4 epochs" in first
    assert "ended 2 min ago" in second
    assert "left" not in first


def test_what_matters_least_goes_first_and_the_state_stays(tmp_path: Path) -> None:
    now = time.time()
    feed = live(tmp_path, now, labels=Labels(name="a name that is very long indeed"))
    for width in range(1, 130):
        rows = plain(status_lines.lines(feed, width, ascii_only=True, now=now))
        assert [cells(row) for row in rows] == [width, width]
        if width >= 20:
            assert "RUNNING" in rows[0]
            assert "news" in rows[1]


def test_a_phase_is_named_while_nothing_is_trained(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, [started(at=time.time(), host="elsewhere"), PhaseChanged(at=time.time(), phase="importing torch")]))
    assert "STARTING  importing torch" in plain(status_lines.lines(feed, 80))[0]


def test_the_clock_stands_while_a_run_is_paused(tmp_path: Path) -> None:
    now = time.time()
    feed = open_run(
        build_run(
            tmp_path,
            [
                *opening(at=now - 40, host="elsewhere"),
                loop(at=now - 30),
                metrics(range(1, 51), at=now - 30),
                Paused(at=now - 20, step=50, by="ada"),
            ],
        )
    )
    assert "PAUSED" in plain(status_lines.lines(feed, 80, now=now))[0]
    assert "0:10 gone" in plain(status_lines.lines(feed, 80, now=now))[0]


def test_the_clock_of_a_run_that_died_stands_at_its_last_news(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, [*opening(), loop(), metrics(range(1, 51))]))
    assert "DIED" in plain(status_lines.lines(feed, 80, now=START + 9000))[0]
    assert "took 5 s" in plain(status_lines.lines(feed, 80, now=START + 9000))[0]


def test_each_state_has_a_mark_of_one_cell_in_both_alphabets() -> None:
    for state, marks in status_lines.MARKS.items():
        assert [cells(mark) for mark in marks] == [1, 1], state
        assert marks[1].isascii()


def test_a_wide_name_is_counted_in_cells(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, [*opening(), ended("failed", step=0, reason="数字が壊れた")], labels=Labels(name="漢字の実験")))
    for width in (30, 50, 61, 80):
        assert {cells(row) for row in plain(status_lines.lines(feed, width))} == {width}
