"""What the lines of a chart were at the step that the cursor stands on: the values that were logged, not what is drawn."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from workbench.charts.rows import Row, Rows, Span, cells, cut, printable, width_of
from workbench.charts.series.title import SERIES, legend
from workbench.runs import lineage
from workbench.runs.reading.exact import Logged
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.series import Series
from workbench.runs.reading.state import RunState
from workbench.units import duration, grouped, metric, percent, seconds, size
from workbench.views.plots.heading import labels
from workbench.views.plots.view import CURSOR_STRIDE, View

if TYPE_CHECKING:  # slots draw charts, which point out what is read here
    from workbench.views.run.slots import Slot

_DIGITS = (7, 4)  # significant: what fp32 holds, and where room is short
_SHORT_SECONDS = 120.0  # of a run whose moments want tenths
_ABOUT = 4  # digits of the mean of several values


class Read(NamedTuple):
    """One value at the cursor.

    Attributes:
        of: which run or attempt it is of, where that is not this one: `parent cnn-1`, `attempt 1`.
        exact: whether it was logged so, rather than being the mean of a few.
    """

    place: int
    label: str
    unit: str
    found: Logged | None
    of: str = ""
    exact: bool = True


def rows(feed: Feed, slot: Slot, view: View, width: int, height: int = 2, *, ascii_only: bool = False) -> Rows:
    """The place in a row, and below it the value of each line: `cnn-3  step 655  epoch 11  0:32  ^ set lr ...`.

    No number is ever cut. Where room is short, epoch and time go first, then the steps at which values were logged, then
    all of the labels but their first letters, then digits behind the fourth, and last whole values, with how many. Of a strip
    one layer is read. Empty without a cursor.
    """
    if view.cursor is None or height < 2:
        return []
    step = round(view.cursor)
    read = _read(feed, slot, view, step)
    return [_place(feed, step, view, width, ascii_only), *_values(read, step, width, height - 1, ascii_only)]


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


def beside(feed: Feed, slot: Slot, step: int) -> tuple[int | None, int | None]:
    """The steps before and behind this one at which a metric of the slot was logged, for a cursor that moves by exactly one."""
    keys = [key for key in slot.metrics if key in feed.state.series]
    before = [found.step for found in logged(feed, keys, step - 1).values()] if step > 1 else []
    behind = [found for key in keys if (found := _next(feed, key, step)) is not None]
    return max(before, default=None), min(behind, default=None)


def _next(feed: Feed, key: str, step: int) -> int | None:
    """The first step behind this one at which a metric was logged: of a thinned series by how far its steps are apart."""
    series = feed.state.series[key]
    place = bisect_right(series.first, step)
    following = series.first[place] if place < len(series.first) else None
    if series.stride == 1 or not place:
        return following
    end = following if following is not None else series.last_step + 1
    apart = max(1, round((end - series.first[place - 1]) / max(1, series.points[place - 1])))
    found = logged(feed, [key], step + apart).get(key)
    return found.step if found is not None and found.step > step else following


def _read(feed: Feed, slot: Slot, view: View, step: int) -> list[Read]:
    state = feed.state
    keys = [key for key in slot.metrics if key in state.series or any(key in past.series for past in feed.earlier)]
    if slot.kind == "strip":
        keys = keys[min(view.layer or 0, len(keys) - 1) :][:1] if keys else []
    names = labels(slot.metrics, state)
    values = logged(feed, [key for key in keys if key in state.series], step)
    read: list[Read] = []
    for place, key in enumerate(keys):
        label, unit = names[key] if len(slot.metrics) > 1 else "", state.declaration(key).get("unit", "")
        place = -1 if len(keys) == 1 else place
        others = [Read(place, label, unit, *other) for other in (*_of_attempts(state, key, step), *_of_parents(feed, key, step))]
        if key in values or not others:
            read.append(Read(place, label, unit, values.get(key)))
        read += others
    return read


def _of_attempts(state: RunState, key: str, step: int) -> Iterator[tuple[Logged, str, bool]]:
    """What attempts logged there whose curve a later one replaced."""
    ghosts = list(state.ghosts.get(key, ()))
    for place, attempt in enumerate(state.attempts[1:], start=1):
        if not ghosts or attempt.step is None:
            continue
        if ghosts[0].first[0] <= attempt.step:
            continue  # this attempt replaced nothing of the metric
        ghost = ghosts.pop(0)
        if ghost.first[0] <= step <= ghost.last_step and (found := _at(ghost, step)):
            earlier = [each for each in state.attempts[:place] if each.step is not None and each.step < found[0].step]
            yield found[0], f"attempt {(earlier or state.attempts[:place])[-1].attempt}", found[1]


def _of_parents(feed: Feed, key: str, step: int) -> Iterator[tuple[Logged, str, bool]]:
    """What the run that this one was forked from logged there, or the parent of that one."""
    if not feed.record.fork or step > feed.record.fork.step:
        return
    known = zip(lineage.ancestry(feed.folder), feed.earlier, strict=False)
    of = [(parent.id, past) for (parent, fork), past in known if step <= fork.step and key in past.series]
    if of and (found := _at(of[-1][1].series[key], step)):  # the oldest of those that had not forked yet: the step is its own
        yield found[0], f"parent {of[-1][0]}", found[1]


def _at(series: Series, step: int) -> tuple[Logged, bool] | None:
    found = series.at(step)
    return (Logged(found[0], found[1]), found[2]) if found else None


# Words


def _place(feed: Feed, step: int, view: View, width: int, ascii_only: bool) -> Row:
    """Which run, which step, when, and what was done there within a press of the cursor's key."""
    run, at = Span(f" {feed.folder.id}", "muted"), Span(f"  step {grouped(step)}", "title")
    low, high = view.x_limits or (0.0, float(feed.state.step))
    near = (high - low) * CURSOR_STRIDE / 2
    changes = [f"{change.text} @ {grouped(change.step)}" for change in feed.state.interventions if abs(change.step - step) <= near]
    done = f"  ^ {', '.join(changes)}" if changes else ""
    for when in (_when(feed, step), _when(feed, step, brief=True), ""):
        row = [run, at, Span(when, "muted")]
        room = width - width_of(row)
        if cells(printable(done, ascii_only=ascii_only)) <= room:
            return [*row, Span(printable(done, ascii_only=ascii_only), "mark")]
    return [run, at, Span(cut(done, max(0, width - cells(run.text + at.text)), ascii_only=ascii_only), "mark")]


