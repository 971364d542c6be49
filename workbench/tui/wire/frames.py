"""A frame of Textual 8.2 as cells: where its pieces stand, and what each cell of them shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from workbench.tui.wire.styles import PLAIN, Style, applied, on_blank

Cell = tuple[str, Style]  # a character with what combines with it; "" behind one that is two cells wide
_PLACE = re.compile(r"\x1b\[(\d*)(?:;(\d*))?H")
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WIDENS = "\ufe0f"  # asks for the wide picture of the character before it


class NotUnderstood(ValueError):
    """A frame has something that is not in Textual's small vocabulary, so that nobody knows what it does to the screen."""


class Piece(NamedTuple):
    """Cells beside each other, from a place that counts from 0; none where the cursor is only moved."""

    x: int
    y: int
    cells: tuple[Cell, ...]


def pieces(frame: str) -> Iterator[Piece]:
    """The pieces of a frame, in the order in which they are painted.

    Raises:
        NotUnderstood: it is no such frame.
    """
    parts = _PLACE.split(frame)
    if parts[0]:
        raise NotUnderstood
    for place in range(1, len(parts), 3):
        row, column, text = parts[place : place + 3]
        yield Piece(max(int(column or 1), 1) - 1, max(int(row or 1), 1) - 1, _cells(text.removesuffix("\n")))


@lru_cache(512)
def _cells(text: str) -> tuple[Cell, ...]:
    """The cells of styled text that begins and ends in the terminal's own style."""
    found: list[Cell] = []
    style = PLAIN
    parts = _STYLE.split(text)
    for place in range(0, len(parts), 2):
        if place:
            became = applied(style, parts[place - 1])
            if became is None:
                raise NotUnderstood
            style = became
        if words := parts[place]:
            found.extend(_plain(words, style) if words.isascii() else _any(words, style))
    if style != PLAIN or _CONTROL.search("".join(parts[::2])):
        raise NotUnderstood
    return tuple(found)


def _plain(text: str, style: Style) -> Iterator[Cell]:
    known = {character: (character, style) for character in set(text)}
    if " " in known:
        known[" "] = (" ", on_blank(style))
    return map(known.__getitem__, text)


def _any(text: str, style: Style) -> Iterator[Cell]:
    """Cells of any text, as wide as Textual takes them to be."""
    if cell_len(text) == len(text) and all(cell_len(character) == 1 for character in set(text)):
        return _plain(text, style)
    clusters: list[tuple[str, int]] = []
    width = 0
    for place, character in enumerate(text, 1):
        grown = cell_len(text[:place]) - width
        width += grown
        if grown and character != _WIDENS:
            clusters.append((character, grown))
        elif clusters:
            clusters[-1] = (clusters[-1][0] + character, clusters[-1][1] + grown)
        else:  # it combines with what stands before this text
            raise NotUnderstood
    return (cell for cluster, wide in clusters for cell in _cluster(cluster, wide, style))


def _cluster(text: str, width: int, style: Style) -> list[Cell]:
    return [(text, on_blank(style) if text == " " else style), *[("", style)] * (width - 1)]
