"""What is wrong with a run, on a page."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.charts.rows import Span, wrap
from workbench.tui.screens.pages.page import Page
from workbench.tui.theme import Look


def of_health(lines: Sequence[tuple[str, str]], look: Look) -> Page:
    """What is wrong with a run, if anything, with its evidence and what to try."""
    return Page(
        "HEALTH", lambda width: [[Span(part, ink)] for text, ink in lines for part in wrap(f" {text}", width, ascii_only=look.ascii_only)]
    )
