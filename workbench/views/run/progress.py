"""A run as plain lines: progress that carries metrics, for a terminal as for a pipe, and how it ended."""

from __future__ import annotations

from collections.abc import Callable

from workbench.charts.rows import printable
from workbench.events.types import Evaluated, Event, Metrics, RunEnded, RunStarted, Tested
from workbench.paths import short
from workbench.runs.reading.apply import apply
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import compact, duration, grouped, metric

_LINE_SECONDS = 5.0  # between two lines where no evaluation brings one
_LEAST_SECONDS = 0.5  # between two lines of evaluations
_SPLITS = {"validation": "val"}


class Progress:
    """Turns events into lines that carry metrics: one for an evaluation, else one every few seconds; and what the log says."""

    def __init__(self, emit: Callable[[str], None], *, attempt: int = 1) -> None:
        self._emit = emit
        self._attempt = attempt  # what earlier attempts did is read in silence
        self._silent = attempt > 1
        self._state = RunState()
        self._latest: dict[str, float] = {}
        self._written_at = 0.0
        self._evaluated_at = 0.0
        self._unwritten = False  # whether there are numbers that no line has carried yet
        self._seen = 0
        self._again = 0

    def begin_again(self) -> None:
        """The log will be read from its start once more: skip what was shown."""
        self._again, self._seen = self._seen, 0

    def show(self, event: Event) -> None:
        """Write what an event has to say."""
        self._seen += 1
        if self._seen <= self._again:
            return
        if isinstance(event, RunStarted) and event.attempt >= self._attempt:
            self._silent = False
        last = self._state.log[-1] if self._state.log else None
        apply(event, self._state)
        if isinstance(event, Metrics) and event.steps:
            self._latest.update({key: column[-1] for key, column in event.values.items()})
            self._unwritten = True
            if event.at[-1] - self._written_at >= _LINE_SECONDS:
                self._line(event.at[-1])
        elif isinstance(event, Evaluated):
            self._latest.update(event.values)
            self._unwritten = True
            if event.at - self._evaluated_at >= _LEAST_SECONDS:
                self._evaluated_at = event.at
                self._line(event.at)
        elif self._state.log and self._state.log[-1] is not last and not isinstance(event, RunEnded | Tested):  # `summary` says those
            newest = self._state.log[-1]
            self._say(("warning: " if newest.level == "warning" else "") + newest.text)

    def finish(self) -> None:
        """The line of the last numbers, unless it was written."""
        if self._unwritten:
            self._line(self._state.step_at)

    def _line(self, at: float) -> None:
        self._written_at, self._unwritten = at, False
        self._say(line(self._state, self._latest))

    def _say(self, text: str) -> None:
        if not self._silent:
            self._emit(text)


def line(state: RunState, latest: dict[str, float]) -> str:
    """`step 1,240/2,600  epoch 10/20  train loss 0.0312  val accuracy 98.6 %  lr 5e-4  6,410 img/s  0:10 left`."""
    total = f"/{grouped(state.steps_total)}" if state.steps_total else ""
    parts = [f"step {grouped(state.step)}{total}"]
    if state.epoch:
        parts.append(f"epoch {state.epoch}" + (f"/{state.epochs_total}" if state.epochs_total else ""))
    for key in _shown(state):
        if key in latest:
            split, _, name = key.partition("/")
            label = name if name == "lr" else f"{_SPLITS.get(split, split)} {name.replace('_', ' ')}"
            parts.append(f"{printable(label)} {metric(latest[key], state.declaration(key).get('unit', ''))}")
    rate = state.steps_per_second
    if rate and state.examples_per_step:
        count = rate * state.examples_per_step
        parts.append(f"{grouped(round(count)) if count >= 10 else compact(count)} {state.unit}/s")
    left = state.eta_seconds()
    if left is not None:
        parts.append(f"{duration(left)} left")
    return "  ".join(parts)


def summary(feed: Feed) -> list[str]:
    """How a run ended: what it reached beside what needs no network, how long it took, and where it is."""
    state, status = feed.state, feed.status
    lines = [f"{feed.folder.id} {status.state} at step {grouped(state.step)} after {duration(state.clock.read(state.news_at))}"]
    lines[0] += f": {status.reason}" if status.reason else ""
    about = state.declaration(state.objective)
    unit, name = about.get("unit", ""), state.objective.partition("/")[2]
    tests = {key.partition("/")[2]: item.last for key, item in state.summaries.items() if key.startswith("test/") and item.last is not None}
    if tests:
        named = {key: value for key, value in tests.items() if "/" not in key}
        first = [key for key in (name,) if key in named]
        words = [f"{key.replace('_', ' ')} {metric(named[key], _unit(state, key))}" for key in dict.fromkeys([*first, *named])]
        lines.append("test  " + "  ".join(words))
    baseline = state.data.get("baseline") or {}
    if baseline and tests:
        lines.append(
            f"beside it, on {name.replace('_', ' ')}: "
            + ", ".join(f"{key} {metric(float(value), unit)}" for key, value in baseline.items())
        )
    best = state.summaries.get(state.objective)
    value, step = best.best(about.get("goal", "none")) if best else (None, None)
    if value is not None and step is not None:
        lines.append(f"best validation {name.replace('_', ' ')} {metric(value, unit)} at step {grouped(step)}")
    lines.append(f"in {short(feed.folder.path)}")
    return lines


def _unit(state: RunState, name: str) -> str:
    return state.declaration(f"test/{name}").get("unit", "")


def _shown(state: RunState) -> list[str]:
    """The metrics of a line: the chart of the loss, the objective, and the learning rate."""
    chart = state.declared.get(state.loss_key, {}).get("chart")
    losses = [key for key, about in state.declared.items() if chart and about.get("chart") == chart and not key.startswith("test/")]
    return list(dict.fromkeys([*losses, state.objective, "train/lr"]))
