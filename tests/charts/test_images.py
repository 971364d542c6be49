"""Grey images as terminal cells."""

from __future__ import annotations

import itertools

import pytest

from workbench.charts.images import Mode, brief, choose_mode, draw, exact, gallery, layout, page_count, sizes
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


@pytest.mark.parametrize("pixels", [(8, 8), (28, 28), (32, 32), (57, 28), (17, 8), (31, 31), (64, 64), (3, 3)])
@pytest.mark.parametrize("mode", ["quadrant", "half", "braille"])
def test_every_pixel_of_an_image_is_equally_large(pixels: tuple[int, int], mode: Mode) -> None:
    stripes = [[255 * (column % 2) for column in range(pixels[0])] for _ in range(pixels[1])]
    for size in sizes(*pixels, mode)[:4]:
        if size.times < 1:
            continue  # several share a place there
        row = exact(stripes, size)[0]
        if size.mode == "half":
            levels = [span.background for span in row for _ in span.text]
            runs = [len([*group]) for level, group in itertools.groupby(levels)]
        else:
            dots = [bool(ord(letter) - 0x2800 & bit) for letter in plain([row])[0] for bit in (0x01, 0x08)]
            runs = [len([*group]) for lit, group in itertools.groupby(dots)][1:-1]
        assert set(runs) <= {int(size.times * (1 if size.mode == "half" else 2))}


def test_the_least_size_follows_from_the_image() -> None:
    least = {pixels: sizes(*pixels, "quadrant")[0] for pixels in ((8, 8), (28, 28), (32, 32), (57, 28), (64, 64))}
    assert {pixels: (size.width, size.height) for pixels, size in least.items()} == {
        (8, 8): (8, 4), (28, 28): (14, 7), (32, 32): (16, 8), (57, 28): (29, 7), (64, 64): (16, 8),
    }  # fmt: skip
    assert (least[8, 8].mode, least[28, 28].mode) == ("half", "quadrant")


def test_a_slot_of_the_run_screen_holds_a_grid_of_digits() -> None:
    captions = ["9, said 5 .66"] * 32
    low = layout(32, 39, 8, mode="quadrant", captions=captions, pixels=(8, 8))
    assert (low.columns, low.rows, low.size.width, low.size.height, low.captioned) == (4, 1, 8, 4, True), "labels first"
    bare = layout(32, 39, 8, mode="quadrant", pixels=(8, 8))
    assert (bare.columns, bare.rows, bare.size.width, bare.size.height) == (4, 2, 8, 4)
    high = layout(32, 59, 15, mode="quadrant", captions=captions, pixels=(8, 8))
    assert (high.columns, high.rows, high.slot, high.captioned) == (6, 3, 9, True)
    assert layout(32, 39, 8, mode="quadrant", captions=captions)[:2] == (2, 1)
    assert layout(32, 39, 7, mode="quadrant", captions=captions).captioned is False  # rather than a digit that cannot be read


def test_captions_lose_whole_words_and_pages_turn() -> None:
    captions = ["7, said 1 .93", "2, said 3 .51", "猫", "4"]
    images = [RING] * 4
    assert [brief(captions[0], width) for width in (13, 12, 9, 8, 2)] == ["7, said 1 .93", "7, said 1", "7, said 1", "7, said", "7,"]
    assert plain(gallery(images, captions, 44, 8, mode="ascii"))[7] == "7, said 1 .93  2, said 3 .51  ?             "
    assert plain(gallery(images, captions, 44, 8, mode="braille"))[7] == "7, said 1 .93  2, said 3 .51  猫            "
    assert page_count(4, layout(4, 44, 8, mode="ascii", captions=captions)) == 2
    assert plain(gallery(images, captions, 44, 8, mode="ascii", page=1))[7].rstrip() == "4"
    assert gallery(images, captions, 44, 8, mode="ascii", page=2) == gallery(images, captions, 44, 8, mode="ascii")


def test_as_many_images_as_stay_legible_and_as_large_as_can_be() -> None:
    def grid(*about: int, mode: Mode = "quadrant") -> tuple[int, ...]:
        found = layout(*about, mode=mode)
        return found.columns, found.rows, found.size.width, found.size.height

    assert grid(32, 80, 24) == (5, 3, 14, 7)
    assert grid(32, 80, 24, mode="ascii") == (5, 3, 14, 7)
    assert grid(1, 80, 24) == (2, 1, 28, 14)
    assert grid(1, 80, 30) == (1, 1, 56, 28)


def test_of_enough_images_larger_ones_are_preferred_and_a_large_screen_is_filled() -> None:
    captions = ["7"] * 60
    for pixels, columns, rows, width in (((28, 28), 9, 7, 14), ((8, 8), 8, 6, 16)):
        found = layout(60, 140, 57, mode="quadrant", captions=captions, pixels=pixels, enough=24)
        assert (found.columns, found.rows, found.size.width) == (columns, rows, width)
        shown = min(60, found.most)
        assert shown * found.size.width * found.size.height > 0.5 * 140 * 57
        digits = [[row[: pixels[0]] for row in RING[: pixels[1]]]] * 60
        assert sum(row.count("7") for row in plain(gallery(digits, captions, 140, 57, mode="quadrant", enough=24))) >= 48
    assert layout(60, 140, 57, mode="quadrant", captions=captions, pixels=(8, 8)).size.width == 8


def test_images_stand_in_reading_order() -> None:
    shown = gallery([DIAGONAL, RING, RING], ["a", "b", "c"], 44, 8, mode="braille")
    assert plain(shown)[7].split() == ["a", "b", "c"]
    size = sizes(28, 28, "braille")[0]
    assert [row[:14] for row in plain(shown)[:7]] == plain(exact(DIAGONAL, size))
    assert [row[15:29] for row in plain(shown)[:7]] == plain(exact(RING, size))


@pytest.mark.parametrize("mode", MODES)
def test_images_below_each_other_do_not_touch_where_there_is_room(mode: Mode) -> None:
    full = [[255 * (row + column != 0) for column in range(28)] for row in range(28)]
    rows = plain(gallery([full, full], [], 14, 15, mode=mode))
    assert not rows[7].strip()
    assert layout(2, 14, 14, mode=mode).rows == 2  # rather both of them than one


def test_rows_of_images_that_touch_are_told_apart_by_their_ground() -> None:
    dot = [[255 * (row == column == 3) for column in range(8)] for row in range(8)]
    rows = gallery([dot] * 8, [""] * 8, 39, 8, mode="quadrant")
    grounds = [{span.background for span in row if span.text.isspace()} - {None} for row in rows]
    assert grounds[0] == {0}
    assert min(grounds[4]) > 40  # type: ignore[type-var]


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
