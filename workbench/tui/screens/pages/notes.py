"""The notes of a recipe on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
        fitting = written if longest < width else [part for line in _paragraphs(written) for part in wrap(line, width - 1)]
        return [_note(line) for line in fitting]

    return Page(f"NOTES {recipe.name}", lines)


def _paragraphs(lines: Iterable[str]) -> list[str]:
    """The lines of each paragraph, and of each entry of a list, in one; what is indented otherwise stays as it is."""
    found: list[str] = []
    for line in lines:
        goes_on = bool(found) and bool(found[-1]) and not line.startswith("- ")
        if goes_on and line and (not line.startswith(" ") and not found[-1].startswith((" ", "- "))):
            found[-1] += f" {line}"
        elif goes_on and found[-1].startswith("- ") and line.startswith("  ") and not line.startswith("   "):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return found


def _note(line: str) -> Row:
    """A line of notes: what it begins with in capitals is a heading, what is indented an equation or a command."""
    if line.startswith("  "):
        return [Span(f" {line}", "command")]
    head = _HEADING.match(line)
    return [Span(f" {head[0]}", "title"), Span(line[head.end() :])] if head else [Span(f" {line}")]
