"""What a chart says in words: its name, the latest and best values, what was not finite, and what was done to the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.charts import line
from workbench.charts.rows import Row, cells, plain
from workbench.runs.reading import clipping
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.series import Series, Summary
from workbench.runs.reading.state import Intervention, RunState
from workbench.units import grouped, metric
from workbench.views.plots.view import View

DENSE_FROM = 80  # points of a metric that is logged at about every step: fewer are readable without smoothing
_SPLITS = {"validation": "val"}  # as titles abbreviate them: two readings fit 39 cells so
_RECENT = 10  # parts of a noisy course: its last one beside the one before is where it goes
_MARKED = {"paused": "pause", "resumed": "go on", "saved": "save", "stopped": "stop", "forked": "fork"}


@dataclass(frozen=True)
class Heading:
    """The row above a chart, and what did not fit it: for where the chart has room."""

    row: Row
    notes: tuple[str, ...] = ()


def heading(feed: Feed, title: str, keys: Sequence[str], remarks: Sequence[str], view: View, width: int, *, ascii_only: bool) -> Heading:
    """`loss (log)  o train v 0.52  x val ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150`.

    Args:
        remarks: how the chart is drawn, where that is not as usual.
    """
    state = feed.state
    unit = unit_of(state, keys)
    lost = lost_steps(state, keys)
    count = sum(state.summaries[key].nonfinite for key in keys if key in state.summaries)
    best, note = _best(state, keys), _clipped(feed, keys, view)
    names = labels(keys)
    readings = [_reading(state, key, names[key] if len(keys) > 1 else "") for key in keys]

    def form(value: float) -> str:
        return metric(value, unit).replace(" %", "%").replace("100.0%", "100%")  # a title is short of room

    def row(best: tuple[float, float] | None, note: str) -> Row:
        nonfinite = (count, lost[0]) if lost else None
        name = _named(title, remarks, width)
        return line.title(name, readings, width, best=best, nonfinite=nonfinite, note=note, form=form, ascii_only=ascii_only)

    whole = row(best, note)
    place = f"@ {grouped(round(best[1]))}" if best else ""
    if place in (said := plain([whole])[0]) and note in said:
        return Heading(whole)
    notes = (f"best {form(best[0])} {place}" if best else "", note)
    return Heading(row(None, ""), tuple(filter(None, notes)))


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


def unit_of(state: RunState, keys: Sequence[str]) -> str:
    """The unit of the metrics of one chart; empty where they do not share one."""
    units = {state.declaration(key).get("unit", "") for key in keys}
    return units.pop() if len(units) == 1 else ""


def lost_steps(state: RunState, keys: Sequence[str]) -> list[int]:
    """Where a value was NaN or infinite, as far as it is kept."""
    return sorted({step for key in keys if key in state.summaries for step in state.summaries[key].nonfinite_steps})


def marks(state: RunState) -> list[tuple[int, str]]:
    """At which steps something was done to the run, or it failed, in as few words as stand on an axis."""
    return [*((change.step, _mark(change)) for change in state.interventions), *((step, "failed") for step in failed_at(state))]


def failed_at(state: RunState) -> list[int]:
    """The step at which the run failed, if it did; its values were not logged."""
    return [state.ended.step] if state.ended and state.ended.state == "failed" else []


def is_dense(state: RunState, key: str) -> bool:
    """Whether a metric is logged at about every step, long enough to be smoothed."""
    count = state.summaries[key].count if key in state.summaries else 0
    return count >= DENSE_FROM and count * 2 >= state.step


def _mark(change: Intervention) -> str:
    if change.kind == "attempt":
        return " ".join(change.text.split()[:2])
    if change.kind == "set":  # "set lr 0.01 -> 3e-4 by ada"
        name, *_, new = change.text.removeprefix("set ").partition(" by ")[0].split()
        return f"{name} {new}"
    return _MARKED[change.kind]


def _named(title: str, remarks: Sequence[str], width: int) -> str:
    """`loss (log, by minute)`, with as many remarks as leave half of the row to the values."""
    said = [remark for remark in remarks if remark]
    while said and cells(f"{title} ({', '.join(said)})") > (width + 1) // 2:
        said.pop()
    return title + (f" ({', '.join(said)})" if said else "")


def _clipped(feed: Feed, keys: Sequence[str], view: View) -> str:
    """The share of steps in sight whose gradient was clipped."""
    shares = [feed.clipping.share(key, view.x_limits) for key in keys if clipping.is_norm(key)]
    known = [share for share in shares if share is not None]
    return f"clipped {100 * max(known):.0f}%" if known and (feed.clipping.norm is not None or any(known)) else ""


def _reading(state: RunState, key: str, label: str) -> line.Reading:
    summary = state.summaries.get(key, Summary())
    series = state.series.get(key)
    return line.Reading(label, summary.last, _trend(series, noisy=is_dense(state, key)) if series else 0.0)


def _trend(series: Series, *, noisy: bool) -> float:
    """By how much a metric moved; of a noisy one, whose arrow would flicker, only what stands out of the noise."""
    count = max(1, len(series.first) // _RECENT) if noisy else 1
    means = series.means(newest=2 * count)
    if len(means) < 2 * count:
        return 0.0
    before, recent = means[:count], means[count:]
    moved = sum(recent) / count - sum(before) / count
    noise = (_spread(before) + _spread(recent)) / count**0.5
    return moved if abs(moved) > noise else 0.0


def _spread(values: Sequence[float]) -> float:
    """The standard deviation; `statistics.pstdev`, exact in fractions, takes a hundred times as long."""
    middle = sum(values) / len(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / len(values)) if math.isfinite(middle) else math.inf


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
