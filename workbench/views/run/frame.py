"""One look at a run as rows: status, its first charts side by side, and the end of its log."""

from __future__ import annotations

from workbench.charts.rows import Rows, Span, fill, fit, side_by_side, wrap
from workbench.runs.reading.feed import Feed
from workbench.views.plots.chart import placeholder
from workbench.views.plots.view import LimitsMemory
from workbench.views.run import log, slots, status_lines

_LEAST_BESIDE = 60  # cells from which two charts stand side by side
_LEAST_HEIGHT, _MOST_HEIGHT = 8, 16  # of a chart, title included
_LOG_LINES = 4
_SHOWN = 4


def rows(feed: Feed, width: int, height: int, *, ascii_only: bool, colours: int, notes: tuple[str, ...] = ()) -> Rows:
    """A frame of exactly `width` cells that aims at `height` rows: charts never get lower than is readable.

    Args:
        notes: lines between charts and log, such as what differs from the preset.
    """
    found = slots.slots(feed)[:_SHOWN]
    top = status_lines.lines(feed, width, ascii_only=ascii_only)
    tail = min(_LOG_LINES, len(feed.state.log))
    lower = [[Span(fit(line, width))] for note in notes for line in wrap(f" {note}", width, ascii_only=ascii_only)]
    lower += log.lines(feed.state, width, tail, ascii_only=ascii_only)
    if not found:
        return [*top, [Span(fit(f" {placeholder(feed)}", width, ascii_only=ascii_only), "muted")], *lower]
    beside = 2 if width >= _LEAST_BESIDE else 1
    lines = -(-len(found) // beside)
    each = max(_LEAST_HEIGHT, min(_MOST_HEIGHT, (height - len(top) - len(lower)) // lines))
    rule = "|" if ascii_only else "│"
    inner = (width - 3 * (beside - 1) - 1) // beside
    memory = LimitsMemory()
    body: Rows = []
    for start in range(0, len(found), beside):
        drawn = [
            slots.draw(feed, slot.name, inner, each, ascii_only=ascii_only, colours=colours, memory=memory)
            for slot in found[start : start + beside]
        ]
        body += [[Span(" "), *side_by_side((rows[index] for rows in drawn), f" {rule} ")] for index in range(each)]
    return [*top, *fill(body, width, len(body)), *lower]
