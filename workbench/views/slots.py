"""The charts and previews of a run: which metrics stand in which chart, with which limits and marks, drawn as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.charts import line
from workbench.charts.axis import Limits, limits, right_edge
from workbench.charts.rows import Rows, fill
from workbench.runs.feed import Feed
from workbench.runs.series import Summary
from workbench.runs.state import RunState
from workbench.units import metric
from workbench.views import previews

_PREVIEW = "preview:"
_EVERY = "*"
_MOST_LINES = 8  # series that a chart has an ink of its own for
_LEAST_STEPS = 20.0  # on the x axis, so that a run that begins does not jump at each step
_SMOOTHED_FROM = 80  # points: fewer are readable as they are
_TEST = "test/"  # evaluated once, so it is no curve: it stands in the summary of the run
_SPLITS = {"validation": "val"}  # as titles abbreviate them: two readings fit 39 cells so


@dataclass(frozen=True)
class Slot:
    """One thing to look at: a chart of some metrics, or the newest preview of a name."""

    name: str  # "loss", or "preview:worst"
    title: str
    kind: Literal["chart", "preview"]
    metrics: tuple[str, ...] = ()
    log: bool = False


@dataclass(frozen=True)
class View:
    """How somebody looks at a slot just now."""

    x_limits: Limits | None = None  # None: from 0 to the next round number
    log: bool | None = None  # None: as the recipe declares
    smoothed: bool = True
    cursor: float | None = None
    page: int = 0  # of a preview


@dataclass
class LimitsMemory:
    """What holds still between two drawings: the y limits of each chart, and the files of previews already read."""

    y: dict[tuple[str, bool], Limits] = field(default_factory=dict)
    files: previews.Cache = field(default_factory=dict)


def slots(feed: Feed) -> list[Slot]:
    """What the run screen shows first, in the recipe's order; empty until the recipe has declared it."""
    return [slot(feed, name) for name in feed.state.slots]


def every(feed: Feed) -> list[Slot]:
    """All there is to look at: the slots, then other charts, then other previews."""
    state = feed.state
    names = [*state.slots, *state.charts, *(_PREVIEW + shown.name for shown in state.previews)]
    return [slot(feed, name) for name in dict.fromkeys(names)]


def slot(feed: Feed, name: str) -> Slot:
    """One slot by its name; a name that the run does not know is an empty chart."""
    state = feed.state
    if name.startswith(_PREVIEW):
        shown = previews.newest(state, name.removeprefix(_PREVIEW))
        return Slot(name, shown.title if shown else name.removeprefix(_PREVIEW).replace("_", " "), "preview")
    about = state.charts.get(name, {})
    title = str(about.get("title") or name.replace("_", " "))
    return Slot(name, title, "chart", _metrics(state, name), bool(about.get("log")))


def draw(
    feed: Feed,
    slot_name: str,
    width: int,
    height: int,
    *,
    ascii_only: bool,
    colours: int,
    memory: LimitsMemory,
    view: View | None = None,
) -> Rows:
    """A slot in exactly `width` by `height` cells, the first row its title. Reads files only for a preview not seen before.

    Args:
        colours: of the terminal: 1, 16, 256 or more. Greys need 256.
        memory: kept by the caller between two drawings of the same run.
    """
    if width < 1 or height < 1:
        return fill([], max(0, width), max(0, height))
    view = view or View()
    wanted = slot(feed, slot_name)
    if wanted.kind == "preview":
        name = slot_name.removeprefix(_PREVIEW)
        return previews.draw(feed, name, width, height, ascii_only=ascii_only, colours=colours, page=view.page, files=memory.files)
    return _chart(feed, wanted, width, height, ascii_only, memory, view)


def _chart(feed: Feed, wanted: Slot, width: int, height: int, ascii_only: bool, memory: LimitsMemory, view: View) -> Rows:
    state = feed.state
    keys = wanted.metrics
    log = wanted.log if view.log is None else view.log
    x_limits = view.x_limits or (0.0, right_edge(float(state.step), _LEAST_STEPS))
    names = labels(keys)
    lines = [
        line.Line(names[key], state.series[key], smoothed=view.smoothed and _is_dense(state, key)) for key in keys if key in state.series
    ]
    threshold = _baseline(state, wanted)
    y_limits = _y_limits(wanted.name, lines, x_limits, log, threshold[1] if threshold else None, memory)
    unit = state.declaration(keys[0]).get("unit", "") if keys else ""
    lost = sorted({step for key in keys if key in state.summaries for step in state.summaries[key].nonfinite_steps})
    heading = line.title(
        wanted.title + (" (log)" if log else ""),
        [_reading(state, key, names[key] if len(keys) > 1 else "") for key in keys],
        width,
        best=_best(state, keys),
        nonfinite=(sum(state.summaries[key].nonfinite for key in keys if key in state.summaries), lost[0]) if lost else None,
        form=lambda value: metric(value, unit).replace(" %", "%").replace("100.0%", "100%"),  # a title is short of room
        ascii_only=ascii_only,
    )
    return line.render(
        lines,
        width,
        height,
        x_limits=x_limits,
        y_limits=y_limits,
        log=log,
        ascii_only=ascii_only,
        heading=heading,
        marks=[(float(change.step), change.text) for change in state.interventions],
        nonfinite_at=[float(step) for step in lost],
        threshold=threshold[1] if threshold else None,
        threshold_label=threshold[0] if threshold else "",
        ghosts=[ghost for key in keys for ghost in state.ghosts.get(key, ())],
        cursor=view.cursor,
        placeholder=placeholder(feed),
    )


