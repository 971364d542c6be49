"""What the lines of a chart were at the step that the cursor stands on: the values that were logged, not what is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.charts.rows import Row, Span
from workbench.charts.title import SERIES, legend
from workbench.runs.reading.exact import Logged
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import duration, grouped, metric
from workbench.views.plots.heading import labels
from workbench.views.plots.view import CURSOR_STRIDE, View
from workbench.views.run.slots import Slot

_DIGITS = 7  # significant: what fp32 holds


def row(feed: Feed, slot: Slot, view: View, *, ascii_only: bool = False) -> Row:
    """`step 655  epoch 11  0:32   o train 0.1234567   x val 0.2345678 @ 630`; of a strip one layer.

    What was done to the run there stands at the end. Empty without a cursor.
    """
    if view.cursor is None:
        return []
    step = round(view.cursor)
    keys = [key for key in slot.metrics if key in feed.state.series]
    if slot.kind == "strip":
        keys = keys[min(view.layer or 0, len(keys) - 1) :][:1] if keys else []
    names = labels(slot.metrics)
    values = logged(feed, keys, step)
    spans: Row = [Span(f" step {grouped(step)}", "title"), Span(_when(feed, step), "muted")]
    for place, key in enumerate(keys):
        sign = legend(place, ascii_only=ascii_only) + " " if len(keys) > 1 else ""
        spans += [Span("   "), Span(sign, f"series{place % SERIES}"), Span(f"{names[key]} " if len(slot.metrics) > 1 else "")]
        spans += _value(values.get(key), step, feed.state.declaration(key).get("unit", ""))
    return [*spans, *_done(feed.state, step, view)]


def logged(feed: Feed, keys: Sequence[str], step: int) -> dict[str, Logged]:
    """For each key the last value at or before a step, exactly as it was logged."""
    state = feed.state
    found: dict[str, Logged] = {}
    for key in keys:
        kept = state.series[key].at(step)
        lost = max((each for each in state.summaries[key].nonfinite_steps if each <= step), default=0)
        if state.series[key].stride == 1 and state.summaries[key].nonfinite == len(state.summaries[key].nonfinite_steps):
            if kept and kept[0] >= lost:
                found[key] = Logged(kept[0], kept[1])
            elif lost:
                found[key] = Logged(lost, math.nan)
    missing = [key for key in keys if key not in found]
    return found | feed.index.find(feed.folder.events, missing, step) if missing else found


def _done(state: RunState, step: int, view: View) -> Row:
    """What was done within a press of the cursor's key, of which the steps between two places are out of reach."""
    low, high = view.x_limits or (0.0, float(state.step))
    near = (high - low) * CURSOR_STRIDE / 2
    done = [f"{change.text} @ {grouped(change.step)}" for change in state.interventions if abs(change.step - step) <= near]
    return [Span(f"   ^ {', '.join(done)}", "mark")] if done else []


def _when(feed: Feed, step: int) -> str:
    state = feed.state
    epoch = state.epoch_of(step)
    return (f"  epoch {epoch}" if epoch else "") + (f"  {duration(state.times.at(step))}" if state.times.steps else "")


def _value(found: Logged | None, step: int, unit: str) -> Row:
    if found is None:
        return [Span("-", "muted")]
    if not math.isfinite(found.value):
        text = metric(found.value, unit)
    else:
        text = f"{100 * found.value:.{_DIGITS}g} %" if unit == "%" else f"{found.value:.{_DIGITS}g} {unit}".rstrip()
    where = [Span(f" @ {grouped(found.step)}", "muted")] if found.step != step else []
    return [Span(text, "" if math.isfinite(found.value) else "mark"), *where]
