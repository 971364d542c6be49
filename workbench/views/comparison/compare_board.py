"""The Compare screen as rows: curves with their legend, tables, or previews side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from workbench.charts.axis import Limits
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, merge, pad, side_by_side
from workbench.comparison.compare import Line
from workbench.units import compact, duration
from workbench.views.comparison import beside, compared
from workbench.views.comparison.comparing import Together
from workbench.views.comparison.legend import Legend, legend_rows, shows
from workbench.views.comparison.wording import label
from workbench.views.drawing import Loaded
from workbench.views.plots import curves
from workbench.views.plots.curves import Curve, ManyWays
from workbench.views.run import board

Page = Literal["curves", "tables", "previews"]
PAGES: tuple[Page, ...] = get_args(Page)
_LEAST_CHART = 8  # rows, title included
_MOST_CHARTS = 6


@dataclass(frozen=True)
class Sight:
    """What of a comparison is looked at, and how.

    Attributes:
        first: of the metrics, the one whose chart comes first and whose values the legend has.
        selected: the line that the pointer is at; `hidden` the first runs of lines that are not drawn.
        apart: seeds each for themselves; `everything` all settings.
        top: of the tables, the first row in sight; `left` how many columns behind the baseline's are scrolled past.
        preview: which of the names; `moment` how many saved moments before the newest.
    """

    page: Page = "curves"
    ways: ManyWays = field(default_factory=ManyWays)
    first: int = 0
    selected: int = 0
    hidden: frozenset[str] = frozenset()
    apart: bool = False
    everything: bool = False
    baseline: str = ""
    top: int = 0
    left: int = 0
    preview: int = 0
    moment: int = 0


@dataclass
class Kept:
    """What holds still between two drawings of one comparison."""

    limits: dict[tuple[str, bool], Limits] = field(default_factory=dict)
    files: dict[str, Loaded] = field(default_factory=dict)


def draw(together: Together, width: int, height: int, sight: Sight, *, ascii_only: bool, colours: int, kept: Kept) -> Rows:
    """The screen in exactly `width` by `height` cells."""
    lines = together.comparison.shown(apart=sight.apart)
    drawn = together.curves(lines)
    front = drawn[min(sight.selected, len(drawn) - 1)].id
    sight = replace(sight, ways=replace(sight.ways, front=front))
    head = _head(together, lines, width, sight, ascii_only)
    if sight.page == "previews":
        body = _previews(drawn, width, height - 1, sight, ascii_only, colours, kept)
    elif sight.page == "tables":
        body = _tables(together, lines, drawn, width, height - 1, sight, ascii_only)
    else:
        body = _curves(together, lines, drawn, width, height - 1, sight, ascii_only, kept)
    return fill([head, *body], width, height)


def keys(together: Together) -> list[str]:
    """The metrics that there are curves of, the one that decides first."""
    return curves.metrics(together.feeds, together.comparison.objective)


def moments(together: Together, sight: Sight) -> list[float]:
    """Places of the x axis that previews can be scrubbed through."""
    drawn = together.curves(together.comparison.shown(apart=sight.apart))
    names = beside.names(drawn)
    return beside.moments(drawn, names[sight.preview % len(names)], sight.ways.along) if names else []


def _curves(
    together: Together, lines: Sequence[Line], drawn: Sequence[Curve], width: int, height: int, sight: Sight, ascii_only: bool, kept: Kept
) -> Rows:
    known = keys(together)
    said = compared.sentences(together.comparison, width, apart=sight.apart, ascii_only=ascii_only)
    said = said[: max(2, min(len(said), height // 5))]
    legend = _legend(together, lines, drawn, width, sight, known, ascii_only)
    room = height - len(said) - (_LEAST_CHART if known else 0)
    selected = legend[1:]
    start = max(0, min(sight.selected - (room - 2) // 2, len(selected) - (room - 1)))
    lower = [legend[0], *selected[start : start + max(1, room - 1)]]
    differing = [] if shows(together.comparison, lines, width, Legend(""))[0] else compared.settings(
        together.comparison, lines, width, everything=False, ascii_only=ascii_only
    )  # fmt: skip
    spare = room - len(lower)
    if differing and spare > 1:
        lower += differing[:spare]
    if not known:
        return [*lower, *said]
    return [*_charts(together, drawn, known, width, height - len(lower) - len(said), sight, ascii_only, kept), *lower, *said]


def _charts(
    together: Together, drawn: Sequence[Curve], known: Sequence[str], width: int, height: int, sight: Sight, ascii_only: bool, kept: Kept
) -> Rows:
    across, down = board.shape(min(len(known), _MOST_CHARTS), width, height)
    seen = [curve for curve in drawn if curve.id not in sight.hidden]
    turned = [known[(sight.first + place) % len(known)] for place in range(min(len(known), across * down))]
    inner, each = (width - (across - 1)) // across, height // down
    rows: Rows = []
    for start in range(0, len(turned), across):
        tall = height - each * (down - 1) if start + across >= len(turned) else each
        parts = [
            curves.draw(
                seen,
                key,
                inner,
                tall,
                ways=sight.ways,
                ascii_only=ascii_only,
                memory=kept.limits,
                everyone=together.feeds,
                exact=key == turned[0],
            )
            for key in turned[start : start + across]
        ]
        if start == 0:
            parts[0][0] = [span._replace(ink="cursor") if span.ink == "title" else span for span in parts[0][0]]
        rows += [side_by_side((part[line] for part in parts), "|" if ascii_only else "│") for line in range(tall)]
    return rows


def _legend(
    together: Together, lines: Sequence[Line], drawn: Sequence[Curve], width: int, sight: Sight, known: Sequence[str], ascii_only: bool
) -> Rows:
    key = known[sight.first % len(known)] if known else together.comparison.objective
    at, where = None, "final"
    if sight.ways.cursor is not None and sight.page == "curves":
        along = sight.ways.along
        x = sight.ways.cursor * curves.reach(together.feeds, along)
        seconds = curves.longest(together.feeds)
        at = [curves.value_at(curve, key, x, along, seconds) for curve in drawn]
        where = f"at {_place(together, x, sight)}"
    hidden = frozenset(place for place, curve in enumerate(drawn) if curve.id in sight.hidden)
    base = next((place for place, line in enumerate(lines) if together.comparison.baseline in line.places), 0)
    about = Legend(key, at, at[base] if at else None, where, hidden, sight.selected)
    return legend_rows(together.comparison, lines, drawn, width, about, ascii_only=ascii_only)


def _place(together: Together, x: float, sight: Sight) -> str:
    """A place of the x axis in words."""
    along = sight.ways.along
    if along == "time":
        seconds = curves.longest(together.feeds)
        placed = next((placed for feed in together.feeds if (placed := curves.placed_on(feed.state, "time", seconds))), None)
        unit = {"d": 86400.0, "h": 3600.0, "min": 60.0}.get(placed.unit if placed else "", 1.0)
        return duration(x * unit)
    if along == "examples":
        return compact(float(f"{x:.3g}"))
    return f"{along} {x:.1f}" if along == "epoch" else f"{round(x):,}"


def _tables(
    together: Together, lines: Sequence[Line], drawn: Sequence[Curve], width: int, height: int, sight: Sight, ascii_only: bool
) -> Rows:
    comparison = together.comparison
    first = _legend(together, lines, drawn, width, sight, keys(together), ascii_only)
    rest: Rows = [
        *compared.settings(comparison, lines, width, everything=sight.everything, ascii_only=ascii_only, left=sight.left),
        [Span("")],
        *compared.costs(comparison, lines, width, ascii_only=ascii_only, left=sight.left),
        [Span("")],
        *compared.measures(comparison, lines, width, ascii_only=ascii_only, left=sight.left),
        [Span("")],
        *compared.sentences(comparison, width, apart=sight.apart, ascii_only=ascii_only),
    ]
    room = max(1, height - len(first) - 1)
    top = max(0, min(sight.top, len(rest) - room))
    return [*first, [Span("")], *rest[top : top + room]]


def _previews(drawn: Sequence[Curve], width: int, height: int, sight: Sight, ascii_only: bool, colours: int, kept: Kept) -> Rows:
    names = beside.names(drawn)
    if not names:
        return [[Span("")], [Span(fit("none of these runs has saved a preview", width, align="center"), "muted")]]
    name = names[sight.preview % len(names)]
    seen = [curve for curve in drawn if curve.id not in sight.hidden]
    saved = beside.moments(drawn, name, sight.ways.along)
    back = min(sight.moment, len(saved) - 1) if saved else 0
    at = saved[-1 - back] if back else None
    return beside.draw(
        seen, name, width, height, along=sight.ways.along, at=at, ascii_only=ascii_only, colours=colours, page=sight.top, files=kept.files
    )  # fmt: skip


def _head(together: Together, lines: Sequence[Line], width: int, sight: Sight, ascii_only: bool) -> Row:
    comparison = together.comparison
    count = f"{len(comparison.runs)} runs" + (f" in {len(lines)} lines" if len(lines) < len(comparison.runs) else "")
    parts = [Span(f" COMPARE {count}", "title")]
    if sight.page == "previews":
        drawn = together.curves(lines)
        names = beside.names(drawn)
        saved = moments(together, sight)
        name = names[sight.preview % len(names)].replace("_", " ") if names else ""
        back = min(sight.moment, len(saved) - 1) if saved else 0
        parts.append(Span(f"   {name}   {len(saved) - back} of {len(saved)} moments" if names else "", "muted"))
    else:
        parts.append(Span(f"   by {sight.ways.along}" if sight.ways.along != "step" else "", "muted"))
        if band := _band([line for line in lines if line.runs[0] not in sight.hidden], sight, ascii_only):
            parts.append(Span(f"   {band}", "muted"))
        if out := curves.left_out(together.feeds, sight.ways.along):
            parts.append(Span(f"   not on this axis: {', '.join(out)}", "warning"))
    live = sum(line.is_live for line in lines)
    right = f"{live} still training " if live else ""
    room = width - cells(right)
    return [*pad(merge(parts), room), Span(right, "live")]


def _band(lines: Sequence[Line], sight: Sight, ascii_only: bool) -> str:
    """What the bands are, and whose, where not every line of seeds has one."""
    if not any(line.count > 1 for line in lines):
        return ""
    what = "least to greatest" if sight.ways.band == "range" else "mean and std"
    if len(lines) <= curves.MOST_BANDS:
        return f"band: {what}"
    front = next((line for line in lines if line.runs[0] == sight.ways.front and line.count > 1), None)
    return f"band of {label(front, ascii_only=ascii_only)}: {what}" if front else "band: of the line of seeds that is pointed at"
