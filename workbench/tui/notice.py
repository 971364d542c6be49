"""What needs saying below a run's charts: how it ended and what to do, that it stalls, that it goes on without this screen."""

from __future__ import annotations

import time

from workbench.runs.feed import Feed
from workbench.runs.state import RunState
from workbench.runs.status import STALLED_SECONDS
from workbench.units import age, duration, grouped, metric

Line = tuple[str, str]  # text, ink


def notice(feed: Feed, now: float | None = None) -> tuple[Line, ...]:
    """At most three lines, the most important last."""
    now = time.time() if now is None else now
    state, status = feed.state, feed.status
    run_id = feed.folder.id
    if status.state == "finished":
        return _summary(feed, "good")
    if status.state == "stopped":
        return (*_summary(feed, "muted"), (f"{status.reason}; r resumes from its newest checkpoint", "warning"))
    if status.state in ("failed", "died"):
        return _failure(feed)
    if status.state == "unknown":
        return ((f"unknown: {status.reason}", "warning"),)
    if status.state == "paused":
        return ((f"paused at step {grouped(state.step)}   p goes on, x stops", "warning"),)
    quiet = now - max(state.step_at, state.news_at if state.phase != "training" else 0.0)
    if status.state == "running" and state.step_at and quiet > STALLED_SECONDS:
        return ((f"no step for {age(quiet)}; if it hangs: workbench stop --force {run_id}", "warning"),)
    if status.state == "queued":
        return ((f"{run_id} starts by itself, also when this screen is closed; s starts it now, beside what trains", "muted"),)
    return ((f"closing this screen leaves {run_id} training: workbench attach {run_id}", "muted"),)


def _summary(feed: Feed, ink: str) -> tuple[Line, ...]:
    state = feed.state
    lines: list[Line] = []
    best = best_of(state)
    took = duration(state.clock.read(state.news_at))
    if best:
        lines.append((f"best {best}   {grouped(state.step)} steps in {took}", ink))
    if tested := _tested(state):
        lines.append((tested, ink))
    return tuple(lines)


def best_of(state: RunState) -> str:
    """The objective's best value and its step: `accuracy 98.6 % at step 1,180`."""
    summary = state.summaries.get(state.objective)
    about = state.declaration(state.objective)
    value, step = summary.best(about.get("goal", "none")) if summary else (None, None)
    if value is None or step is None:
        return ""
    return f"{_word(state.objective)} {metric(value, about.get('unit', ''))} at step {grouped(step)}"


def _tested(state: RunState) -> str:
    """The test metric beside what needed no network, the hardest first: `test accuracy 98.4 %   nearest neighbour 94.1 %`."""
    key = "test/" + state.objective.partition("/")[2]
    summary = state.summaries.get(key)
    if summary is None or summary.last is None:
        return ""
    unit = state.declaration(key).get("unit", "")
    known = {str(name): float(value) for name, value in (state.data.get("baseline") or {}).items()}
    hardest = sorted(known, key=lambda name: known[name], reverse=state.declaration(state.objective).get("goal") != "min")
    beside = "".join(f"   {_word(name)} {metric(known[name], unit)}" for name in hardest)
    return f"test {_word(key)} {metric(summary.last, unit)}{beside}"


def _failure(feed: Feed) -> tuple[Line, ...]:
    ended = feed.state.ended
    lines = [(f"{feed.status.state}: {feed.status.reason}", "error")]
    if ended and ended.advice:
        lines.append((ended.advice, ""))
    if ended and ended.command:
        lines.append((f"$ {ended.command}", "command"))
    else:
        lines.append((f"r resumes from its newest good checkpoint   $ workbench resume {feed.folder.id}", ""))
    return tuple(lines)


def _word(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")
