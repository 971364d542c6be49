"""The frame that plotext draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import workbench.charts
from workbench.charts.axis import Limits, aligned, labels
from workbench.charts.dots import Scale, grain
from workbench.charts.rows import cells
from workbench.charts.series.frame import draw


def test_a_low_frame_writes_the_labels_into_the_axis() -> None:
    frame = draw(30, 6, x_limits=(0, 1000), y_limits=(0, 2))
    assert frame is not None
    assert list(frame.rows) == [
        "2┤                            ",
        " │                            ",
        "1┤                            ",
        " │                            ",
        "0┤                            ",
        " └0─────250────500───750──1000",
    ]
    assert (frame.left, frame.width, frame.height) == (2, 28, 5)
    assert {frame.rows[-1][column] for column in frame.labelled} == set("012570")
    assert frame.y_limits == pytest.approx((0, 2.375))  # a row is 0.5


def test_a_high_frame_has_a_row_for_the_labels_and_ticks() -> None:
    frame = draw(30, 14, x_limits=(0, 1000), y_limits=(0, 2), ascii_only=True)
    assert frame is not None
    assert frame.height == 12
    assert frame.rows[-2] == " ++------+------+-----+------+"
    assert frame.rows[-1].split() == ["0", "250", "500", "750", "1000"]
    assert not frame.labelled


def test_an_axis_says_what_it_counts_and_that_it_is_logarithmic() -> None:
    low = draw(34, 7, x_limits=(0, 1), y_limits=(0, 1), unit="%", x_unit="epoch")
    assert low is not None
    assert low.rows[-1].endswith("1.0 epoch")
    assert [row[:4] for row in low.rows if "%" in row] == ["100%", " 50%", "  0%"]
    high = draw(60, 16, x_limits=(0, 8), y_limits=(0.2, 1e19), log=True, x_unit="min")
    assert high is not None
    assert high.rows[-1].rstrip().endswith(" min")
    assert high.rows[-2].startswith(" log└")
    size = draw(60, 8, x_limits=(0, 8), y_limits=(0, 8e10), unit="bytes")
    assert size is not None
    assert size.rows[0].startswith("75GB")


def test_a_unit_at_the_right_edge_leaves_no_tick_without_its_label() -> None:
    for width in range(20, 90):
        for edge in (1.0, 40.0, 1250.0):
            for height in (7, 16):
                frame = draw(width, height, x_limits=(0, edge), y_limits=(0, 1), x_unit="examples")
                assert frame is not None
                axis, words = (frame.rows[-2], frame.rows[-1]) if height >= 14 else ("", frame.rows[-1])
                assert words.rstrip(" ─").endswith(" examples")
                assert axis.count("┬") == (len(words.split()) - 1 if height >= 14 else 0)
                assert "┬" not in frame.rows[-1]


def test_a_chart_of_a_third_of_120_cells_has_three_labels_besides_zero() -> None:
    for edge in (500.0, 640.0, 800.0, 1000.0, 1600.0, 2000.0, 4000.0):
        frame = draw(38, 9, x_limits=(0, edge), y_limits=(0, 2))
        assert frame is not None
        assert len(frame.rows[-1].replace("─", " ").split()) >= 4, frame.rows[-1]


def test_ascii_is_ascii() -> None:
    for height in (5, 20):
        frame = draw(40, height, x_limits=(0, 1000), y_limits=(0, 2), ascii_only=True)
        assert frame is not None
        assert all(row.isascii() for row in frame.rows)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(("bounds", "log"), [((0.0, 2.5), False), ((-0.3, 0.9), False), ((0.001, 1000.0), True), ((0.2, 7.0), True)])
def test_a_tick_stands_in_the_row_where_its_value_is_drawn(bounds: Limits, log: bool, ascii_only: bool) -> None:
    for height in range(4, 40):
        frame = draw(50, height, x_limits=(0, 100), y_limits=bounds, log=log, ascii_only=ascii_only)
        assert frame is not None
        _, down = grain(ascii_only)
        limits, values = aligned(bounds, frame.height, down, log=log)
        assert frame.y_limits == limits
        scale = Scale(limits, frame.height * down, log)
        wanted = {round(scale(value)) // down: label for value, label in reversed(list(zip(values, labels(values, log), strict=True)))}
        shown = {
            row: text[: frame.left - 1].strip() for row, text in enumerate(frame.rows[: frame.height]) if text[: frame.left - 1].strip()
        }
        assert {row: shown.get(row) for row in wanted} == wanted
        assert set(shown) == set(wanted)


def test_every_frame_has_exactly_the_size_asked_for() -> None:
    for width in range(1, 60, 3):
        for height in range(1, 30):
            frame = draw(width, height, x_limits=(0, 12345), y_limits=(0.001, 1.7))
            if frame is not None:
                assert [cells(row) for row in frame.rows] == [width] * height
                assert frame.left + frame.width == width
                assert all(row[frame.left :].isspace() for row in frame.rows[: frame.height])


def test_there_is_no_frame_without_room_for_a_course() -> None:
    assert draw(7, 8, x_limits=(0, 100), y_limits=(0, 1)) is None
    assert draw(40, 2, x_limits=(0, 100), y_limits=(0, 1)) is None


def test_a_frame_is_drawn_once_for_its_limits() -> None:
    first = draw(41, 9, x_limits=(0, 100), y_limits=(0, 1))
    assert draw(41, 9, x_limits=(0, 100), y_limits=(0, 1)) is first


def test_only_this_module_knows_plotext() -> None:
    room = Path(workbench.charts.__file__).parent
    assert [file.name for file in room.rglob("*.py") if "plotext" in file.read_text(encoding="utf-8")] == ["frame.py"]


def test_importing_charts_does_not_pay_for_plotext_or_numpy() -> None:
    code = "import sys, workbench.charts.series.line, workbench.charts.images, workbench.charts.heatmap, workbench.charts.bars;"
    code += "print([name for name in ('plotext', 'numpy', 'torch', 'textual', 'PIL') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
