"""Paths of dots and the canvas they are drawn on."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from workbench.charts.dots import Canvas, Layer, Path, Pen, Scale, connected, dashed, measured, smoothed
from workbench.charts.rows import cells, plain

PEN = Pen("series0", "o")
OTHER = Pen("series1", "x")


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    """The (column, row) of every braille dot on the canvas."""
    bits = {0x01: (0, 0), 0x02: (0, 1), 0x04: (0, 2), 0x40: (0, 3), 0x08: (1, 0), 0x10: (1, 1), 0x20: (1, 2), 0x80: (1, 3)}
    rows = plain(canvas.row(row) for row in range(canvas.height))
    return {
        (2 * column + across, 4 * row + down)
        for row, text in enumerate(rows)
        for column, letter in enumerate(text)
        if letter != " "
        for bit, (across, down) in bits.items()
        if (ord(letter) - 0x2800) & bit
    }


def test_a_bar_sets_exactly_its_dots() -> None:
    for top in range(-3, 14):
        for bottom in range(top, 14):
            for column in (0, 3, 5):
                canvas = Canvas(3, 3)
                canvas.draw([None] * column + [(top, bottom, top)], PEN)
                assert dots(canvas) == {(column, row) for row in range(max(top, 0), min(bottom, 11) + 1)}


def test_a_stippled_bar_keeps_both_of_its_ends() -> None:
    canvas = Canvas(2, 5)
    canvas.draw([(2, 17, 2), (3, 9, 3)], PEN, stippled=True)
    found = dots(canvas)
    assert {(0, 2), (0, 17), (1, 3), (1, 9)} <= found
    assert 0.4 * 23 < len(found) < 0.7 * 23


def test_an_outlier_is_cut_at_the_edge_and_costs_nothing() -> None:
    scale = Scale((0.0, 5.0), 20, log=False)
    path = connected(measured([(1.0, 1.0, 1.0), (1e308, 1e308, 1e308), (-1e308, 1.0, 1.0)], scale))
    canvas = Canvas(2, 5)
    canvas.draw(path, PEN)
    assert {row for column, row in dots(canvas) if column == 2} == set(range(20))
    assert max(abs(value) for reach in path if reach for value in reach) < 100


def test_a_scale_maps_the_limits_to_the_first_and_the_last_row() -> None:
    linear, log = Scale((-1.0, 3.0), 9, log=False), Scale((0.01, 100.0), 9, log=True)
    assert [linear(value) for value in (3.0, 1.0, -1.0)] == [0, 4, 8]
    assert [log(value) for value in (100.0, 1.0, 0.01)] == pytest.approx([0, 4, 8])
    assert log(0.0) > 8
    assert log(-5.0) > 8


def test_numbers_that_are_not_finite_are_not_drawn() -> None:
    scale = Scale((0.0, 1.0), 8, log=False)
    columns = [(math.nan, 1.0, 1.0), (0.0, math.inf, 0.5), (0.0, 1.0, math.nan), (0.5, 0.5, 0.5), None]
    assert [reach is not None for reach in measured(columns, scale)] == [False, False, False, True, False]


def test_a_path_has_no_gaps_between_its_first_and_its_last_column() -> None:
    path: Path = [None, (0, 0, 0), None, None, (9, 9, 9), (2, 2, 2), None]
    joined = connected(path)
    assert joined[0] is None
    assert joined[6] is None
    inner = [reach for reach in joined[1:6] if reach is not None]
    assert len(inner) == 5
    for before, here in pairwise(inner):
        assert here[0] <= before[1] + 1
        assert here[1] >= before[0] - 1


def test_dashes_leave_columns_out_but_no_extreme() -> None:
    path: Path = [(5, 5, 5), (0, 9, 5), (5, 5, 5), (5, 5, 5), (5, 5, 5), (4, 4, 4)]
    drawn = dashed(path, (True, False, True, False))
    assert [reach is not None for reach in drawn] == [True, False, True, False, True, True]
    assert drawn[2] == (0, 9, 5)
    assert drawn[5] == (4, 4, 4)  # the newest value is always drawn


def test_a_dashed_slope_has_gaps_and_no_steps_but_where_it_is_steep() -> None:
    pattern = (True, True, False, False)
    slope: Path = [(row, row, row) for row in map(float, range(0, 24, 2))]
    drawn = dashed(slope, pattern)
    assert [column for column, reach in enumerate(drawn) if reach] == [0, 1, 4, 5, 8, 9, 11]
    assert all(reach == slope[column] for column, reach in enumerate(drawn) if reach)
    fall: Path = [(0, 0, 0), (0, 0, 0), (0, 20, 20), (20, 20, 20), (20, 20, 20)]
    assert dashed(fall, pattern)[4] == (0, 20, 20)


def test_the_first_value_of_a_dashed_line_is_drawn_wherever_the_line_begins() -> None:
    for start in range(4):
        path: Path = [*[None] * start, (3, 3, 3), (4, 4, 4), (5, 5, 5), (6, 6, 6)]
        assert dashed(path, (True, False, False, False))[start] == (3, 3, 3)


def test_smoothing_leaves_a_constant_and_lone_points_where_they_are() -> None:
    assert all(reach and reach[2] == pytest.approx(5) for reach in smoothed([(3.0, 7.0, 5.0)] * 50, 0.015))
    sparse: Path = [None] * 100
    sparse[0], sparse[50], sparse[99] = (0.0, 0.0, 0.0), (8.0, 8.0, 8.0), (0.0, 0.0, 0.0)
    found = smoothed(sparse, 0.015)
    assert found[50] is not None
    assert found[50][2] == pytest.approx(8, abs=0.01)


def test_smoothing_calms_noise_and_has_no_bias_at_the_ends() -> None:
    noisy: Path = [(value, value, value) for value in ((10.0, 14.0) * 60)]
    courses = [reach[2] for reach in smoothed(noisy, 0.015) if reach]
    assert all(11.7 < course < 12.3 for course in courses[5:])
    assert courses[0] == 10


def test_a_last_value_that_strays_is_no_leap_of_the_smoothed_line() -> None:
    path: Path = [(value, value, value) for value in [1.0, 1.2] * 60 + [9.0]]
    courses = [reach[2] for reach in smoothed(path, 0.015) if reach]
    assert courses[-1] < 5, "it was 9"


def test_smoothing_goes_beyond_no_value_at_the_end() -> None:
    rising: Path = [(value, value, value) for value in [0.0] * 60 + [float(place**2) for place in range(20)]]
    for share in (0.015, 0.05, 0.15):
        courses = [reach[2] for reach in smoothed(rising, share) if reach]
        assert min(courses) >= 0
        assert max(courses) <= 361


def test_the_smoothed_start_of_a_steep_fall_is_where_the_fall_starts() -> None:
    fall: Path = [(value, value, value) for value in (2.3 * math.exp(-column / 3) for column in range(160))]
    courses = [reach[2] for reach in smoothed(fall, 0.015) if reach]
    assert courses[0] == pytest.approx(2.3)
    assert max(abs(course - reach[2]) for course, reach in zip(courses[:4], fall[:4], strict=True) if reach) < 0.15


def test_smoothing_keeps_a_straight_line_straight_up_to_both_ends() -> None:
    line: Path = [(float(column), float(column), float(column)) for column in range(100)]
    assert [reach[2] for reach in smoothed(line, 0.15) if reach] == pytest.approx([*range(100)])


def test_smoothing_does_not_lag_behind_a_steep_fall() -> None:
    fall: Path = [(value, value, value) for value in [10.0] * 60 + [0.0] * 60]
    courses = [reach[2] for reach in smoothed(fall, 0.015) if reach]
    assert courses[59] + courses[60] == pytest.approx(10)
    assert [10 - course for course in reversed(courses)] == pytest.approx(courses)


def test_dots_of_two_lines_in_one_cell_stay_in_the_later_ink() -> None:
    canvas = Canvas(1, 1)
    canvas.draw([(0, 0, 0)], PEN)
    canvas.draw([None, (3, 3, 3)], OTHER)
    assert dots(canvas) == {(0, 0), (1, 3)}
    assert canvas.row(0)[0].ink == "series1"


def test_a_line_hides_the_band_behind_it_and_words_hide_both() -> None:
    canvas = Canvas(6, 1)
    canvas.draw([(0, 3, 0)] * 12, Pen("band0", ":"), Layer.BANDS)
    canvas.draw([(1, 1, 1)] * 4, PEN)
    canvas.write(0, 4, "ab", "muted")
    assert [(span.text, span.ink) for span in canvas.row(0)] == [("⠒⠒", "series0"), ("⣿⣿", "band0"), ("ab", "muted")]


def test_words_that_do_not_fit_or_meet_others_are_not_written() -> None:
    canvas = Canvas(6, 1)
    canvas.write(0, 1, "猫", "muted")
    canvas.write(0, 2, "no", "muted")
    canvas.write(0, 4, "long", "muted")
    canvas.write(0, -1, "no", "muted")
    assert plain([canvas.row(0)]) == [" 猫   "]
    assert cells(plain([canvas.row(0)])[0]) == 6
    assert not canvas.is_free(0, 2, 1)
    assert canvas.is_free(0, 3, 3)
    assert not canvas.is_free(0, 3, 4)


def test_ascii_draws_one_marker_a_cell() -> None:
    canvas = Canvas(3, 2, ascii_only=True)
    canvas.draw([(0, 1, 0), None, (1, 1, 1)], PEN)
    canvas.point(1, 0, OTHER)
    assert plain(canvas.row(row) for row in range(2)) == ["ox ", "o o"]


def test_a_single_point_is_two_by_two_dots() -> None:
    canvas = Canvas(2, 2)
    canvas.point(1, 3, PEN)
    assert dots(canvas) == {(1, 3), (2, 3), (1, 4), (2, 4)}
