from pathlib import Path

from tests.builders import build_run, finished_run, started
from workbench.charts.rows import cells, plain
from workbench.runs.reading.feed import open_run
from workbench.views.run import frame


def test_charts_stand_side_by_side_where_there_is_room(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, finished_run()))
    wide = plain(frame.rows(feed, 80, 24, ascii_only=True, colours=1, notes=("differs from mnist: lr",)))
    narrow = plain(frame.rows(feed, 40, 24, ascii_only=True, colours=1))
    assert any("loss" in row and "gradient norm" in row for row in wide)
    assert not any("loss" in row and "gradient norm" in row for row in narrow)
    assert any(" log+" in row for row in wide)
    assert any(row.startswith(" differs from mnist: lr") for row in wide)
    assert wide[-1].rstrip().endswith("finished: 4 epochs")


def test_every_row_is_as_wide_as_asked_for(tmp_path: Path) -> None:
    feed = open_run(build_run(tmp_path, finished_run()))
    for width in (20, 40, 59, 60, 80, 133):
        assert {cells(row) for row in plain(frame.rows(feed, width, 24, ascii_only=False, colours=256))} == {width}


def test_a_run_that_has_shown_nothing_yet_is_still_a_frame(tmp_path: Path) -> None:
    rows = plain(frame.rows(open_run(build_run(tmp_path, [started()])), 80, 24, ascii_only=True, colours=1))
    assert "cnn-1" in rows[0]
    assert any("nothing was logged" in row for row in rows)
