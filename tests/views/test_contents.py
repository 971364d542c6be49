"""What a run would learn from, in words and bars."""

from __future__ import annotations

import pytest

from tests.tui.runs import CLASSES
from workbench.charts.rows import Rows, cells
from workbench.views import contents

IMAGES = {"examples": {"train": 4000, "validation": 500, "test": 500}, "unit": "img", "steps_per_epoch": 63, "tallies": [CLASSES]}


def text(rows: Rows) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in rows]


def test_sizes_are_said_with_their_unit_and_the_steps_of_an_epoch() -> None:
    assert contents.sizes(IMAGES) == "4,000 images, 500 to validate and 500 to test, 63 steps an epoch"
    assert contents.brief({**IMAGES, "unit": "row"}) == "4,000 row, 63 steps an epoch"
    assert contents.sizes({}) == contents.brief({}) == ""


def test_each_class_has_a_bar_with_its_count_in_training_and_in_the_batch() -> None:
    rows = contents.tally(CLASSES, 34, 14, ascii_only=True)
    shown = text(rows)
    assert shown[0].split() == ["class", "training", "batch"]
    assert [shown[1].split()[0], *shown[1].split()[-2:]] == ["0", "380", "6"]
    assert [shown[10].split()[0], *shown[10].split()[-2:]] == ["9", "416", "6"]
    assert shown[-1] == "largest 1.09 times the smallest"
    assert all(sum(cells(span.text) for span in row) <= 34 for row in rows)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"training": [5] * 10}, "all classes are equally large"),
        ({"training": [0, *[5] * 9]}, "a class has no training example"),
        ({"kind": "tokens", "left_out": 63}, "and 63 rarer ones"),
        ({"training": []}, "drawn anew for each batch"),
    ],
)
def test_the_foot_says_how_even_it_is(changed: dict[str, object], words: str) -> None:
    assert text(contents.tally({**CLASSES, **changed}, 34, 14, ascii_only=True))[-1] == words


def test_what_does_not_fit_is_counted() -> None:
    shown = text(contents.tally(CLASSES, 34, 6, ascii_only=True))
    assert len(shown) == 6
    assert shown[4] == "+ 7 more"
