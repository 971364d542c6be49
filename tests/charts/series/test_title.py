"""The row above a chart."""

from __future__ import annotations

import math

import pytest

from workbench.charts.rows import cells, plain
from workbench.charts.series.title import Reading, legend, legends, title

GAN = (Reading("D", 0.52, -0.1), Reading("G", 1.31, 0.1))


def text(*arguments: object, **options: object) -> str:
    return plain([title(*arguments, **options)])[0]  # type: ignore[arg-type]


def test_a_wide_title_says_everything() -> None:
    assert text("loss", GAN, 70, best=(0.51, 1180), nonfinite=(3, 150), ascii_only=True) == (
        "loss  o D v 0.52  x G ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150          "
    )
    assert text("loss", GAN, 56, best=(0.51, 1180)) == "loss  ⠒⠒ D ↓ 0.52  ⠒ G ↑ 1.31  best 0.51 @ 1,180        "


def test_one_series_needs_no_marker() -> None:
    assert (
        text("frechet", [Reading("", 0.031, -1)], 40, best=(0.029, 1180), ascii_only=True).rstrip()
        == "frechet  v 0.031  best 0.029 @ 1,180"
    )


def test_what_matters_least_goes_first() -> None:
    shown = [text("loss", GAN, width, best=(0.51, 1180), nonfinite=(3, 150), ascii_only=True).rstrip() for width in range(70, 0, -1)]
    assert list(dict.fromkeys(shown))[:8] == [
        "loss  o D v 0.52  x G ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150",
        "loss o D v 0.52 x G ^ 1.31 best 0.51 @ 1,180 3 NaN @ 150",
        "loss  o D 0.52  x G 1.31  best 0.51  3 NaN @ 150",
        "loss o D 0.52 x G 1.31 best 0.51 3 NaN @ 150",
        "loss  o D v 0.52  x G ^ 1.31  3 NaN @ 150",
        "loss o D v 0.52 x G ^ 1.31 3 NaN @ 150",
        "loss o D 0.52 x G 1.31 3 NaN @ 150",
        "loss  o D  x G  3 NaN @ 150",
    ]


def test_a_narrow_title_keeps_the_best_value_and_the_first_letters_of_the_labels() -> None:
    readings = [Reading("train", 0.003574, -1), Reading("val", 0.04668, 1)]
    assert text("loss", readings, 39, best=(0.046623, 693)) == "loss ⠒⠒t 0.00357 ⠒v 0.0467 best 0.0466 "


def test_the_arrow_needs_a_finite_value_and_a_trend() -> None:
    assert text("loss", [Reading("", None, -1)], 9) == "loss  -  "
    assert text("loss", [Reading("", math.nan, -1)], 10) == "loss  NaN "
    assert text("loss", [Reading("", 2.0, 0)], 9) == "loss  2  "


def test_the_legend_looks_like_the_line() -> None:
    assert [legend(index, ascii_only=True) for index in range(3)] == ["o", "x", "*"]
    assert [legend(index) for index in range(2)] == ["⠒⠒", "⠒"]
    assert legend(1, style="points") == "⠶"
    assert legend(1, marker="\u0301猫", ascii_only=True) == "?"
    assert text("f1", [Reading("a", 1, marker="*"), Reading("b", 2, style="points")], 16, ascii_only=True) == "f1  * a 1  x b 2"


def test_inks_tell_roles_apart() -> None:
    row = title("loss", GAN, 70, best=(0.51, 1180), nonfinite=(3, 150))
    assert {span.ink for span in row} == {"title", "series0", "series1", "", "muted", "mark"}
    assert title("", [Reading("", math.inf)], 5)[0].ink == "mark"
    assert title("a", [GAN[0]._replace(ink="series5"), GAN[1]], 60)[1].ink == "series5"


def test_values_are_written_as_the_caller_says() -> None:
    assert text("accuracy", [Reading("", 0.986)], 16, form=lambda value: f"{100 * value:.1f} %") == "accuracy  98.6 %"


@pytest.mark.parametrize("ascii_only", [False, True])
def test_any_width_is_filled_exactly(ascii_only: bool) -> None:
    readings = [Reading("猫", 1234567.0, 1), Reading("\x1b[2J", -1e-9, -1), Reading("e\u0301", math.nan)]
    for count in range(4):
        for width in range(90):
            shown = text("損失", readings[:count], width, best=(1e300, math.nan), nonfinite=(12345, 1.5), ascii_only=ascii_only)
            assert cells(shown) == width
            assert not ascii_only or shown.isascii()
            assert "\x1b" not in shown


def test_a_long_name_is_cut_between_words_before_it_goes() -> None:
    readings = [Reading("phone error rate", 0.145), Reading("word error rate", 0.524)]
    assert text("phone and word error rate", readings, 38, ascii_only=True).rstrip() == "phone and word~  o 0.145  x 0.524"
    assert text("phone and word error rate", readings, 22, ascii_only=True).rstrip() == "o 0.145  x 0.524"


def test_of_many_series_values_go_before_labels() -> None:
    many = [Reading(f"class{index}", 0.97) for index in range(6)]
    assert text("F1", many, 60, ascii_only=True).rstrip() == "F1 o class0 x class1 * class2 + class3 # class4 @ class5"
    assert text("F1", many, 30, ascii_only=True).rstrip() == "F1  o class0  x class1  +4"


def test_a_legend_of_its_own_has_values_as_long_as_all_labels_fit() -> None:
    many = [Reading(f"class{index}", 0.9712, 1.0) for index in range(6)]
    one, two, short, few = (plain(legends(many, width, rows, ascii_only=True)) for width, rows in ((130, 1), (60, 2), (60, 1), (30, 1)))
    assert one[0].startswith("o class0 ^ 0.9712  x class1 ^ 0.9712")
    assert [row.count("class") for row in two] == [3, 3]
    assert "0.971" in two[0]
    assert short[0].rstrip() == "o class0  x class1  * class2  + class3  # class4  @ class5"[: len(short[0])].rstrip() or "+" in short[0]
    assert few[0].rstrip() == "o class0  x class1  +4"
    assert all(cells(row) == 30 for row in few)


def test_what_is_not_finite_is_called_what_it_is() -> None:
    assert text("loss", [Reading("", 1.0)], 40, nonfinite=(1, 700), lost_as="inf").rstrip() == "loss  1  1 inf @ 700"
