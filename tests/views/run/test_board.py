import pytest

from workbench.views.run.board import matching, narrowed, pages, shape, wrong_pattern
from workbench.views.run.slots import Slot

SLOTS = [
    Slot("loss", "loss", "chart", ("train/loss", "validation/loss")),
    Slot("layers", "gradient norm per layer", "strip", ("train/grad_norm/conv1",)),
    Slot("preview:worst", "worst classified", "preview"),
]


@pytest.mark.parametrize(
    ("count", "width", "height", "expected"),
    [(4, 80, 17, (2, 2)), (12, 80, 17, (2, 2)), (12, 120, 30, (3, 3)), (2, 200, 40, (2, 1)), (1, 80, 17, (1, 1)), (9, 200, 50, (3, 3)),
     (22, 200, 50, (3, 3)),
     (9, 40, 7, (1, 1)), (0, 1, 1, (1, 1)), (3, 80, 17, (2, 2)), (6, 120, 30, (2, 3))],
)  # fmt: skip
def test_a_board_has_as_many_charts_as_there_are_and_stay_readable(count: int, width: int, height: int, expected: tuple[int, int]) -> None:
    assert shape(count, width, height) == expected


def test_no_size_leaves_a_board_without_a_chart() -> None:
    for width in range(0, 300, 7):
        for height in range(0, 100, 7):
            for count in range(12):
                across, down = shape(count, width, height)
                assert 1 <= across * down <= 9


def test_the_last_page_shares_its_room_among_what_is_left() -> None:
    assert [len(page) for page in pages(6, 80, 17)] == [4, 2]
    assert shape(2, 80, 17) == (2, 1)
    assert [list(page) for page in pages(0, 80, 17)] == [[]]
    assert [len(page) for page in pages(22, 200, 50)] == [9, 9, 4]


def test_charts_are_found_by_name_title_metric_or_expression() -> None:
    def names(wanted: str) -> list[str]:
        return [slot.name for slot in matching(SLOTS, wanted)]

    assert names("") == ["loss", "layers", "preview:worst"]
    assert names("GRAD") == ["layers"]
    assert names("^validation/") == ["loss"]
    assert names("worst|loss") == ["loss", "preview:worst"]
    assert names("(") == []  # no expression, and no chart has it in its name
    assert "unterminated" in wrong_pattern("(")
    assert wrong_pattern("loss|lr") == ""


def test_lines_and_layers_inside_of_a_chart_are_found() -> None:
    (loss,) = matching(SLOTS, "^validation/")
    assert loss.metrics == ("validation/loss",)
    assert matching(SLOTS, "loss")[0].metrics == ("train/loss", "validation/loss")  # its name has it: the whole chart
    assert narrowed(SLOTS[0], "train").metrics == ("train/loss",)
    assert narrowed(SLOTS[0], "zzz") == SLOTS[0]
