"""Rows of styled text: what every renderer of this room returns, and how text is fitted to cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from workbench.clean import clean

# Zero-width joiner and variation selector 16. Terminals disagree on how wide the emoji they build are, and at the end
# of one span they would swallow the first cell of the next, so the parts are shown side by side instead.
_JOINERS = str.maketrans("", "", "\u200d\ufe0f")

# Inks that a theme shows on blanks, too: by a background, in reverse, or underlined.
ON_BLANKS = frozenset({"cursor", "resting", "focus", "caret", "typing", "example"})


class Span(NamedTuple):
    """A piece of a row in one style.

    Attributes:
        ink: a role that the theme gives a colour: "" (plain), "axis", "title", "muted", "mark", "threshold",
            "series0" to "series7" and "band0" to "band7" (the dim raw band behind a smoothed line).
        foreground: a grey level, 0 to 255, for images; None leaves it to `ink`.
        background: a grey level, 0 to 255, or None for the terminal's own.
    """

    text: str
    ink: str = ""
    foreground: int | None = None
    background: int | None = None


Row = list[Span]
Rows = list[Row]


def plain(rows: Iterable[Iterable[Span]]) -> list[str]:
    """The text of each row without its styles, as a pipe or a test reads it."""
    return ["".join(span.text for span in row) for row in rows]


def cells(text: str) -> int:
    """How many terminal cells `text` takes: 2 for a wide character, 0 for a combining mark.

    Rich's table, because Textual lays out with the same one: two tables would disagree on some emoji.
    """
    return cell_len(text)


def printable(text: str, *, ascii_only: bool = False) -> str:
    """`text` from outside as one harmless line whose width does not depend on what stands beside it."""
    text = clean(text).translate(_JOINERS)
    if ascii_only and not text.isascii():
        parts = unicodedata.normalize("NFKD", text)  # é becomes e; what has no Latin base becomes ?
        text = "".join(part for part in parts if not unicodedata.combining(part)).encode("ascii", "replace").decode("ascii")
    while text and not text.isascii() and cell_len(text[0]) == 0:
        text = text[1:]  # a leading combining mark would be painted over the neighbour on the left
    return text


def fit(text: str, width: int, *, align: Literal["left", "right", "center"] = "left", ascii_only: bool = False) -> str:
    """`text`, made harmless and cut or padded to exactly `width` cells; a wide character is never halved."""
    if width <= 0:
        return ""
    text = set_cell_size(printable(text, ascii_only=ascii_only), width).rstrip(" ")
    spare = width - cell_len(text)
    left = {"left": 0, "right": spare, "center": spare // 2}[align]
    return " " * left + text + " " * (spare - left)


def wrap(text: str, width: int, *, ascii_only: bool = False) -> list[str]:
    """`text`, made harmless, in lines of at most `width` cells, broken between words; further ones stand two cells further in.

    A word that is wider than that has a line of its own, too wide.
    """
    text = printable(text, ascii_only=ascii_only)
    lead = text[: len(text) - len(text.lstrip(" "))]
    lines = [lead]
    for place, word in enumerate(text.split()):
        joined = lines[-1] + (" " if place and lines[-1].strip() else "") + word
        if cells(joined) <= width or not lines[-1].strip():
            lines[-1] = joined
        else:
            lines.append(f"{lead}  {word}")
    return lines


def cut(text: str, width: int, *, ascii_only: bool = False) -> str:
    """`text`, made harmless, with an ellipsis where it is cut to at most `width` cells."""
    text = printable(text, ascii_only=ascii_only)
    if cell_len(text) <= width:
        return text
    mark = "~" if ascii_only else "…"
    return set_cell_size(text, max(0, width - 1)).rstrip(" ") + mark if width > 0 else ""


def merge(spans: Iterable[Span]) -> Row:
    """Join neighbours of one style; blanks take their neighbour's ink, which halves the bytes sent to a terminal.

    Not where it would show: inks of `ON_BLANKS` neither spread nor give way.
    """
    merged: Row = []
    for span in spans:
        if not span.text:
            continue
        last = merged[-1] if merged else None
        if last is None or span.background != last.background:
            merged.append(span)
        elif span[1:] == last[1:]:
            merged[-1] = last._replace(text=last.text + span.text)
        elif not ON_BLANKS.isdisjoint((span.ink, last.ink)):
            merged.append(span)
        elif span.text.isspace():
            merged[-1] = last._replace(text=last.text + span.text)
        elif last.text.isspace():
            merged[-1] = span._replace(text=last.text + span.text)
        else:
            merged.append(span)
    return merged


def width_of(row: Iterable[Span]) -> int:
    """Cells that a row takes."""
    return sum(cell_len(span.text) for span in row)


def side_by_side(parts: Iterable[Row], rule: str) -> Row:
    """Rows side by side as one, with a rule between them."""
    row: Row = []
    for place, part in enumerate(parts):
        row += [Span(rule, "axis"), *part] if place else part
    return row


def pad(spans: Sequence[Span], width: int) -> Row:
    """The row cut or padded to exactly `width` cells."""
    row: Row = []
    free = width
    for span in spans:
        taken = cell_len(span.text)
        if taken > free:
            row.append(span._replace(text=set_cell_size(span.text, free)))
            free = 0
            break
        row.append(span)
        free -= taken
    return merge([*row, Span(" " * free)])


def fill(rows: Iterable[Sequence[Span]], width: int, height: int) -> Rows:
    """The rows cut or padded to exactly `width` cells and `height` rows."""
    filled = [pad(row, width) for _, row in zip(range(height), rows, strict=False)]
    return filled + [pad((), width) for _ in range(height - len(filled))]
