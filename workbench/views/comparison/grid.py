"""A table of a comparison: names down, lines across, as many columns as fit."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, merge, pad
from workbench.comparison.compare import Line
from workbench.views.comparison.wording import label

_GAP = "  "
_WIDEST_LABEL = 24
_LEAST_CELL = 7
_COUNT = 8  # cells for how many lines are out of sight: `<2 +11`


def grid(
    title: str, rows: Sequence[tuple[str, list[str], list[bool]]], lines: Sequence[Line], base: int, width: int, ascii_only: bool,
    left: int | None,
) -> Rows:  # fmt: skip
    """Names down, lines across, the baseline's first and the others as far as they are scrolled to; or one block below the other."""
    others = [place for place in range(len(lines)) if place != base]
    start = 0 if left is None else max(0, min(left, len(others) - 1))
    drawn: Rows = []
    while True:
        block, shown = _block(
            title, rows, lines, [base, *others[start:]], start if left is not None else 0, width, ascii_only, left is None
        )
        drawn += [*([[Span("")]] if drawn else []), *block]
        start += max(1, shown - 1)
        if left is not None or start >= len(others):
            return drawn


def _block(
    title: str, rows: Sequence[tuple[str, list[str], list[bool]]], lines: Sequence[Line], places: Sequence[int], behind: int, width: int,
    ascii_only: bool, alone: bool,
) -> tuple[Rows, int]:  # fmt: skip
    """The columns of these places as far as they fit, and how many did."""
    lines = [lines[place] for place in places]
    rows = [(name, [texts[place] for place in places], [marks[place] for place in places]) for name, texts, marks in rows]
    heads = [label(line, ascii_only=ascii_only) for line in lines]
    first = min(max([cells(title), *(cells(name) for name, *_ in rows)]), max(8, width // 3))
    wanted = [max([_LEAST_CELL, cells(head), *(cells(texts[place]) for _, texts, _ in rows)]) for place, head in enumerate(heads)]
    columns = [min(cell, _WIDEST_LABEL) for cell in wanted]
    room = width - first - 3
    count = 0 if alone else _COUNT
    while columns and sum(columns) + len(_GAP) * (len(columns) - 1) + (count if behind or len(columns) < len(wanted) else 0) > room:
        columns.pop()
    shown = len(columns)
    sides = [f"<{behind}" if behind else "", f"+{len(wanted) - shown}" if shown < len(wanted) else ""]
    more = "" if alone else " ".join(filter(None, sides))
    drawn = [
        pad(
            [Span(f" {fit(title, first)}{_GAP}", "muted"), *_cells(heads, columns, ["muted"] * shown, ascii_only), Span(more, "muted")],
            width,
        )
    ]
    for name, texts, marks in rows:
        inks = ["" if not is_marked else "mark" for is_marked in marks]
        drawn.append(
            pad(merge([Span(f" {fit(name, first, ascii_only=ascii_only)}{_GAP}"), *_cells(texts, columns, inks, ascii_only)]), width)
        )
    return drawn, shown


def _cells(texts: Sequence[str], widths: Sequence[int], inks: Sequence[str], ascii_only: bool) -> Row:
    return [
        Span(fit(cut(text, room, ascii_only=ascii_only), room, ascii_only=ascii_only) + _GAP, colour)
        for text, room, colour in zip(texts, widths, inks, strict=False)
    ]
