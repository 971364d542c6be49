"""The last lines of a run's log, as people read them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from workbench.charts.rows import Row, Rows, Span, fill, fit
from workbench.runs.reading.state import LogLine, RunState
from workbench.views.run.board import pattern

_INKS = {"warning": "warning"}


def matching(state: RunState, wanted: str = "") -> Sequence[LogLine]:
    """The lines that have what somebody looks for; all for an empty text."""
    if not wanted:
        return list(state.log)
    look = pattern(wanted)
    return [line for line in state.log if look.search(line.text)]


def lines(state: RunState, width: int, height: int, *, ascii_only: bool = False) -> Rows:
    """The newest lines of a run in exactly `height` rows, the newest last."""
    return rows(matching(state), width, height, ascii_only=ascii_only)


def rows(found: Sequence[LogLine], width: int, height: int, *, ascii_only: bool = False, back: int = 0) -> Rows:
    """The last of these lines in exactly `height` rows.

    Args:
        back: how many of the newest lines are scrolled past.
    """
    height, end = max(0, height), max(0, len(found) - max(0, back))
    return fill([row(line, width, ascii_only=ascii_only) for line in found[max(0, end - height) : end]], width, height)


def row(line: LogLine, width: int, *, ascii_only: bool = False) -> Row:
    """One line: the local time, and what happened."""
    when = time.strftime("%H:%M:%S", time.localtime(line.at))
    return [Span(f" {when} ", "muted"), Span(fit(line.text, width - len(when) - 2, ascii_only=ascii_only), _INKS.get(line.level, ""))]
