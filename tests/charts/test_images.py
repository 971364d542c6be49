"""Grey images as terminal cells."""

from __future__ import annotations

import pytest

from workbench.charts.images import Mode, choose_mode, draw, gallery, layout, page_count
from workbench.charts.rows import Rows, cells, plain

MODES: tuple[Mode, ...] = ("quadrant", "half", "braille", "ascii")
DIAGONAL = [[255 if abs(row - column) < 3 else 0 for column in range(28)] for row in range(28)]
RING = [[255 if 8 <= ((row - 13.5) ** 2 + (column - 13.5) ** 2) ** 0.5 <= 11 else 0 for column in range(28)] for row in range(28)]


def test_the_mode_follows_the_terminal() -> None:
    assert choose_mode(256, utf8=True) == "quadrant"
    assert choose_mode(16, utf8=True) == "braille"
    assert choose_mode(256, utf8=False) == "ascii"


def test_a_ring_is_a_ring_in_ascii() -> None:
    assert plain(draw(RING, 14, 7, mode="ascii")) == [
        "     ___,     ",
        "  _@MPTTTM@,  ",
        " _@P      7@, ",
        " ]@        @L ",
        ' "@L      j@` ',
        '  "T@@jj@@P`  ',
        '     """`     ',
    ]


def test_a_ring_is_a_ring_in_braille() -> None:
    assert plain(draw(RING, 10, 5, mode="braille")) == [
        "⠀⠀⢀⣀⣤⣤⣀⡀⠀⠀",
        "⠀⢰⡟⠉⠀⠀⠉⢻⡆⠀",
        "⠀⣿⠀⠀⠀⠀⠀⠀⣿⠀",
        "⠀⠸⣧⣀⠀⠀⣀⣼⠇⠀",
        "⠀⠀⠈⠉⠛⠛⠉⠁⠀⠀",
    ]


def test_a_half_block_is_two_pixels() -> None:
    first, second = draw([[0, 255], [90, 255]], 2, 1, mode="half")[0]
    assert (first.text, first.foreground, first.background) == ("▀", 0, 88)  # the nearest of 24 greys
    assert (second.text, second.background) == (" ", 255)


@pytest.mark.parametrize(
    ("pixels", "glyph"), [([[255, 0], [0, 0]], "▘"), ([[0, 255], [0, 0]], "▝"), ([[0, 0], [255, 0]], "▖"), ([[255, 0], [0, 255]], "▚")]
)
def test_a_quadrant_shows_which_pixels_are_bright(pixels: list[list[int]], glyph: str) -> None:
    (span,) = draw(pixels, 1, 1, mode="quadrant")[0]
    assert (span.text, span.foreground, span.background) == (glyph, 255, 0)


def test_contrast_is_stretched() -> None:
    faint = [[100 + level // 25 for level in row] for row in RING]
    for mode in MODES:
        assert draw(faint, 14, 7, mode=mode) == draw(RING, 14, 7, mode=mode)


def test_a_flat_image_is_flat() -> None:
    assert plain(draw([[7, 7], [7, 7]], 3, 2, mode="ascii")) == ["   ", "   "]


def test_greys_need_few_different_escapes() -> None:
    ramp = [list(range(256))] * 4
    for mode in ("half", "quadrant"):
        levels = {level for row in draw(ramp, 120, 2, mode=mode) for span in row for level in (span.foreground, span.background)}  # type: ignore[arg-type]
        assert len(levels - {None}) == 24


def test_shrinking_keeps_the_mean_brightness() -> None:
    checkers = [[255 * ((row + column) % 2) for column in range(32)] for row in range(32)]
    levels = {span.background for row in draw(checkers, 4, 2, mode="quadrant") for span in row}
    assert levels <= {121, 133}  # half of 255, to the nearest of 24 greys


def test_a_slot_of_the_run_screen_holds_three_digits_with_captions() -> None:
    captions = ["7 not 1 .93", "2 not 3 .51", "猫", "4"]
    grid = layout(4, 38, 7, mode="ascii", captions=captions)
    assert (grid.columns, grid.rows, grid.width, grid.height) == (3, 1, 12, 6)
    assert page_count(4, grid) == 2
    images = [RING] * 4
    assert plain(gallery(images, captions, 38, 7, mode="ascii"))[6] == "7 not 1 .93  2 not 3 .51  ?           "
    assert plain(gallery(images, captions, 38, 7, mode="braille"))[6] == "7 not 1 .93  2 not 3 .51  猫          "
    assert plain(gallery(images, captions, 38, 7, mode="ascii", page=1))[6].rstrip() == "4"
    assert gallery(images, captions, 38, 7, mode="ascii", page=2) == gallery(images, captions, 38, 7, mode="ascii")


def test_as_many_images_as_stay_legible_and_as_large_as_can_be() -> None:
    assert layout(32, 80, 24, mode="quadrant")[:4] == (7, 4, 10, 5)
    assert layout(32, 80, 24, mode="ascii")[:4] == (5, 3, 15, 8)
    assert layout(1, 80, 24, mode="quadrant")[:4] == (1, 1, 48, 24)
    assert layout(1, 39, 8, mode="quadrant", captions=["x"])[2:4] == (14, 7)
    assert layout(4, 80, 24, mode="half", aspect=2.0)[:4] == (2, 2, 39, 10)


def test_images_stand_in_reading_order() -> None:
    shown = gallery([DIAGONAL, RING, RING], ["a", "b", "c"], 39, 8, mode="braille")
    assert plain(shown)[6].split() == ["a", "b", "c"]
    assert [row[:12] for row in plain(shown)[:6]] == plain(draw(DIAGONAL, 12, 6, mode="braille"))
    assert [row[13:25] for row in plain(shown)[:6]] == plain(draw(RING, 12, 6, mode="braille"))


@pytest.mark.parametrize("mode", MODES)
def test_images_below_each_other_do_not_touch(mode: Mode) -> None:
    full = [[255 * (row + column != 0) for column in range(8)] for row in range(8)]
    rows = gallery([full, full], [], 14, 14, mode=mode)
    last = rows[6][0]
    assert layout(2, 14, 14, mode=mode).rows == 2
    if mode in ("half", "quadrant"):
        assert (last.text[0], last.foreground, last.background) == ("▀", 255, None)
    else:
        assert last.text[0] == {"braille": "⠿", "ascii": "M"}[mode]


@pytest.mark.parametrize("mode", MODES)
def test_any_size_is_filled_exactly(mode: Mode) -> None:
    def check(rows: Rows, width: int, height: int) -> None:
        assert [cells(row) for row in plain(rows)] == [width] * height
        assert mode != "ascii" or all(row.isascii() for row in plain(rows))

    captions = ["猫の分類器", "\x1b[2J", "", "7 not 1 .93", "e\u0301"]
    wide = [[0, 90, 255]]
    for width in (0, 1, 2, 9, 13, 14, 31, 80):
        for height in (0, 1, 2, 5, 8, 16, 30):
            check(draw(RING, width, height, mode=mode), width, height)
            check(draw(wide, width, height, mode=mode), width, height)
            for images in ([RING[::4]] * 5, [wide] * 2, []):
                for words in (captions, captions[:1], []):
                    check(gallery(images, words, width, height, mode=mode, page=1), width, height)
    check(draw([], 4, 2, mode=mode), 4, 2)
    check(draw([[]], 4, 2, mode=mode), 4, 2)
