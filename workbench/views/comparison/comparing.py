"""Runs read and compared, and one look at them as rows: charts, legend, settings, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.charts.axis import Limits
from workbench.charts.rows import Row, Rows, Span, fit
from workbench.charts.series.title import SERIES
from workbench.comparison.compare import Comparison, Line, compare
from workbench.runs.reading.feed import Feed
from workbench.runs.report import report
from workbench.views.comparison import compared
from workbench.views.comparison.legend import Legend, legend_rows, shows
from workbench.views.comparison.wording import label
from workbench.views.plots import curves
from workbench.views.plots.curves import Curve, ManyWays

_LEAST_BESIDE = 60  # cells from which two charts stand side by side
_LEAST_HEIGHT, _MOST_HEIGHT = 8, 14  # of a chart, title included
_CHARTS = 2


@dataclass(frozen=True)
class Together:
    """Runs with what there is to say about them."""

    feeds: tuple[Feed, ...]
    reports: tuple[dict[str, Any], ...]
    comparison: Comparison
    places: tuple[int, ...]  # of their inks and lines

    @classmethod
    def of(cls, feeds: Sequence[Feed], baseline: str = "") -> Together:
        """Compare runs that were read.

        Raises:
            WorkbenchError: the baseline is none of them.
        """
        reports = tuple(report(feed, verify=False) for feed in feeds)
        found = compare(reports, baseline=baseline)
        return cls(tuple(feeds), reports, found, tuple(curves.places(found.runs)))

    def curves(self, lines: Sequence[Line]) -> list[Curve]:
        """What charts draw of the lines: seeds taken together have the look of their first run."""
        lettered = len(lines) > SERIES
        return [
            Curve(label(line), self.places[line.places[0]], tuple(self.feeds[place] for place in line.places), lettered=lettered)
            for line in lines
        ]


def rows(
    together: Together,
    width: int,
    height: int,
    *,
    ways: ManyWays,
    ascii_only: bool,
    key: str = "",
    apart: bool = False,
    everything: bool = False,
) -> Rows:
    """One look, exactly `width` cells wide, that aims at `height` rows; tables are never cut.

    Args:
        key: the metric to look at instead of the one that decides.
        apart: each seed for itself.
        everything: all settings and metrics rather than what differs.
    """
    comparison = together.comparison
    lines = comparison.shown(apart=apart)
    drawn = together.curves(lines)
    about = Legend(key or comparison.objective)
    lower = legend_rows(comparison, lines, drawn, width, about, ascii_only=ascii_only)
    shows_settings, shows_costs = shows(comparison, lines, width, about)
    if everything or not shows_settings:
        lower += [[Span("")], *compared.settings(comparison, lines, width, everything=everything, ascii_only=ascii_only, left=None)]
    if everything or not shows_costs:
        lower += [[Span("")], *compared.costs(comparison, lines, width, ascii_only=ascii_only, left=None)]
    if everything:
        lower += [[Span("")], *compared.measures(comparison, lines, width, ascii_only=ascii_only, left=None)]
    lower += [[Span("")], *compared.sentences(comparison, width, apart=apart, ascii_only=ascii_only)]
    keys = curves.metrics(together.feeds, about.key)[:_CHARTS]
    if not keys:
        return [[Span(fit(" nothing was logged yet", width), "muted")], *lower]
    each = max(_LEAST_HEIGHT, min(_MOST_HEIGHT, height - len(lower)))
    return [*_charts(drawn, keys, width, each, ways, ascii_only), *lower]


def _charts(drawn: Sequence[Curve], keys: Sequence[str], width: int, height: int, ways: ManyWays, ascii_only: bool) -> Rows:
    if width < _LEAST_BESIDE:
        keys = keys[:1]
    inner = (width - 3 * (len(keys) - 1) - 1) // len(keys)
    memory: dict[tuple[str, bool], Limits] = {}
    parts = [curves.draw(drawn, key, inner, height, ways=ways, ascii_only=ascii_only, memory=memory) for key in keys]
    rule = " | " if ascii_only else " │ "
    rows: Rows = []
    for lines in zip(*parts, strict=True):
        row: Row = [Span(" ")]
        for place, line in enumerate(lines):
            row += [Span(rule, "axis"), *line] if place else line
        rows.append(row)
    return rows