def placeholder(feed: Feed) -> str:
    """What an empty chart says: what the run does instead of logging this."""
    if not feed.status.is_live:
        return "nothing was logged"
    return f"{feed.state.phase} ..." if feed.state.phase and feed.state.phase != "training" else "nothing yet"


def labels(keys: Sequence[str]) -> dict[str, str]:
    """A short name for each metric of one chart: only what tells them apart."""
    parts = [key.split("/") for key in keys]
    head = 0
    while len(parts) > 1 and all(len(part) > head + 1 for part in parts) and len({part[head] for part in parts}) == 1:
        head += 1
    tail = 0
    while len(parts) > 1 and all(len(part) > head + tail + 1 for part in parts) and len({part[-1 - tail] for part in parts}) == 1:
        tail += 1
    cut = [part[head : len(part) - tail] for part in parts]
    return {key: "/".join(_SPLITS.get(word, word) for word in part).replace("_", " ") for key, part in zip(keys, cut, strict=True)}


def _metrics(state: RunState, chart: str) -> tuple[str, ...]:
    """The keys that a chart draws, in the order of declaration; a declared `*` stands for the keys that were logged under it."""
    found: list[str] = []
    for declared, about in state.declared.items():
        if about.get("chart") != chart or declared.startswith(_TEST):
            continue
        if declared.endswith(_EVERY):
            found += [key for key in state.summaries if key.startswith(declared[:-1]) and key not in state.declared]
        else:
            found.append(declared)
    return tuple(found[:_MOST_LINES])


def _y_limits(name: str, lines: list[line.Line], x_limits: Limits, log: bool, level: float | None, memory: LimitsMemory) -> Limits:
    reach = line.extent(lines, x_limits)
    previous = memory.y.get((name, log))
    if reach is None:
        return previous or limits(0.1 if log else 0.0, 1.0, log=log)
    low, high = reach
    if level is not None and low - (high - low) <= level <= high + (high - low):  # a far level would flatten the curve
        low, high = min(low, level), max(high, level)
    memory.y[(name, log)] = limits(low, high, previous, log)
    return memory.y[(name, log)]


def _reading(state: RunState, key: str, label: str) -> line.Reading:
    summary = state.summaries.get(key, Summary())
    series = state.series.get(key)
    trend = 0.0
    if series is not None and len(series.first) > 1 and not _is_dense(state, key):  # of a noisy one the arrow would flicker
        trend = series.total[-1] / series.points[-1] - series.total[-2] / series.points[-2]
    return line.Reading(label, summary.last, trend)


def _is_dense(state: RunState, key: str) -> bool:
    """Whether a metric is logged at about every step, long enough to be smoothed."""
    count = state.summaries[key].count if key in state.summaries else 0
    return count >= _SMOOTHED_FROM and count * 2 >= state.step


def _best(state: RunState, keys: Sequence[str]) -> tuple[float, float] | None:
    """The best value of the chart's objective, else of its last metric with a goal."""
    ordered = sorted(keys, key=lambda key: key == state.objective)
    for key in reversed(ordered):
        summary = state.summaries.get(key)
        if key.startswith("train/") or summary is None:
            continue
        value, step = summary.best(state.declaration(key).get("goal", "none"))
        if value is not None and step is not None:
            return value, float(step)
    return None


def _baseline(state: RunState, wanted: Slot) -> tuple[str, float] | None:
    """What needs no network, best of its kind, on the chart of the objective."""
    known = {str(name): float(value) for name, value in (state.data.get("baseline") or {}).items()}
    if state.objective not in wanted.metrics or not known:
        return None
    pick = min if state.declaration(state.objective).get("goal") == "min" else max
    name = pick(known, key=lambda key: known[key])
    return name.rpartition("/")[2].replace("_", " "), known[name]
