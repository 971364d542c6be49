import time

from tests.builders import START, ended, opening, state_of
from workbench.charts.rows import cells, plain
from workbench.events.types import Noticed
from workbench.views.run import log


def test_the_newest_lines_stand_last_with_their_local_time() -> None:
    state = state_of([*opening(), ended("failed", step=0, at=START + 5, reason="no memory")])
    first, last = plain(log.lines(state, 60, 2))
    assert "built a model of 121,930 parameters" in first
    assert last.rstrip() == f" {time.strftime('%H:%M:%S', time.localtime(START + 5))} failed: no memory"


def test_scrolling_back_shows_older_lines() -> None:
    state = state_of([Noticed(at=START, message=f"line {number}") for number in range(10)])
    assert "line 4" in plain(log.rows(log.matching(state), 40, 3, back=5))[-1]


def test_fewer_lines_than_rows_leave_the_rest_blank_and_text_is_cut_by_cells() -> None:
    rows = plain(log.lines(state_of([Noticed(at=START, message="壊" * 50)]), 31, 3))
    assert [cells(row) for row in rows] == [31, 31, 31]
    assert rows[1].strip() == ""


def test_only_lines_that_have_the_words_or_fit_the_expression_are_found() -> None:
    state = state_of([Noticed(at=START, message=f"line {number}") for number in range(12)])
    assert [line.text for line in log.matching(state, "LINE 1")] == ["line 1", "line 10", "line 11"]
    assert [line.text for line in log.matching(state, "1$")] == ["line 1", "line 11"]
    assert not log.matching(state, "line [")  # no expression, so the text itself is looked for