def _when(feed: Feed, step: int, *, brief: bool = False) -> str:
    """`  epoch 11  0:32`; of a run of a minute or two in tenths of seconds, as its axis of time."""
    state = feed.state
    epoch = "" if brief else state.epoch_of(step)
    if not state.times.steps:
        return f"  epoch {epoch}" if epoch else ""
    at = state.times.at(step)
    moment = f"{at:.1f} s" if state.times.at(state.step) < _SHORT_SECONDS else duration(at)
    return (f"  epoch {epoch}" if epoch else "") + f"  {moment}"


def _values(read: Sequence[Read], step: int, width: int, height: int, ascii_only: bool) -> Rows:
    """The values in at most `height` rows, said at the greatest length that fits; then fewer of them."""
    ways = [(False, True, digits, where) for where, digits in ((True, _DIGITS[0]), (False, _DIGITS[0]))]
    ways += [(True, False, digits, False) for digits in _DIGITS]
    for short, of, digits, where in ways:
        parts = [_part(each, step, where, short, of, digits, ascii_only) for each in read]
        if (packed := _packed(parts, width, height)) is not None:
            return packed
    parts = [_part(each, step, False, True, False, _DIGITS[-1], ascii_only) for each in read]
    for kept in range(len(parts) - 1, 0, -1):
        if (packed := _packed([*parts[:kept], [Span(f"+{len(parts) - kept}", "muted")]], width, height)) is not None:
            return packed
    return []


def _part(read: Read, step: int, where: bool, short: bool, of: bool, digits: int, ascii_only: bool) -> Row:
    """`o train 0.1234567 @ 630 (parent cnn-1)`.

    Args:
        where: say the step of the value, where that is another one.
        short: only the first letter of the label, and of whose value it is.
    """
    label = read.label[:1] if short else read.label
    whose = read.of if not short else read.of.rpartition(" ")[2]
    sign = legend(read.place, ascii_only=ascii_only) + " " if read.place >= 0 else ""
    spans: Row = [Span(sign, f"series{read.place % SERIES}" if not read.of else "muted")]
    spans.append(Span(f"{printable(label, ascii_only=ascii_only)} " if label else ""))
    if read.found is None:
        return [*spans, Span("-", "muted")]
    finite = math.isfinite(read.found.value)
    spans.append(Span(_number(read.found.value, read.unit, digits if read.exact else _ABOUT), "" if finite else "mark"))
    if where and read.found.step != step:
        spans.append(Span(f" @ {grouped(read.found.step)}", "muted"))
    return [*spans, Span(f" {whose}" if whose else "", "muted")]


def _number(value: float, unit: str, digits: int) -> str:
    if not math.isfinite(value):
        return metric(value, unit)
    if unit == "%":
        return f"{100 * value:.{digits}g} %" if digits > _DIGITS[-1] else percent(value)
    if unit == "bytes":
        return size(value)
    if unit == "s" and digits <= _DIGITS[-1]:
        return seconds(value)
    return f"{value:.{digits}g} {unit}".rstrip()


def _packed(parts: Sequence[Row], width: int, height: int) -> Rows | None:
    """The parts in rows, none of them broken; None where they take more rows than there are."""
    lines: Rows = []
    free = 0
    for part in parts:
        taken = width_of(part)
        if taken + 1 > width:
            return None
        if not lines or taken + 3 > free:
            lines.append([Span(" "), *part])
            free = width - taken - 1
        else:
            lines[-1] += [Span("   "), *part]
            free -= taken + 3
    return lines if len(lines) <= height else None
