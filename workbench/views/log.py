"""The last lines of a run's log, as people read them."""

from __future__ import annotations

import time
from itertools import islice

from workbench.charts.rows import Row, Rows, Span, fill, fit
from workbench.runs.state import LogLine, RunState

_INKS = {"warning": "warning"}


def lines(state: RunState, width: int, height: int, *, ascii_only: bool = False, back: int = 0) -> Rows:
    """The newest lines in exactly `height` rows, the newest last.

    Args:
        back: how many of the newest lines are scrolled past.
    """
    newest = list(islice(reversed(state.log), max(0, back), max(0, back) + max(0, height)))
    return fill([row(line, width, ascii_only=ascii_only) for line in reversed(newest)], width, max(0, height))


def row(line: LogLine, width: int, *, ascii_only: bool = False) -> Row:
    """One line: the local time, and what happened."""
    when = time.strftime("%H:%M:%S", time.localtime(line.at))
    return [Span(f" {when} ", "muted"), Span(fit(line.text, width - len(when) - 2, ascii_only=ascii_only), _INKS.get(line.level, ""))]
