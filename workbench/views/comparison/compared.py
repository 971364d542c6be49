"""What a comparison says below its legend, as rows: the settings that differ, the costs, every metric, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from workbench.charts.rows import Rows, Span, printable
from workbench.comparison.compare import Comparison, Line
from workbench.views.comparison.grid import grid
from workbench.views.comparison.wording import against, base_of, cost, differing, in_ascii, plus_minus, setting


def settings(
    comparison: Comparison, lines: Sequence[Line], width: int, *, everything: bool = False, ascii_only: bool = False, left: int | None = 0
) -> Rows:
    """The settings that differ, or all, a row each with a column for each line.

    Args:
        left: how many lines behind the baseline's are scrolled past, what does not fit is counted; None puts them below each other.
    """
    base = base_of(comparison, lines)
    names = differing(comparison, lines) if not everything else ["recipe", *comparison.settings]
    rows = []
    for name in names:
        texts = [setting(line, name, ascii_only) for line in lines]
        rows.append((name.replace("_", " "), texts, [text != texts[base] for text in texts]))
    title = "all settings" if everything else "settings that differ"
    if not rows:
        return [[Span(f" {title}: none" + (" but the seed" if any(line.count > 1 for line in lines) else ""), "muted")]]
    return grid(title, rows, lines, base, width, ascii_only, left)


def costs(comparison: Comparison, lines: Sequence[Line], width: int, *, ascii_only: bool = False, left: int | None = 0) -> Rows:
    """What each line took: time, memory, parameters."""
    rows = [(name, [cost(line, name) for line in lines], [False] * len(lines)) for name in ("time", "cpu time", "parameters", "memory")]
    return grid("cost", rows, lines, base_of(comparison, lines), width, ascii_only, left)


def measures(comparison: Comparison, lines: Sequence[Line], width: int, *, ascii_only: bool = False, left: int | None = 0) -> Rows:
    """Every metric, a row each, with its delta to the baseline: the best values of those with a goal, then the final ones of all."""
    base = base_of(comparison, lines)
    known = {key: about for key, about in comparison.metrics.items() if key.count("/") < 2 and not key.startswith("machine/")}
    with_goal = {key: about for key, about in known.items() if about.goal != "none" and not key.startswith("test/")}
    rows: Rows = []
    for title, shown in (("best values, with deltas", with_goal), ("final values, with deltas", known)):
        body = []
        for key, about in shown.items():
            values = [(line.best if shown is with_goal else line.final).get(key) for line in lines]
            texts = [against(value, values[base], line, about.unit, ascii_only) for value, line in zip(values, lines, strict=True)]
            texts[base] = plus_minus(values[base], about.unit, ascii_only)
            body.append((key, texts, [False] * len(texts)))
        rows += [*([[Span("")]] if rows else []), *grid(title, body, lines, base, width, ascii_only, left)]
    return rows


def sentences(comparison: Comparison, width: int, *, apart: bool = False, ascii_only: bool = False) -> Rows:
    """The verdict, which takes seeds together also where they are shown apart, and what to know before believing it."""
    lead = "Seeds taken together: " if apart and any(line.count > 1 for line in comparison.lines) else ""
    texts = [(lead + comparison.verdict.sentence, "title"), *((remark, "warning") for remark in comparison.remarks)]
    return [
        [Span(f" {line}", colour)]
        for text, colour in texts
        for line in textwrap.wrap(printable(in_ascii(text) if ascii_only else text, ascii_only=ascii_only), max(20, width - 2))
    ]
