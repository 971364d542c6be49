"""What differs between settings, on a page."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.charts.rows import Rows, Span, cells, cut, fit, printable
from workbench.tui.screens.pages.page import Page
from workbench.tui.theme import Look


def of_differences(rows: Sequence[tuple[str, ...]], look: Look) -> Page:
    """Where the settings of the form differ from the preset's and from another run's; heads first, the form's values last."""
    if len(rows) == 1:
        return Page("DIFFERENCES", [[Span(f" nothing differs from {' or '.join(rows[0][1:-1])}")]])
    shown = [[printable(text, ascii_only=look.ascii_only) for text in row] for row in rows]

    def lines(width: int) -> Rows:
        widths = _within([max(map(cells, column)) for column in zip(*shown, strict=True)], width - 1)
        found: Rows = []
        for row in shown:
            inks = ["title", *("muted" if text == row[-1] else "" for text in row[1:-1]), "changed"] if found else ["muted"] * len(row)
            parts = zip(row, widths, inks, strict=True)
            found.append([Span(f" {fit(cut(text, size, ascii_only=look.ascii_only), size)} ", ink) for text, size, ink in parts])
        return found

    return Page("DIFFERENCES", lines)


def _within(widths: list[int], width: int) -> list[int]:
    """Columns with a blank on either side, the widest of them narrowed until all fit."""
    while sum(widths) + 2 * len(widths) > width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths
