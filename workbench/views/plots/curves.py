"""The curves of several runs in one chart: each with a colour and line of its own, seeds as a mean with a band."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from workbench.charts.axis import Limits, limits
from workbench.charts.dots import Column
from workbench.charts.rows import Rows, Span
from workbench.charts.series import line
from workbench.charts.series.title import MARKERS, SERIES, legend, title
from workbench.comparison.seeds import Spread, spread
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.views.plots.axes import STEPS, Axis, Placed, axis
from workbench.views.plots.bounds import right_end
from workbench.views.plots.readout import logged
from workbench.views.plots.view import Along, smoothing

Band = Literal["range", "std"]
BANDS: tuple[Band, ...] = get_args(Band)
MOST_BANDS = 3  # lines; the bands of more would hide each other
_HARDLY = 1e-9  # smoothing that leaves a mean as it is: a band is drawn around smoothed lines
_LEAST = {"step": 20.0, "epoch": 1.0, "time": 1.0, "examples": 100.0}  # that the x axis reaches to


@dataclass(frozen=True)
class Curve:
    """A line of a comparison, as charts draw it.

    Attributes:
        place: of its ink, marker and dashes.
        feeds: one, or those of its seeds.
        lettered: among so many that colours come back: it has a letter of its own besides.
    """

    label: str
    place: int
    feeds: tuple[Feed, ...]
    lettered: bool = False

    @property
    def id(self) -> str:
        """Of its first run, which it has its look from."""
        return self.feeds[0].folder.id

    def sign(self, *, ascii_only: bool) -> Span:
        """A bit of its line, and its letter."""
        text = legend(self.place, ascii_only=ascii_only)
        return Span(text[:1] + self.letter if self.lettered and not ascii_only else text, f"series{self.place % SERIES}")

    @property
    def letter(self) -> str:
        """What ASCII draws it with, at the end of its line."""
        return legend(self.place, ascii_only=True) if self.lettered else ""


@dataclass(frozen=True)
class ManyWays:
    """How all charts of a comparison are drawn.

    Attributes:
        log: None is as the recipe declares.
        part: of the x axis, between 0 and 1, that is seen; `cursor` likewise.
        front: the id of the curve that covers the others.
    """

    along: Along = "step"
    log: bool | None = None
    smoothing: str = "light"
    band: Band = "range"
    part: tuple[float, float] = (0.0, 1.0)
    cursor: float | None = None
    front: str = ""


@dataclass(frozen=True)
class Seeds:
    """The curves of some seeds as one: their mean, and how far they lie apart."""

    members: tuple[Placed, ...]
    band: Band = "range"

    def columns(self, count: int, x_low: float, x_high: float) -> list[Column | None]:
        courses = [_filled(member.columns(count, x_low, x_high)) for member in self.members]
        found: list[Column | None] = []
        for column in zip(*courses, strict=True):
            known = [value for value in column if value is not None]
            found.append(_column(known, self.band) if known else None)
        return found

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        reaches = [reach for member in self.members if (reach := member.extent(x_low, x_high))]
        return (min(low for low, _ in reaches), max(high for _, high in reaches)) if reaches else None


def places(ids: Sequence[str]) -> list[int]:
    """A colour and line for each run, from its number, so that it has the same in every comparison where no other run has it."""
    taken: dict[int, None] = {}
    for name in ids:
        digits = re.search(r"(\d+)$", name)
        wanted = int(digits[1]) if digits else 0
        colours = [(wanted + turn) % SERIES for turn in range(SERIES)]
        everything = [*colours, *range(SERIES, len(MARKERS)), *range(len(MARKERS), len(MARKERS) + len(ids))]
        taken[next(place for place in everything if place not in taken)] = None
    return list(taken)


def metrics(feeds: Iterable[Feed], first: str = "") -> list[str]:
    """What curves there are of, the one that decides and its like first; none of single layers, and nothing that was measured once.

    Of several that a recipe draws in one chart, as they say much the same, one stands among the first ones.
    """
    charts: dict[str, str] = {}
    for feed in feeds:
        for key in feed.state.summaries:
            if key in feed.state.declared and not key.startswith(("test/", "machine/")):
                charts.setdefault(key, str(feed.state.declaration(key).get("chart") or key))
    again = {key for at, key in enumerate(charts) if any(_is_like(key, other, charts) for other in [*charts][:at])} - {first}

    def rank(key: str) -> tuple[bool, ...]:
        return key != first, key != "train/loss", key in again, not key.startswith("validation/"), key == "train/lr"

    return sorted(charts, key=rank)


def reach(feeds: Sequence[Feed], along: Along) -> float:
    """Where the x axis of all runs ends."""
    seconds = longest(feeds)
    return right_end(((feed.state, placed) for feed in feeds if (placed := placed_on(feed.state, along, seconds))), _LEAST[along])


def covered(feeds: Sequence[Feed], along: Along) -> float:
    """How much of that axis the runs have come along, between 0 and 1."""
    return min(1.0, _newest(feeds, along) / reach(feeds, along))


def _newest(feeds: Sequence[Feed], along: Along) -> float:
    seconds = longest(feeds)
    ends = [placed.place(float(feed.state.step)) for feed in feeds if (placed := placed_on(feed.state, along, seconds))]
    return max(ends, default=0.0)


def placed_on(state: RunState, along: Along, seconds: float) -> Axis | None:
    """Where a run lies on an axis; None for a run that does not know, which cannot be drawn beside others."""
    found = axis(state, along, longest=seconds)
    return None if found is STEPS and along != "step" else found


def longest(feeds: Iterable[Feed]) -> float:
    """Seconds of the run that trained longest."""
    return max((feed.state.times.at(feed.state.step) for feed in feeds if feed.state.times.steps), default=0.0)


def left_out(feeds: Sequence[Feed], along: Along) -> list[str]:
    """Ids of the runs that have no place on an axis."""
    seconds = longest(feeds)
    return [feed.folder.id for feed in feeds if feed.state.step and placed_on(feed.state, along, seconds) is None]


def draw(
    curves: Sequence[Curve],
    key: str,
    width: int,
    height: int,
    *,
    ways: ManyWays,
    ascii_only: bool,
    memory: dict[tuple[str, bool], Limits] | None = None,
    everyone: Sequence[Feed] = (),
    exact: bool = False,
) -> Rows:
    """One metric of all curves in exactly `width` by `height` cells; the first row names it.

    Args:
        memory: y limits of the drawing before, kept by the caller.
        everyone: the runs that the x axis is made for, also those that are hidden.
        exact: what is pointed out at the cursor is read from the logs of long runs again, rather than what is kept of them.
    """
    feeds = everyone or [feed for curve in curves for feed in curve.feeds]
    seconds = longest(feeds)
    end = reach(feeds, ways.along)
    x_limits = ways.part[0] * end, ways.part[1] * end
    ordered = sorted(curves, key=lambda curve: curve.id == ways.front)
    lines = [found for curve in ordered if (found := _line(curve, key, ways, seconds, len(curves)))]
    log = _is_log(feeds, key) if ways.log is None else ways.log
    unit = next((feed.state.declaration(key).get("unit", "") for feed in feeds if key in feed.state.declared), "")
    lost = sorted(
        {place.place(float(step)) for feed in feeds for step in _lost(feed, key) if (place := placed_on(feed.state, ways.along, seconds))}
    )
    return line.render(
        lines, width, height, x_limits=x_limits, y_limits=_y_limits(lines, key, x_limits, log, {} if memory is None else memory),
        log=log, unit=unit, x_unit=_x_unit(feeds, ways, seconds), ascii_only=ascii_only,
        heading=title(key.replace("/", " ").replace("_", " "), [], width, ascii_only=ascii_only),
        nonfinite_at=lost, cursor=None if ways.cursor is None else ways.cursor * end, placeholder="nothing was logged",
        points=[] if ways.cursor is None else _points(ordered, key, ways.cursor * end, ways, seconds, exact),
    )  # fmt: skip


def value_at(curve: Curve, key: str, x: float, along: Along, seconds: float) -> Spread | None:
    """What a curve was at a place of the x axis, as it was logged last by then, over its seeds that had come so far."""
    return spread([value for _, value in _read(curve, key, x, along, seconds, exact=True)])


def _read(curve: Curve, key: str, x: float, along: Along, seconds: float, *, exact: bool) -> list[tuple[float, float]]:
    """Of each seed that had come so far the last value by then, and where it lies on the axis."""
    found: list[tuple[float, float]] = []
    for feed in curve.feeds:
        placed = placed_on(feed.state, along, seconds)
        if placed is None or key not in feed.state.series:
            continue
        step = math.floor(placed.step(x) + 1e-6)
        if step > feed.state.step:
            continue
        if exact:
            found += [(placed.place(float(one.step)), one.value) for one in logged(feed, [key], step).values()]
        elif kept := feed.state.series[key].at(step):
            found.append((placed.place(float(kept[0])), kept[1]))
    return found


def _points(curves: Sequence[Curve], key: str, x: float, ways: ManyWays, seconds: float, exact: bool) -> list[line.Point]:
    """What is read at a place: of a run where it was logged, of seeds their mean, which lies between theirs."""
    found = []
    for curve in curves:
        if read := _read(curve, key, x, ways.along, seconds, exact=exact):
            place = read[0][0] if len(curve.feeds) == 1 else x
            found.append(line.Point(place, statistics.fmean(value for _, value in read), _ink(curve, ways, len(curves))))
    return found


def _line(curve: Curve, key: str, ways: ManyWays, seconds: float, count: int) -> line.Line | None:
    """A curve among so many; the selected one has a dense band, and is bright among more than there are colours."""
    members = tuple(
        Placed(feed.state.series[key], placed)
        for feed in curve.feeds
        if key in feed.state.series and (placed := placed_on(feed.state, ways.along, seconds))
    )
    if not members:
        return None
    share = max(smoothing(member.series, ways.smoothing) for member in members)
    is_front = curve.id == ways.front
    return line.Line(
        curve.label,
        Seeds(members, ways.band) if len(members) > 1 else members[0],
        smoothing=share or (_HARDLY if len(members) > 1 else 0.0),
        place=curve.place,
        band=count <= MOST_BANDS or is_front,
        solid=is_front and len(members) > 1,
        tag=curve.letter,
        ink=_ink(curve, ways, count),
    )


def _ink(curve: Curve, ways: ManyWays, count: int) -> str:
    dim = ways.front and curve.id != ways.front and count > SERIES
    return f"{'band' if dim else 'series'}{curve.place % SERIES}"


def _filled(columns: Sequence[Column | None]) -> list[float | None]:
    """The means of the columns, with straight lines across those that are empty."""
    filled: list[float | None] = [None] * len(columns)
    before: int | None = None
    for place, column in enumerate(columns):
        if column is None:
            continue
        filled[place] = column[2]
        start = None if before is None else filled[before]
        if before is not None and start is not None:
            for between in range(before + 1, place):
                filled[between] = start + (column[2] - start) * (between - before) / (place - before)
        before = place
    return filled


def _column(values: Sequence[float], band: Band) -> Column:
    mean = statistics.fmean(values)
    if band == "range" or len(values) < 2:
        return min(values), max(values), mean
    std = statistics.stdev(values)
    return mean - std, mean + std, mean


def _is_like(key: str, other: str, charts: Mapping[str, str]) -> bool:
    return charts[key] == charts[other] and key.partition("/")[0] == other.partition("/")[0]


def _x_unit(feeds: Sequence[Feed], ways: ManyWays, seconds: float) -> str:
    return next((placed.unit for feed in feeds if (placed := placed_on(feed.state, ways.along, seconds))), "")


def _y_limits(lines: Sequence[line.Line], key: str, x_limits: Limits, log: bool, memory: dict[tuple[str, bool], Limits]) -> Limits:
    found = line.extent(lines, x_limits, log)
    previous = memory.get((key, log))
    if found is None:
        return previous or limits(0.1 if log else 0.0, 1.0, log=log)
    memory[(key, log)] = limits(*found, previous, log)
    return memory[(key, log)]


def _is_log(feeds: Iterable[Feed], key: str) -> bool:
    declared: Mapping[str, Mapping[str, object]] = next((feed.state.charts for feed in feeds if key in feed.state.declared), {})
    chart = next((feed.state.declaration(key).get("chart", "") for feed in feeds if key in feed.state.declared), "")
    return bool(declared.get(chart, {}).get("log"))


def _lost(feed: Feed, key: str) -> Sequence[int]:
    summary = feed.state.summaries.get(key)
    return summary.nonfinite_steps if summary else ()
