"""What each event changes in a run's state: the only place where one is changed."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from workbench.events import types as events
from workbench.runs.reading.epochs import Epochs, Stretch
from workbench.runs.reading.series import Series, Summary
from workbench.runs.reading.state import Attempt, Intervention, RunState, Shown
from workbench.units import compact, metric

_MOST_PREVIEWS = 400
_MOST_ANSWERS = 64
_MOST_TRACEBACK = 40  # lines of an error's, the last of which say most


@functools.singledispatch
def apply(event: events.Event, state: RunState) -> None:
    """Bring `state` up to date with what happened. Events of later versions change nothing."""


def apply_all(happened: Iterable[events.Event], state: RunState) -> None:
    """`apply` for each event. Groups of steps with the same keys count as one, which halves the time that a long log takes to read."""
    groups: dict[tuple[str, ...], events.Metrics] = {}
    for event in happened:
        if not isinstance(event, events.Metrics):
            _apply_groups(groups, state)
            apply(event, state)
            continue
        if group := groups.get(tuple(event.values)):
            _join(group, event)
        else:
            if any(not event.values.keys().isdisjoint(keys) for keys in groups):
                _apply_groups(groups, state)  # the points of one key stay in their order
            groups[tuple(event.values)] = _copy(event)
        if event.steps:
            state.pace(event.at[-1], event.steps[-1])
    _apply_groups(groups, state)


def _apply_groups(groups: dict[tuple[str, ...], events.Metrics], state: RunState) -> None:
    for group in groups.values():
        apply(group, state)
    groups.clear()


def _join(group: events.Metrics, event: events.Metrics) -> None:
    group.steps.extend(event.steps)
    group.at.extend(event.at)
    for key, column in group.values.items():
        column.extend(event.values[key])


def _copy(event: events.Metrics) -> events.Metrics:
    values = {key: list(column) for key, column in event.values.items()}
    return events.Metrics.model_construct(steps=list(event.steps), at=list(event.at), values=values)


@apply.register
def _(event: events.RunQueued, state: RunState) -> None:
    state.queued, state.host, state.boot_id = True, event.host, event.boot_id
    state.ended, state.paused, state.news_at, state.phase = None, False, event.at, "queued"
    before = f" behind {', '.join(event.behind)}" if event.behind else ""
    state.add(event.at, f"queued{before}: {' or '.join(event.slots)} takes one run at a time")


@apply.register
def _(event: events.RunStarted, state: RunState) -> None:
    state.attempts.append(Attempt(event.attempt, event.at))
    state.attempt, state.host, state.pid = event.attempt, event.host, event.pid
    state.boot_id, state.process_started, state.versions = event.boot_id, event.process_started, event.versions
    state.ended, state.paused, state.queued, state.news_at, state.phase = None, False, False, event.at, "starting"
    state.clock.stop(state.step_at)
    state.rate.clear()
    state.add(event.at, f"attempt {event.attempt} started")


@apply.register
def _(event: events.PhaseChanged, state: RunState) -> None:
    state.phase, state.news_at = event.phase, event.at
    if event.phase not in ("training", "evaluating", "saving"):
        state.add(event.at, event.phase)


@apply.register
def _(event: events.MetricsDeclared, state: RunState) -> None:
    state.objective, state.declared, state.charts, state.slots = event.objective, event.metrics, event.charts, list(event.slots)
    state.news_at = event.at


@apply.register
def _(event: events.DeviceChosen, state: RunState) -> None:
    state.device, state.device_description, state.threads = event.device, event.description, event.threads
    state.precision, state.memory_format, state.news_at = event.precision, event.memory_format, event.at


@apply.register
def _(event: events.DataLoaded, state: RunState) -> None:
    state.data, state.news_at = event.model_dump(exclude={"type", "at"}), event.at
    counts = ", ".join(f"{split} {count:,}" for split, count in event.examples.items())
    state.add(event.at, f"loaded {event.name}: {counts}")


@apply.register
def _(event: events.ModelBuilt, state: RunState) -> None:
    state.parameters, state.layers, state.news_at = event.parameters, list(event.layers), event.at
    state.add(event.at, f"built a model of {event.parameters:,} parameters")


@apply.register
def _(event: events.LoopStarted, state: RunState) -> None:
    state.steps_total, state.steps_per_epoch, state.epochs_total = event.steps_total, event.steps_per_epoch, event.epochs_total
    state.examples_per_step, state.unit, state.tuning = event.examples_per_step, event.unit, event.tuning
    state.epochs = Epochs.of(event.stretches or [(0, 0, event.steps_per_epoch, event.examples_per_step)])
    state.threads = event.tuning.get("threads", state.threads)
    if state.attempts:
        state.attempts[-1].step = event.step
    if state.attempt > 1 or event.step < state.step:
        _go_back(state, event.step)
        text = f"attempt {state.attempt} goes on behind step {event.step:,}"
        state.interventions.append(Intervention(event.step, event.at, "attempt", text))
        state.add(event.at, text)
    elif event.step:  # a first attempt that does not begin at the beginning
        state.interventions.append(Intervention(event.step, event.at, "forked", f"forked at step {event.step:,}"))
        state.add(event.at, f"goes on behind step {event.step:,} of its parent")
    state.step, state.news_at, state.step_at, state.phase = event.step, event.at, event.at, "training"
    state.clock.start(event.at, event.elapsed_seconds)
    state.rate.append((event.at, event.step))


@apply.register
def _(event: events.EpochsChanged, state: RunState) -> None:
    state.epochs.begin(Stretch(event.step, event.epoch, max(1, event.steps_per_epoch), event.examples_per_step))
    state.steps_per_epoch, state.examples_per_step, state.steps_total = event.steps_per_epoch, event.examples_per_step, event.steps_total
    state.news_at = event.at
    state.add(event.at, f"epoch {event.epoch + 1} begins with {event.examples_per_step:,} {state.unit} a step")


@apply.register
def _(event: events.Metrics, state: RunState) -> None:
    if not event.steps:
        return
    for key, values in event.values.items():
        _extend(state, key, event.steps, values)
    if event.steps[-1] >= state.step:  # what is logged now and then comes behind what each step logs
        state.step, state.step_at = event.steps[-1], event.at[-1]
        state.pace(state.step_at, state.step)
    state.news_at = max(state.news_at, event.at[-1])


@apply.register
def _(event: events.Evaluated, state: RunState) -> None:
    for key, value in event.values.items():
        _extend(state, key, [event.step], [value])
    state.news_at = event.at
    shown = [key for key in (state.objective, "validation/loss") if key in event.values]
    text = "  ".join(f"{_words(key)} {metric(event.values[key], _unit(state, key))}" for key in dict.fromkeys(shown))
    state.add(event.at, f"evaluated at {event.step:,}  {text}{' (best)' if event.best else ''}")


@apply.register
def _(event: events.Tested, state: RunState) -> None:
    for key, value in event.values.items():
        _extend(state, key, [event.step], [value])
    state.news_at = event.at
    name = "test/" + state.objective.split("/", 1)[-1]
    if name in event.values:
        state.add(event.at, f"tested the best weights: {_words(name)} {metric(event.values[name], _unit(state, name))}")


@apply.register
def _(event: events.PreviewSaved, state: RunState) -> None:
    state.previews.append(Shown(event.step, event.at, event.name, event.title, event.kind, event.file))
    if len(state.previews) > _MOST_PREVIEWS:
        state.previews = _thinned(state.previews)
    state.news_at = event.at


@apply.register
def _(event: events.CheckpointSaved, state: RunState) -> None:
    key = f"{event.step}-{event.attempt}"
    state.at_checkpoint[key] = {name: summary.copy() for name, summary in state.summaries.items()}
    state.settings_at_checkpoint[key] = dict(state.settings_now)
    state.saved_at = state.news_at = event.at
    if event.reason != "routine":
        state.add(event.at, f"saved a checkpoint at {event.step:,} ({event.reason})")
    if event.reason == "asked":
        state.interventions.append(Intervention(event.step, event.at, "saved", "saved a checkpoint"))


@apply.register
def _(event: events.CheckpointRemoved, state: RunState) -> None:
    state.at_checkpoint.pop(f"{event.step}-{event.attempt}", None)
    state.settings_at_checkpoint.pop(f"{event.step}-{event.attempt}", None)


@apply.register
def _(event: events.Paused, state: RunState) -> None:
    state.paused, state.news_at, state.phase = True, event.at, "paused"
    state.clock.stop(event.at)
    state.rate.clear()
    _intervene(state, event.step, event.at, "paused", f"paused by {event.by}")


@apply.register
def _(event: events.Resumed, state: RunState) -> None:
    state.paused, state.news_at, state.phase = False, event.at, "training"
    state.clock.start(event.at)
    state.rate.append((event.at, event.step))
    _intervene(state, event.step, event.at, "resumed", f"resumed by {event.by}")


@apply.register
def _(event: events.SettingChanged, state: RunState) -> None:
    state.settings_now[event.name], state.news_at = event.new, event.at
    old, new = (compact(value) if value is not None else "off" for value in (event.old, event.new))
    _intervene(state, event.step, event.at, "set", f"set {event.name} {old} -> {new} by {event.by}")


@apply.register
def _(event: events.SettingsAmended, state: RunState) -> None:
    state.amended.update(event.values)
    for live in (state.settings_now, *state.settings_at_checkpoint.values()):  # what was set by hand before is over
        for name in event.values:
            live.pop(name, None)
    state.news_at = event.at
    state.add(event.at, "settings changed: " + ", ".join(f"{name} {value}" for name, value in event.values.items()))


@apply.register
def _(event: events.RequestAnswered, state: RunState) -> None:
    state.answers[event.request] = (event.accepted, event.message)
    while len(state.answers) > _MOST_ANSWERS:
        state.answers.pop(next(iter(state.answers)))
    state.news_at = event.at
    if not event.accepted:
        state.add(event.at, f"refused {event.kind}: {event.message}", "warning")


@apply.register
def _(event: events.Measured, state: RunState) -> None:
    state.memory_bytes, state.cpu_seconds, state.news_at = event.memory_bytes, event.cpu_seconds, event.at
    state.peak_memory_bytes = max(state.peak_memory_bytes, event.memory_bytes)


@apply.register
def _(event: events.Noticed, state: RunState) -> None:
    state.news_at = event.at
    state.add(event.at, event.message, event.level)


@apply.register
def _(event: events.RunEnded, state: RunState) -> None:
    state.ended, state.news_at, state.paused, state.phase = event, event.at, False, event.state
    state.clock.stop(event.at)
    if event.cpu_seconds:
        state.cpu_seconds = event.cpu_seconds
    if state.attempts and not state.queued:  # else the attempt that ended had not begun
        last = state.attempts[-1]
        last.ended_at, last.state, last.reason = event.at, event.state, event.reason
    state.queued = False
    if event.state == "stopped":
        state.interventions.append(Intervention(event.step, event.at, "stopped", event.reason))
    for line in event.detail.splitlines()[-_MOST_TRACEBACK:]:
        state.add(event.at, line)
    state.add(event.at, f"{event.state}: {event.reason}", "warning" if event.state == "failed" else "info")


def _intervene(state: RunState, step: int, at: float, kind: Literal["paused", "resumed", "set"], text: str) -> None:
    state.interventions.append(Intervention(step, at, kind, text))
    state.add(at, text)


def _thinned(previews: list[Shown]) -> list[Shown]:
    """Every second one of each name, its first and its newest among them: what is left still goes through the whole training."""
    kept: list[Shown] = []
    later: dict[str, int] = {}  # of a name, those already passed
    count = Counter(shown.name for shown in previews)
    for shown in reversed(previews):
        place = later[shown.name] = later.get(shown.name, -1) + 1
        if place % 2 == 0 or place == count[shown.name] - 1:
            kept.append(shown)
    return kept[::-1]


def _words(key: str) -> str:
    return (key.partition("/")[2] or key).replace("_", " ")


def _unit(state: RunState, key: str) -> str:
    """Of a metric; of the test split that of the validation, where only that is declared."""
    return str(state.declaration(key).get("unit") or state.declaration("validation/" + key.partition("/")[2]).get("unit", ""))


def _extend(state: RunState, key: str, steps: list[int], values: list[float]) -> None:
    summary = state.summaries.get(key)
    if summary is None:
        summary = state.summaries[key] = Summary()
    series = state.series.get(key)
    if series is None:
        series = state.series[key] = Series()
    steps, values = summary.extend(steps, values, series)
    if key == state.loss_key and values:
        state.trail.extend(steps, values)


def _go_back(state: RunState, step: int) -> None:
    """Later attempts replace earlier values behind the checkpoint that they start from; what they replace becomes a ghost."""
    for key, series in state.series.items():
        tail = series.cut(step)
        if tail.first:
            state.ghosts.setdefault(key, []).append(tail)
    state.trail.cut(step)
    state.times.cut(step)
    kept = [name for name in state.at_checkpoint if int(name.split("-")[0]) == step]
    if kept and step:
        state.summaries = {key: summary.copy() for key, summary in state.at_checkpoint[kept[-1]].items()}
        state.settings_now = dict(state.settings_at_checkpoint[kept[-1]])
    else:
        # From the start, or from a checkpoint whose event a kill kept out of the log: right behind it, then.
        state.summaries = {key: summary for key, summary in state.summaries.items() if (summary.last_step or 0) <= step}
        state.settings_now = dict(state.settings_now) if step else {}
    state.step = step
    state.previews = [shown for shown in state.previews if shown.step <= step]
