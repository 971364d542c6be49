"""What a chart says in words: its name, the latest and best values, what was not finite, and what was done to the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.charts.rows import Row, plain
from workbench.charts.series import line
from workbench.charts.series.title import legends
from workbench.runs.reading import clipping
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.series import Series, Summary
from workbench.runs.reading.state import Intervention, RunState
from workbench.units import grouped, metric
from workbench.views.plots.view import DENSE_FROM, View

_LEGEND_FROM = 10  # rows of a chart that has one left for the legend; a higher one has two
_TWO_LEGENDS_FROM = 16
_SPLITS = {"validation": "val"}  # as titles abbreviate them: two readings fit 39 cells so
_RECENT = 10  # parts of a noisy course: its last one beside the one before is where it goes
# What was done: a letter, mostly that of its key, and a word.
_DONE = {
    "set": ("c", "change"), "paused": ("p", "pause"), "resumed": ("g", "go on"), "saved": ("w", "save"), "stopped": ("x", "stop"),
    "forked": ("f", "fork"), "attempt": ("a", "attempt"),
}  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """The row above a chart, its legend where that has rows of its own, and what did not fit: for where the chart has room."""

    row: Row
    legends: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def heading(
    feed: Feed, title: str, keys: Sequence[str], remarks: Sequence[str], view: View, width: int, height: int, *, all_metrics: int,
    ascii_only: bool,
) -> Heading:  # fmt: skip
    """`loss  o train v 0.52  x val ^ 1.31  best 0.51 @ 1,180  3 NaN @ 150`.

    Args:
        remarks: how the chart is drawn, where that is not as usual.
        all_metrics: how many there are, where not all are drawn.
    """
    state = feed.state
    title += f" ({', '.join(filter(None, remarks))})" if any(remarks) else ""
    if all_metrics > len(keys) and height < _LEGEND_FROM:
        title = f"{title} {len(keys)}/{all_metrics}"
    elif all_metrics > len(keys):
        judged = "worst " if any(state.declaration(key).get("goal", "none") != "none" for key in keys) else ""
        title = f"{title} ({judged}{len(keys)} of {all_metrics})"
    unit = unit_of(state, keys)
    lost = lost_steps(state, keys)
    count = sum(state.summaries[key].nonfinite for key in keys if key in state.summaries)
    best, note = _best(state, keys), _clipped(feed, keys, view)
    names = labels(keys, state)
    readings = [_reading(state, key, names[key] if len(keys) > 1 else "") for key in keys]

    def form(value: float) -> str:
        return short(value, unit)

    def row(best: tuple[float, float] | None, note: str, said: Sequence[line.Reading]) -> Row:
        nonfinite = (count, lost[0]) if lost else None
        return line.title(
            title, said, width, best=best, nonfinite=nonfinite, lost_as=_lost_as(state, keys), note=note, form=form, ascii_only=ascii_only
        )

    whole = row(best, note, readings)
    place = f"@ {grouped(round(best[1]))}" if best else ""
    notes = tuple(filter(None, (f"best {form(best[0])} {place}" if best else "", note)))
    if place in (said := plain([whole])[0]) and note in said:
        return Heading(whole)
    without = row(None, "", readings)
    if len(keys) > 1 and height >= _LEGEND_FROM and not _tells_all(without, readings, form):
        below = legends(readings, width, 1 + (height >= _TWO_LEGENDS_FROM), form=form, ascii_only=ascii_only)
        above = row(best, note, ())
        return Heading(above, tuple(below), () if place in plain([above])[0] else notes)
    return Heading(without, (), notes)


def _tells_all(row: Row, readings: Sequence[line.Reading], form: Callable[[float], str]) -> bool:
    """Whether every line has its label and its value in the title."""
    said = plain([row])[0]
    known = [f"{each.label} " for each in readings] + [form(each.value) for each in readings if each.value is not None]
    return all(text in said for text in known)


def labels(keys: Sequence[str], state: RunState | None = None) -> dict[str, str]:
    """A short name for each metric of one chart: what the recipe declares, else only what tells them apart."""
    told = {key: state.declaration(key).get("label", "") for key in keys} if state else {}
    if len(keys) > 1 and all(told.get(key) for key in keys) and len(set(told.values())) == len(keys):
        return told
    parts = [key.split("/") for key in keys]
    head = 0
    while len(parts) > 1 and all(len(part) > head + 1 for part in parts) and len({part[head] for part in parts}) == 1:
        head += 1
    tail = 0
    while len(parts) > 1 and all(len(part) > head + tail + 1 for part in parts) and len({part[-1 - tail] for part in parts}) == 1:
        tail += 1
    cut = [part[head : len(part) - tail] for part in parts]
    names = ["/".join(_SPLITS.get(word, word) for word in part).replace("_", " ") for part in cut]
    return dict(zip(keys, _without_shared_words(names), strict=True))


def _without_shared_words(names: Sequence[str]) -> list[str]:
    """`phone` and `word` of `phone error rate` and `word error rate`: behind the first word, what all have at the end goes."""
    words = [name.split() for name in names]
    while len(words) > 1 and all(len(each) > 1 for each in words) and len({each[-1] for each in words}) == 1:
        words = [each[:-1] for each in words]
    short = [" ".join(each) for each in words]
    return short if len(set(short)) == len(short) else list(names)


def short(value: float, unit: str) -> str:
    """A value with its unit, for where room is short."""
    text = metric(value, unit).replace(" %", "%")
    return {"100.0%": "100%", "0.0%": "0%"}.get(text, text)


def unit_of(state: RunState, keys: Sequence[str]) -> str:
    """The unit of the metrics of one chart; empty where they do not share one."""
    units = {state.declaration(key).get("unit", "") for key in keys}
    return units.pop() if len(units) == 1 else ""


def lost_steps(state: RunState, keys: Sequence[str]) -> list[int]:
    """Where a value was NaN or infinite, as far as it is kept."""
    return sorted({step for key in keys if key in state.summaries for step in state.summaries[key].nonfinite_steps})


def marks(state: RunState) -> list[line.Mark]:
    """At which steps something was done to the run, or it failed: a letter, in words as few as stand on an axis, and its meaning."""
    return [
        *(line.Mark(float(done.step), _DONE[done.kind][0], _mark(done), _DONE[done.kind][1]) for done in state.interventions),
        *(line.Mark(float(step), "!", "failed") for step in failed_at(state)),
    ]


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
    return _DONE[change.kind][1]


def _lost_as(state: RunState, keys: Sequence[str]) -> str:
    """What the values were that are not finite."""
    known = [state.summaries[key] for key in keys if key in state.summaries]
    infinite = sum(summary.infinite for summary in known)
    return "NaN" if not infinite else "inf" if infinite == sum(summary.nonfinite for summary in known) else "NaN or inf"


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
        if key.startswith(("train/", "machine/")) or summary is None:
            continue
        value, step = summary.best(state.declaration(key).get("goal", "none"))
        if value is not None and step is not None:
            return value, float(step)
    return None
