"""The foot of the run screen: the diagnosis and what needs saying, above them the end of the log."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.charts.rows import Rows, Span, cells, cut, pad, plain, wrap
from workbench.tui.messages import RunSeen

_AROUND = 3  # rows of status and keys
_TWO_CHARTS = 16  # rows for two charts below each other, which also a failed run keeps
_TOLD_BY = 14  # letters by which a line of the log is known for what the notice says
_GAP = "   "  # between the parts of a line
_WRONG = ("failed", "died")


def usual_height(rows: int) -> int:
    """Rows of the foot on a screen of so many, as long as nothing is wrong."""
    return 2 if rows < 20 else 5 if rows >= 34 else 4


def height_for(seen: RunSeen, said: Sequence[Rows], rows: int) -> int:
    """Rows of the foot: what went wrong is worth some of the charts' rows."""
    usual = usual_height(rows)
    if seen.state not in _WRONG:
        return usual
    return max(usual, min(sum(map(len, said)), rows - _AROUND - _TWO_CHARTS if rows >= 24 else rows // 3))


def said_by(seen: RunSeen, width: int, *, ascii_only: bool) -> list[Rows]:
    """The diagnosis with its key, and the notice: what went wrong in as many rows as it takes, of the rest what fits a row."""
    lines: list[Rows] = []
    text, ink = seen.headline
    if text:
        key = "h "
        said = Span(cut(f" {text}", width - len(key) - 1, ascii_only=ascii_only), ink)
        lines.append([[*pad([said], width - len(key)), Span(key, "key")]])
    for text, ink in seen.notice:
        if seen.state in _WRONG:
            lines.append([[Span(part, ink)] for part in wrap(f" {text}", width, ascii_only=ascii_only)])
            continue
        parts = text.split(_GAP)
        while len(parts) > 1 and cells(_GAP.join(parts)) >= width:
            parts.pop()
        lines.append([[Span(cut(f" {_GAP.join(parts)}", width, ascii_only=ascii_only), ink)]])
    return lines


def most_telling(notice: Sequence[Rows], height: int) -> Rows:
    """As much as fits, nothing of it in part: the last ones, but rather what went wrong than anything else."""
    kept = list(notice)
    while len(kept) > 1 and sum(map(len, kept)) > height:
        kept.remove(next((rows for rows in kept if rows[0][0].ink != "error"), kept[0]))
    return [row for rows in kept for row in rows][:height]


def foot_rows(seen: RunSeen, said: Sequence[Rows], height: int) -> Rows:
    """As much of the log as there is room for above what is said, without what that says already."""
    kept = most_telling(said, height)
    known = {text[:_TOLD_BY] for text, ink in seen.notice if ink == "error"}
    log = [row for row in seen.log if not any(text in line for text in known for line in plain([row]))]
    room = min(height - len(kept), len(log))
    return [*log[len(log) - room :], *kept]
