"""The notes of a recipe on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.charts.rows import Row, Rows, Span, cells, printable, wrap
from workbench.tui.screens.pages.page import Page
from workbench.tui.theme import Look

if TYPE_CHECKING:
    from workbench.recipe import Recipe

_HEADING = re.compile(r"[A-Z][A-Z]+(?:[ '-][A-Z]+)*\b(?![a-z])")


def of_notes(recipe: Recipe, look: Look) -> Page:
    """What a recipe is, its equations, what to watch."""
    written = [printable(line, ascii_only=look.ascii_only) for line in recipe.notes.splitlines()]
    longest = max(map(cells, written), default=0)

    def lines(width: int) -> Rows:
        if longest < width:
            return [_note(line, is_entry) for line, is_entry in zip(written, _in_entries(written), strict=True)]
        return [row for line in _paragraphs(written) for row in _wrapped(line, width - 1)]

    return Page(f"NOTES {recipe.name}", lines)


def _wrapped(line: str, width: int) -> Rows:
    """A paragraph or an entry in lines of that width; of what is indented otherwise, further lines stand further in."""
    if line.startswith("  "):
        return [_note(part) for part in wrap(line, width)]
    parts = wrap(line, width)
    if not line.startswith("- "):
        parts = [part.strip() for part in parts]
    return [_note(part, place > 0) for place, part in enumerate(parts)]


def _in_entries(lines: Sequence[str]) -> Iterator[bool]:
    """Of each line, whether it goes on with an entry of a list."""
    goes_on = False
    for line in lines:
        yield goes_on and _goes_on(line)
        goes_on = line.startswith("- ") or (goes_on and _goes_on(line))


def _goes_on(line: str) -> bool:
    return line.startswith("  ") and not line.startswith("   ")


def _paragraphs(lines: Iterable[str]) -> list[str]:
    """The lines of each paragraph, and of each entry of a list, in one; what is indented otherwise stays as it is."""
    found: list[str] = []
    for line in lines:
        goes_on = bool(found) and bool(found[-1]) and not line.startswith("- ")
        if goes_on and line and (not line.startswith(" ") and not found[-1].startswith((" ", "- "))):
            found[-1] += f" {line}"
        elif goes_on and found[-1].startswith("- ") and _goes_on(line):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return found


def _note(line: str, is_prose: bool = False) -> Row:
    """A line of notes: what it begins with in capitals is a heading, what is indented an equation or a command."""
    if is_prose:
        return [Span(f" {line}")]
    if line.startswith("  "):
        return [Span(f" {line}", "command")]
    head = _HEADING.match(line)
    return [Span(f" {head[0]}", "title"), Span(line[head.end() :])] if head else [Span(f" {line}")]
