"""Line charts, read as text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from workbench.charts.axis import limits
from workbench.charts.rows import Rows, cells, plain
from workbench.charts.series.line import Ghost, Line, Mark, Point, Reading, extent, legend, render, title

STEPS = range(1, 1201)
SIZES = [(width, height) for width in (*range(1, 16), 20, 31, 39, 80, 200) for height in (*range(1, 9), 13, 14, 60)]


@dataclass
class Points:
    """A series that keeps all of its points; what a run keeps is thinned."""

    points: list[tuple[float, float]]
    asked: list[int] = field(default_factory=list)

    def columns(self, count: int, x_low: float, x_high: float) -> list[tuple[float, float, float] | None]:
        self.asked.append(count)
        found: list[tuple[float, float, float] | None] = [None] * count
        for x, value in self.points:
            if x_low <= x <= x_high:
                place = int((x - x_low) / (x_high - x_low) * (count - 1) + 0.5)
                low, high, _ = found[place] or (value, value, value)
                found[place] = (min(low, value), max(high, value), value)
        return found

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        values = [value for x, value in self.points if x_low <= x <= x_high and math.isfinite(value)]
        return (min(values), max(values)) if values else None


FALLING = Points([(step, 0.4 + 1.6 * math.exp(-step / 200)) for step in STEPS])
RISING = Points([(step, 1.2 - 0.5 * math.exp(-step / 400)) for step in STEPS])
NOISY = Points([(step, 1 + (0.8 if step % 100 == 50 else 0) + 0.2 * (-1) ** step) for step in STEPS])
LOSSES = (Line("D", FALLING), Line("G", RISING))


def chart(*lines: Line, width: int = 39, height: int = 7, **options: object) -> list[str]:
    return plain(rows(*lines, width=width, height=height, **options))


def rows(*lines: Line, width: int = 39, height: int = 7, **options: object) -> Rows:
    settings = {"x_limits": (0, 1250), "y_limits": (0, 2), **options}
    return render(lines, width, height, **settings)  # type: ignore[arg-type]


def inks(found: Rows) -> set[str]:
    return {span.ink for row in found for span in row if span.text.strip()}


def test_a_quarter_of_the_screen_shows_two_losses_in_braille() -> None:
    heading = title("loss", [Reading("D", 0.404, -0.1), Reading("G", 1.175, 0.1)], 39)
    assert chart(*LOSSES, height=8, heading=heading) == [
        "loss  ⠒⠒ D ↓ 0.404  ⠒ G ↑ 1.175        ",
        " │                                     ",
        "2┤⡀                                    ",
        " │⠙⠲⣄                                  ",
        "1┤  ⠈⠙⠦⣄⣀ ⣀ ⣀ ⣀ ⣀ ⠤ ⠤ ⠤ ⠤ ⠤ ⠤ ⠤ ⠤ ⠤ ⠤⠄ ",
        " │⠒ ⠒ ⠉ ⠉⠉⠓⠒⠦⠤⠤⢤⣀⣀⣀⣀⣀⣀⣀⣀⡀              ",
        "0┤                      ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁ ",
        " └0─────250────500─────750───1000──1250",
    ]


def test_a_quarter_of_the_screen_shows_two_losses_in_ascii() -> None:
    heading = title("loss", [Reading("D", 0.404, -0.1), Reading("G", 1.175, 0.1)], 39, ascii_only=True)
    assert chart(*LOSSES, height=8, heading=heading, ascii_only=True) == [
        "loss  o D v 0.404  x G ^ 1.175         ",
        " |                                     ",
        "2|oo                                   ",
        " | oooo                                ",
        "1| xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ",
        " |xx       ooooooooooooooooooooooooooo ",
        "0|                                     ",
        " +0-----250----500-----750---1000--1250",
    ]


def test_a_smoothed_line_runs_over_its_band_with_marks_and_a_baseline() -> None:
    found = rows(
        Line("D", NOISY, smoothing=0.015),
        height=8,
        threshold=0.3,
        threshold_label="floor .3",
        marks=[Mark(500, "c", "lr 1e-3"), Mark(1230, "c", "lr 1e-4")],
        nonfinite_at=[150],
    )
    assert plain(found) == [
        "2┤ ⢀  ⢀  ⢀  ⡀  ⡀  ⡀  ⡀  ⡀  ⡀ ⢀  ⢀  ⢀   ",
        " │ ⢐  ⢐  ⢐  ⠅  ⠅  ⠅  ⠅  ⠅  ⠅ ⢐  ⢐  ⢐   ",
        " │ ⢐  ⢐  ⢐  ⠅  ⠅  ⠅  ⠅  ⠅  ⠅ ⢐  ⢐  ⢐   ",
        "1┤⢢⢖⢀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡠⠔⠒⠢⣀⣀⣀⣀⡠⠔⠂ ",
        " │⠘⠉⠁⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠓⠃ ",
        " │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ floor .3 ",
        "0┤                                     ",
        " └0───!─250────500c────750───1000─c1250",
    ]
    assert inks(found) == {"axis", "band0", "series0", "threshold", "mark"}


def test_a_high_chart_has_room_for_what_the_marks_mean() -> None:
    found = chart(
        LOSSES[0],
        width=60,
        height=15,
        ascii_only=True,
        cursor=800,
        marks=[Mark(570, "c", "lr 1e-3"), Mark(1230, "c", "lr 1e-4")],
        nonfinite_at=[150, 2000],
    )
    assert found[-2:] == [
        "   ++------!-+--------+------^lr 1e-3--+--------+--lr 1e-4^-",
        "    0       200      400     600      800     1000     1200 ",
    ]
    assert all(row[4 + round(800 / 1250 * 55)] == "|" for row in (found[1], found[-3]))


def test_of_two_changes_that_share_the_room_the_latest_is_explained() -> None:
    axis = chart(width=60, height=15, marks=[Mark(0, "c", "a" * 40), Mark(1250, "c", "b" * 40)])[-2]
    assert axis.endswith("─" + "b" * 40 + "^")
    assert "c─" in axis


def test_a_logarithmic_axis_makes_an_exponential_straight() -> None:
    falling = Points([(step, 10 ** (2 - step / 300)) for step in STEPS] + [(1210, 0.0), (1220, -3.0)])
    assert chart(Line("norm", falling), y_limits=(0.01, 100), log=True) == [
        "    │                                  ",
        " 100┤⣀⡀                                ",
        "    │ ⠉⠉⠓⠒⠦⠤⣄⣀⡀                        ",
        "   1┤         ⠉⠉⠓⠒⠦⠤⣄⣀⡀                ",
        "    │                 ⠉⠉⠓⠒⠦⠤⣄⣀⡀        ",
        "0.01┤                         ⠉⠉⠓⠒⠦⠤⣄▼ ",
        " log└0───────────500──────────1000─────",
    ]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.015])
def test_a_single_spike_in_a_long_run_is_seen(ascii_only: bool, smoothing: float) -> None:
    for at in range(90, 130):
        spiked = Points([(step, 2.0 if step == at else 0.2) for step in STEPS])
        for place in (0, 1, 3):
            lines = [*[Line("", Points([]))] * place, Line("loss", spiked, smoothing=smoothing)]
            top = "".join(chart(*lines, ascii_only=ascii_only)[:2])
            assert top.strip("2 │|┤"), (at, place)


def test_the_second_series_differs_from_the_first_without_any_colour() -> None:
    for ascii_only in (False, True):
        pictures = {"".join(chart(*[Line("", Points([]))] * place, LOSSES[0], ascii_only=ascii_only)) for place in range(4)}
        assert len(pictures) == 4


def test_eight_lines_differ_without_any_colour() -> None:
    pictures = {"".join(chart(*[Line("", Points([]))] * place, LOSSES[0])) for place in range(8)}
    assert len(pictures) == 8
    assert len({legend(place) for place in range(8)}) == 8


def test_where_nothing_is_dim_only_the_ends_of_a_band_are_drawn() -> None:
    noisy = Line("D", NOISY, smoothing=0.015)
    dots = [
        sum(
            (ord(letter) - 0x2800).bit_count()
            for row in rows(noisy, height=16, dims=dims)
            for span in row
            if span.ink == "band0"
            for letter in span.text.strip()
        )
        for dims in (True, False)
    ]
    assert 0 < dots[1] < dots[0]


def test_values_without_a_logarithm_lie_on_the_bottom_edge_with_a_mark() -> None:
    fallen = Points([(step, 1.0 if step < 600 else 0.0) for step in STEPS])
    drawn = chart(Line("norm", fallen), y_limits=(0.01, 1), log=True, ascii_only=True)
    assert drawn[-2].count("v") == 1
    assert "oooooo" in drawn[-2].partition("v")[2]
    assert extent([Line("", Points([(1, 0.0), (2, 1e-12), (3, 5.0)]))], (0, 5), log=True) == (1e-12, 5.0)


def test_points_are_not_connected() -> None:
    few = Points([(100, 0.5), (600, 1.5), (1100, 1.0)])
    assert sum(row.count("*") for row in chart(Line("accuracy", few, style="points", marker="*"), ascii_only=True)) == 3
    drawn = chart(Line("accuracy", few, style="points"))
    assert sum(letter >= "\u2800" for row in drawn for letter in row) <= 3 * 4


def test_the_first_step_is_seen() -> None:
    drawn = chart(Line("loss", Points([(1, 1.0)])))
    dots = sum((ord(letter) - 0x2800).bit_count() for row in drawn for letter in row if letter >= "\u2800")
    assert dots == 4


def test_values_that_are_not_finite_are_marked_and_never_drawn() -> None:
    broken = Points([(step, math.nan if step % 3 else math.inf) for step in STEPS])
    drawn = chart(Line("loss", broken), nonfinite_at=[50, math.nan, 700], ascii_only=True, placeholder="no finite value")
    assert not any("o" in row for row in drawn[:2])
    assert drawn[-1].count("!") == 2
    assert "no finite value" in drawn[2]


def test_a_far_outlier_leaves_through_the_edge() -> None:
    outlier = Points([(step, 1e300 if step == 600 else 0.5) for step in STEPS])
    column = [row[2 + round(600 / 1250 * 36)] for row in chart(Line("loss", outlier), ascii_only=True)]
    assert column[:5] == ["o"] * 5


def test_an_empty_chart_says_why() -> None:
    assert chart(Line("loss", Points([])), placeholder="waiting for the first step")[2] == " │     waiting for the first step      "
    assert "waiting" in "".join(chart(placeholder="waiting", width=10, height=2))
    assert "waiting" not in "".join(chart(LOSSES[0], placeholder="waiting"))


def test_a_mark_stands_beside_a_label_rather_than_hiding_it_and_never_among_the_data() -> None:
    drawn = chart(marks=[Mark(500, "c")], ascii_only=True)
    assert "500c" in drawn[-1] or "c500" in drawn[-1]
    assert not any("c" in row for row in drawn[:-1])


def test_two_marks_in_one_cell_stand_side_by_side() -> None:
    assert "pc" in chart(marks=[Mark(300, "p"), Mark(300, "c")])[-1]
    assert "!c" in chart(marks=[Mark(300, "c")], nonfinite_at=[300])[-1]


def test_marks_that_give_way_to_a_label_keep_the_order_in_which_things_were_done() -> None:
    for step in range(0, 1250, 10):
        axis = chart(marks=[Mark(step, "p"), Mark(step, "g")])[-1]
        assert 0 < axis.index("p") < axis.index("g")


def test_letters_are_explained_where_there_is_room() -> None:
    marks = [Mark(200, "c", "lr 1", "change"), Mark(700, "p", "pause", "pause")]
    assert "c change  p pause" in chart(marks=marks, height=9)[0]
    assert not any("change" in row for row in chart(marks=marks, height=5))
    wide = chart(marks=marks, width=60, height=16)
    assert "^lr 1" in wide[-2]
    assert not any("change" in row for row in wide)


def test_not_finite_outranks_a_change_in_the_same_cell() -> None:
    at = round(100 / 1250 * 36) + 2
    assert chart(marks=[Mark(100, "c")], nonfinite_at=[100])[-1][at : at + 2] == "!c"


def test_a_threshold_is_drawn_behind_the_data_and_only_within_the_limits() -> None:
    covered = Points([(step, 1.0) for step in range(1251)])
    assert "╌" not in "".join(chart(Line("loss", covered), threshold=1.0, threshold_label="baseline"))
    assert "baseline" in "".join(chart(Line("loss", covered), threshold=1.0, threshold_label="baseline"))  # beside the data
    assert "╌" not in "".join(chart(threshold=3.0))
    assert "╌" not in "".join(chart(threshold=math.nan))
    assert chart(threshold=1.0, threshold_label="baseline")[3].endswith("╌ baseline ")


def test_the_label_of_a_threshold_moves_to_where_no_data_are() -> None:
    late = Points([(step, 0.3) for step in range(900, 1251)])
    assert chart(Line("loss", late), threshold=0.3, threshold_label="floor")[5].startswith("0┤ floor ╌")


def test_a_ghost_lies_behind_the_lines() -> None:
    found = rows(LOSSES[0], ghosts=[Ghost(FALLING), Ghost(RISING)])
    assert {"series0", "muted"} <= inks(found)
    assert plain(rows(LOSSES[0]))[2] == plain(found)[2], "where the same values lie in the same place"


def test_a_series_is_asked_only_for_as_many_columns_as_are_drawn() -> None:
    series = Points([(1, 1.0), (2, 2.0)])
    chart(Line("loss", series))
    chart(Line("loss", series), ascii_only=True)
    assert series.asked == [2 * 37, 37]


def test_extent_is_that_of_all_lines_in_view() -> None:
    lines = [Line("a", Points([(1, 3.0), (2, math.nan)])), Line("b", Points([(1, -1.0), (9, 100.0)])), Line("c", Points([]))]
    assert extent(lines, (0, 5)) == (-1.0, 3.0)
    assert extent(lines, (3, 5)) is None
    assert extent([], (0, 5)) is None


def test_without_room_for_a_frame_each_line_is_a_sparkline() -> None:
    heading = title("loss", [Reading("", 0.404, -0.1)], 7)
    assert chart(*LOSSES, width=7, height=4, heading=heading) == ["0.404  ", "█▃▂▁▁▁▁", "▁▄▆▇███", "       "]
    assert chart(LOSSES[0], width=20, height=1, heading=title("loss", [Reading("", 0.404)], 20)) == ["loss  0.404         "]
    assert chart(LOSSES[0], width=9, height=1, ascii_only=True) == [r"\..______"]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("log", [False, True])
def test_any_size_is_filled_exactly(ascii_only: bool, log: bool) -> None:
    falling, rising, noisy = (Points(series.points[::40]) for series in (FALLING, RISING, NOISY))
    lines = [Line("\x1b[2Jhostile", falling, smoothing=0.015), Line("猫", rising), Line("e\u0301", noisy, style="points")]
    for width, height in SIZES:
        drawn = chart(
            *lines,
            width=width,
            height=height,
            log=log,
            ascii_only=ascii_only,
            x_limits=(0, 1250),
            y_limits=limits(0.2, 2, log=log),
            heading=title("猫\x1b]0;x\x07", [Reading("猫", 1.0, 1.0)] * 3, width, nonfinite=(3, 150), ascii_only=ascii_only),
            marks=[Mark(500, "猫", "猫猫猫", "猫"), Mark(501, "c", "\x1b[31m", "\x1b[31m"), Mark(1250, "c", "end"), Mark(9999, "c", "out")],
            nonfinite_at=[0, 1250],
            threshold=0.7,
            threshold_label="猫の基準",
            ghosts=[Ghost(noisy, smoothing=0.015)],
            cursor=333,
            placeholder="猫",
        )
        assert [cells(row) for row in drawn] == [width] * height, (width, height)
        assert not ascii_only or all(row.isascii() for row in drawn)
        assert "\x1b" not in "".join(drawn)


def test_no_limits_whatever_can_stop_the_drawing() -> None:
    odd = (0.0, 1.0, -1.0, 1e-320, 1.7e308, -1.7e308, math.nan, math.inf)
    for low in odd:
        for high in odd:
            for log in (False, True):
                drawn = chart(LOSSES[0], y_limits=(low, high), log=log, threshold=low, cursor=high)
                assert [cells(row) for row in drawn] == [39] * 7
                assert len(chart(LOSSES[0], x_limits=(low, high), marks=[Mark(low, "c")], nonfinite_at=[high])) == 7


def test_nothing_fits_in_no_room() -> None:
    assert chart(LOSSES[0], width=0, height=0) == []
    assert chart(LOSSES[0], width=0, height=2) == ["", ""]
    assert chart(LOSSES[0], width=5, height=-1) == []


def test_a_ghost_is_as_smooth_as_the_line_that_replaced_it() -> None:
    drawn = {smoothing: chart(height=14, ghosts=[Ghost(NOISY, smoothing)], y_limits=(0.5, 2)) for smoothing in (0.0, 0.15)}
    dots = {
        smoothing: sum(ord(letter) - 0x2800 > 0 for row in rows for letter in row if letter >= "⠀") for smoothing, rows in drawn.items()
    }
    assert dots[0.0] > 3 * dots[0.15] > 0


def test_a_value_that_is_pointed_out_lies_on_its_line() -> None:
    drawn = chart(LOSSES[0], points=[Point(600, FALLING.points[599][1], "series0"), Point(600, 99, "series0")], ascii_only=True)
    (row,) = [row for row in drawn if "@" in row]
    assert row[row.index("@") - 1] == row[row.index("@") + 1] == "o"


def test_the_reading_of_a_point_beyond_the_axis_is_not_drawn_at_its_edge() -> None:
    lost = [Point(600, value, "series0") for value in (99.0, -99.0, math.nan)] + [Point(5000, 1, "series0")]
    assert chart(LOSSES[0], points=lost) == chart(LOSSES[0])
