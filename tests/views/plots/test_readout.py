import math
import re
from pathlib import Path

import pytest

from tests.builders import START, build_run, checkpoint, ended, evaluated, loop, metrics, opening
from tests.views.run.test_slots import declared
from workbench.charts.rows import cells, plain
from workbench.events.types import SettingChanged
from workbench.runs.folder import Fork
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots import readout
from workbench.views.plots.axes import axis
from workbench.views.plots.view import ChartStyle, LimitsMemory, View
from workbench.views.run import slots


def long_run(root: Path, steps: int = 5000) -> Feed:
    log = [*opening(), declared(), loop(steps_total=steps)]
    for first in range(1, steps + 1, 50):
        log.append(metrics(range(first, first + 50), value=lambda step: math.nan if step == 70 else math.sqrt(step)))
        if first % 500 == 1:
            log.append(evaluated(first + 49, 0.1234567, loss=first / 3))
    return open_run(build_run(root, [*log, ended(step=steps)]))


def read(feed: Feed, step: int, width: int = 120) -> str:
    rows = readout.rows(feed, slots.slot(feed, "loss"), View(cursor=step), width, ascii_only=True)
    return " |".join(line.rstrip() for line in plain(rows))


def test_the_cursor_reads_what_was_logged_at_its_step(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert feed.state.series["train/loss"].stride > 1
    assert read(feed, 777) == " cnn-1  step 777  epoch 8  1:17 | o train 27.87472   x val 167 @ 550"
    assert "train NaN" in read(feed, 70)


def test_the_cursor_says_what_was_done_to_the_run_there(tmp_path: Path) -> None:
    change = SettingChanged(at=START + 9, step=100, name="lr", old=1e-3, new=3e-4, by="ada")
    feed = open_run(build_run(tmp_path, [*opening(), declared(), loop(), metrics(range(1, 101)), change, metrics(range(101, 201))]))
    assert read(feed, 99).split(" |")[0].endswith("^ set lr 0.001 -> 3e-4 by ada @ 100")
    assert "^" not in read(feed, 110)


@pytest.mark.parametrize("width", [18, 24, 30, 36, 42, 60])
def test_no_number_is_cut_whatever_the_width(tmp_path: Path, width: int) -> None:
    feed = long_run(tmp_path)
    rows = readout.rows(feed, slots.slot(feed, "loss"), View(cursor=777), width, ascii_only=True)
    assert all(sum(cells(span.text) for span in row) <= width for row in rows)
    numbers = [word for word in plain(rows)[1].split() if word[0].isdigit()]
    assert numbers
    assert set(numbers) <= {"27.87472", "27.87", "167", "550"}
    if width >= 30:
        assert {"167"} < set(numbers)


def test_the_steps_of_values_go_before_labels_and_digits(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    assert read(feed, 777, 30).endswith("| o train 27.87472   x val 167")
    assert read(feed, 777, 24).endswith("| o t 27.87472   x v 167")
    assert read(feed, 777, 22).endswith("| o t 27.87   x v 167")
    assert read(feed, 777, 17).endswith("| o t 27.87   +1")


def test_more_rows_take_what_one_cannot(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    rows = plain(readout.rows(feed, slots.slot(feed, "loss"), View(cursor=777), 22, 3, ascii_only=True))
    assert [line.strip() for line in rows[1:]] == ["o train 27.87472", "x val 167 @ 550"]


def test_a_fork_reads_the_value_of_its_parent_where_it_had_none(tmp_path: Path) -> None:
    build_run(tmp_path, [*opening(), declared(), loop(), metrics(range(1, 201), value=lambda step: step / 2), checkpoint(200)], "cnn-1")
    child = build_run(
        tmp_path,
        [*opening(), declared(), loop(step=200), metrics(range(201, 301), value=float)],
        "cnn-2",
        parent="cnn-1",
        fork=Fork(step=200, attempt=1),
    )
    feed = open_run(child)
    assert "train 75 parent cnn-1" in read(feed, 150)
    assert "train 250" in read(feed, 250)
    assert "parent" not in read(feed, 250)


def test_what_an_abandoned_attempt_logged_stands_beside_what_replaced_it(tmp_path: Path) -> None:
    log = [*opening(), declared(), loop(), metrics(range(1, 201), value=float), checkpoint(100)]
    log += [*opening(attempt=2), loop(step=100), metrics(range(101, 151), value=lambda step: step / 10)]
    feed = open_run(build_run(tmp_path, log))
    assert read(feed, 120).endswith("| train 12   train 120 attempt 1")
    assert "attempt" not in read(feed, 90).split("|")[1]


def test_the_next_logged_step_is_known_also_of_a_thinned_run(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    loss = slots.slot(feed, "loss")
    assert readout.beside(feed, loss, 777) == (776, 778)
    assert readout.beside(feed, loss, 1) == (None, 2)
    assert readout.beside(feed, loss, 5000) == (4999, None)


def test_a_short_run_is_read_in_tenths_of_seconds(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, [*opening(), declared(), loop(), metrics(range(1, 41))]))
    assert re.search(r"  \d\.\d s$", read(feed, 25).split(" |")[0])


def test_before_the_first_value_of_a_line_there_is_none(tmp_path: Path) -> None:
    assert read(long_run(tmp_path), 10).endswith("o train 3.162278   x val -")


def test_axes_go_from_steps_to_epochs_and_times_and_back(tmp_path: Path) -> None:
    state = long_run(tmp_path).state
    assert axis(state, "epoch").place(250) == 2.5
    assert axis(state, "time").unit == "min"
    for along in ("step", "epoch", "time"):
        one = axis(state, along)  # type: ignore[arg-type]
        assert all(abs(one.step(one.place(step)) - step) < 1e-6 for step in (1, 60, 777, 5000, 6000))


def test_what_is_read_is_pointed_out_where_it_was_logged(tmp_path: Path) -> None:
    feed = long_run(tmp_path)
    view = View(cursor=777, x_limits=(500.0, 1000.0))
    drawn = plain(slots.draw(feed, "loss", 80, 20, ascii_only=True, colours=256, memory=LimitsMemory(), view=view))
    places = sorted((row.index("@"), height) for height, row in enumerate(drawn) if height and "@" in row)
    assert len(places) == 2, "one for the loss at 777, one for the validation loss at 550"
    at_550, at_777 = places
    assert at_550[1] < at_777[1], "167 lies above 27.9"
    assert drawn[at_777[1] - 2][at_777[0]] == "|", "on the line of the cursor"


def test_a_part_of_a_long_run_is_drawn_from_all_that_was_logged_there(tmp_path: Path) -> None:
    feed = long_run(tmp_path, 20_000)
    feed.state.charts["loss"]["log"] = False
    view = View(x_limits=(10_000.0, 10_040.0), style=ChartStyle(smoothing="off"))
    drawn = plain(slots.draw(feed, "loss", 84, 20, ascii_only=True, colours=256, memory=LimitsMemory(), view=view))
    course = [row[5:] for row in drawn[1:-2]]
    filled = [column for column in range(len(course[0])) if any(row[column : column + 1] == "o" for row in course)]
    heights = [next(height for height, row in enumerate(course) if row[column : column + 1] == "o") for column in filled]
    assert len(set(heights)) > 10, "41 steps that rise evenly, of which two are kept of the whole run"
