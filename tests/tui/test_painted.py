"""Painting only what changed, and what stands behind the readers' cleaning."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.color import Color

from workbench.charts.rows import ON_BLANKS, Span, plain
from workbench.tui import theme
from workbench.tui.terminal import Harmless
from workbench.tui.widgets.painted import card, changed_cells


def test_only_the_cells_between_the_first_and_the_last_difference_are_painted() -> None:
    before = [Span("loss 1.234 best")]
    assert changed_cells(before, [Span("loss 1.299 best")], 15) == (8, 10)
    assert changed_cells(before, [Span("loss 1.234 "), Span("best", "mark")], 15) == (11, 15)


def test_a_row_with_wide_characters_is_painted_whole() -> None:
    assert changed_cells([Span("漢字 1")], [Span("漢字 2")], 6) == (0, 6)


def test_the_card_of_a_broken_panel_is_harmless_and_fits() -> None:
    rows = plain(card(ValueError("\x1b[2J" + "x" * 200), 30, 4, ascii_only=True))
    assert [len(row) for row in rows] == [30] * 4
    assert all(row.isprintable() and row.isascii() for row in rows)


def test_control_characters_stop_at_the_last_door() -> None:
    harmless = Harmless(ascii_only=False)
    (segment,) = harmless.apply([Segment("a\x1b]52;c;x\x07b\u202e─")], Color(0, 0, 0))
    assert segment.text == "a\ufffd]52;c;x\ufffdb\ufffd─"
    (segment,) = Harmless(ascii_only=True).apply([Segment("─é")], Color(0, 0, 0))
    assert segment.text.isascii()


@pytest.mark.parametrize("ink", [*theme.inks("dark"), "unknown"])
def test_every_role_has_a_style_with_and_without_colour(ink: str) -> None:
    assert theme.style(ink, None, None, 256).color
    assert theme.style(ink, None, None, 16).color
    plain_style = theme.style(ink, None, None, 1)
    assert plain_style.color is None
    assert plain_style.bgcolor is None


def test_series_and_their_bands_have_colours_of_their_own() -> None:
    for name in ("series", "band"):
        assert len({theme.inks("dark")[f"{name}{place}"].colour for place in range(8)}) == 8


def test_charts_know_each_ink_that_shows_on_blanks() -> None:
    shown = {name for name, ink in theme.inks("dark").items() if ink.background or ink.plain in ("reverse", "underline")}
    assert shown == ON_BLANKS
