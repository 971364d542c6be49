"""The charts and previews of a run: which there are, and which metrics stand in which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workbench.charts.rows import Rows, fill
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.views import previews
from workbench.views.plots import chart, layers
from workbench.views.plots.view import LimitsMemory, View

PREVIEW = "preview:"
_EVERY = "*"
_MOST_LINES = 8  # series that a chart has an ink of its own for
_MOST_LAYERS = 256
_TEST = "test/"  # evaluated once, so it is no curve: it stands in the summary of the run

Kind = Literal["chart", "strip", "preview"]


@dataclass(frozen=True)
class Slot:
    """One thing to look at: a chart of some metrics, a strip of one metric per layer, or a preview of a name."""

    name: str  # "loss", or "preview:worst"
    title: str
    kind: Kind
    metrics: tuple[str, ...] = ()
    log: bool = False
    all_metrics: int = 0  # that there are, of which those above are drawn


def slots(feed: Feed) -> list[Slot]:
    """What the run screen shows first, in the recipe's order; empty until the recipe has declared it.

    Once the run has ended, what has nothing to show gives its place to what has.
    """
    names = feed.state.slots
    if feed.status.is_live or not names:
        return [slot(feed, name) for name in names]
    return every(feed)[: len(names)]


def every(feed: Feed, first: Sequence[str] = ()) -> list[Slot]:
    """All there is to look at: what somebody wants first, the slots, then other charts, then other previews.

    Of a run that has ended, what has something to show comes before what has not.
    """
    state = feed.state
    known = {*state.slots, *state.charts, *(PREVIEW + shown.name for shown in state.previews)}
    names = [*(name for name in first if name in known), *state.slots, *state.charts, *(PREVIEW + shown.name for shown in state.previews)]
    found = [slot(feed, name) for name in dict.fromkeys(names)]
    return found if feed.status.is_live else sorted(found, key=lambda one: not has_data(feed, one))


def has_data(feed: Feed, wanted: Slot) -> bool:
    """Whether there is anything in it to see."""
    if wanted.kind == "preview":
        return previews.newest(feed.state, wanted.name.removeprefix(PREVIEW)) is not None
    return any(feed.state.summaries[key].count > 0 for key in wanted.metrics if key in feed.state.summaries)


def slot(feed: Feed, name: str) -> Slot:
    """One slot by its name; a name that the run does not know is an empty chart."""
    state = feed.state
    if name.startswith(PREVIEW):
        shown = previews.newest(state, name.removeprefix(PREVIEW))
        return Slot(name, shown.title if shown else name.removeprefix(PREVIEW).replace("_", " "), "preview")
    about = state.charts.get(name, {})
    title = str(about.get("title") or name.replace("_", " "))
    kind = _kind(state, name)
    found = _metrics(state, name)
    drawn = found[:_MOST_LAYERS] if kind == "strip" else _worst(state, found)
    return Slot(name, title, kind, drawn, bool(about.get("log")), len(found))


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
    now: float | None = None,
    metrics: tuple[str, ...] | None = None,
) -> Rows:
    """A slot in exactly `width` by `height` cells, the first row its title. Reads files only for a preview not seen before.

    Args:
        colours: of the terminal: 1, 16, 256 or more. Greys need 256.
        memory: kept by the caller between two drawings of the same run.
        now: seconds since 1970, from which the age of a preview follows; by default the time.
        metrics: only these lines or layers of it.
    """
    if width < 1 or height < 1:
        return fill([], max(0, width), max(0, height))
    view = view or View()
    wanted = slot(feed, slot_name)
    wanted = wanted if metrics is None else replace(wanted, metrics=metrics)
    if wanted.kind == "preview":
        name = slot_name.removeprefix(PREVIEW)
        return previews.draw(
            feed, name, width, height, ascii_only=ascii_only, colours=colours, page=view.page, step=view.step, files=memory.files, now=now
        )
    if wanted.kind == "strip":
        return layers.draw(feed, wanted, width, height, ascii_only=ascii_only, colours=colours, memory=memory, view=view)
    return chart.draw(feed, wanted, width, height, ascii_only=ascii_only, colours=colours, memory=memory, view=view)


def _kind(state: RunState, name: str) -> Kind:
    """What the recipe says; where it says nothing, a chart of nothing but keys per layer on a log axis is a strip."""
    about = state.charts.get(name, {})
    if about.get("kind") in ("line", "strip"):
        return "strip" if about["kind"] == "strip" else "chart"
    keys = [key for key, declared in state.declared.items() if declared.get("chart") == name and not key.startswith(_TEST)]
    return "strip" if keys and about.get("log") and all(key.endswith(_EVERY) for key in keys) else "chart"


def _metrics(state: RunState, chart: str) -> tuple[str, ...]:
    """The keys that a chart draws, in the order of declaration; a declared `*` stands for the keys that were logged under it."""
    found: list[str] = []
    for declared, about in state.declared.items():
        if about.get("chart") != chart or (declared.startswith(_TEST) and not _is_curve(state, declared)):
            continue
        if declared.endswith(_EVERY):
            found += [key for key in state.summaries if key.startswith(declared[:-1]) and key not in state.declared]
        else:
            found.append(declared)
    return tuple(found)


def _worst(state: RunState, keys: tuple[str, ...]) -> tuple[str, ...]:
    """As many as a chart can tell apart, in their order: the worst by their latest values, else the largest."""
    if len(keys) <= _MOST_LINES:
        return keys

    def goodness(key: str) -> float:
        last = state.summaries[key].last if key in state.summaries else None
        if last is None or not math.isfinite(last):
            return -math.inf
        return last if state.declaration(key).get("goal") == "max" else -last

    chosen = sorted(keys, key=goodness)[:_MOST_LINES]
    return tuple(key for key in keys if key in chosen)


def _is_curve(state: RunState, key: str) -> bool:
    """Whether a metric was logged more than once, as a script of somebody's own may log its test split."""
    return key in state.summaries and state.summaries[key].count > 1
