import math
from pathlib import Path

from tests.builders import START, build_run, ended, evaluated, loop, metrics, opening
from tests.views.run.test_slots import declared
from workbench.charts.rows import plain
from workbench.events.types import SettingChanged
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots import readout
from workbench.views.plots.axes import axis
from workbench.views.plots.view import View
from workbench.views.run import slots


def long_run(root: Path, steps: int = 5000) -> Feed:
    log = [*opening(), declared(), loop(steps_total=steps)]
    for first in range(1, steps + 1, 50):
        log.append(metrics(range(first, first + 50), value=lambda step: math.nan if step == 70 else math.sqrt(step)))
        if first % 500 == 1:
            log.append(evaluated(first + 49, 0.1234567, loss=first / 3))
    return open_run(build_run(root, [*log, ended(step=steps)]))


def read(feed: Feed, step: int) -> str:
    return plain([readout.row(feed, slots.slot(feed, "loss"), View(cursor=step), ascii_only=True)])[0]


def test_the_cursor_reads_what_was_logged_at_its_step(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert feed.state.series["train/loss"].stride > 1
    assert read(feed, 777) == " step 777  epoch 8  1:17   o train 27.87472   x val 167 @ 550"
    assert "train NaN" in read(feed, 70)


def test_the_cursor_says_what_was_done_to_the_run_there(tmp_path: Path) -> None:
    change = SettingChanged(at=START + 9, step=100, name="lr", old=1e-3, new=3e-4, by="ada")
    feed = open_run(build_run(tmp_path, [*opening(), declared(), loop(), metrics(range(1, 101)), change, metrics(range(101, 201))]))
    assert read(feed, 99).endswith("^ set lr 0.001 -> 3e-4 by ada @ 100")
    assert "^" not in read(feed, 110)


def test_before_the_first_value_of_a_line_there_is_none(tmp_path: Path) -> None:
    assert read(long_run(tmp_path), 10).endswith("o train 3.162278   x val -")


def test_axes_go_from_steps_to_epochs_and_times_and_back(tmp_path: Path) -> None:
    state = long_run(tmp_path).state
    assert axis(state, "epoch").place(250) == 2.5
    assert axis(state, "time").words == "by minute"
    for along in ("step", "epoch", "time"):
        one = axis(state, along)  # type: ignore[arg-type]
        assert all(abs(one.step(one.place(step)) - step) < 1e-6 for step in (1, 60, 777, 5000, 6000))
