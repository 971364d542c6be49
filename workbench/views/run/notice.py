"""What needs saying below a run's charts, on a screen as in `show`: how it ended, what to do, that it stalls, that it goes on."""

from __future__ import annotations

import time

from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import age, duration, grouped, metric, seconds, size
from workbench.views.run.status_lines import stalled_seconds, took

Line = tuple[str, str]  # text, ink
_MOST_BEST = 2  # values in the line of a summary


def notice(feed: Feed, now: float | None = None, *, keys: bool = True, is_sick: bool = False) -> tuple[Line, ...]:
    """At most three lines, the most important last; of a run that failed what happened comes first, and the command last.

    Args:
        keys: also say which keys of the run screen help.
        is_sick: whether something is gravely wrong with the run, whose best is then no good news.
    """
    now = time.time() if now is None else now
    state, status = feed.state, feed.status
    run_id = feed.folder.id
    resumes = keys and feed.record.source == "recipe"
    if status.state == "finished":
        return _summary(feed, "" if is_sick else "good")
    if status.state == "stopped":
        how = f"{status.reason}; r resumes from its newest checkpoint" if resumes else status.reason
        return (*_summary(feed, "muted"), (how, "warning"))
    if status.state in ("failed", "died"):
        return _failure(feed, keys)
    if status.state == "unknown":
        return ((f"unknown: {status.reason}", "warning"),)
    if status.state == "paused":
        return ((f"paused at step {grouped(state.step)}{'   p goes on, x stops' if keys else ''}", "warning"),)
    if (quiet := stalled_seconds(feed, now)) is not None:
        last = f", last step took {seconds(state.step_seconds)}" if state.step_seconds else ""
        return ((f"no step for {age(quiet)}{last}; if it hangs:", "warning"), (f"$ workbench stop --force {run_id}", "command"))
    if status.state == "queued" and keys:
        return ((f"{run_id} starts by itself, also when this screen is closed; s starts it now, beside what trains", "muted"),)
    return ((f"closing this screen leaves {run_id} training: workbench attach {run_id}", "muted"),) if keys else ()


def _summary(feed: Feed, ink: str) -> tuple[Line, ...]:
    """What it reached and when, its test, what it cost."""
    state = feed.state
    lines: list[Line] = []
    if best := best_of(state):
        lines.append((f"best {best}", ink))
    if tested := _tested(state):
        lines.append((tested, ink))
    cost = [f"{grouped(state.step)} steps in {took(state.clock.read(state.news_at))}"]
    if state.cpu_seconds:
        cost.append(f"{took(state.cpu_seconds)} of CPU")
    if state.memory_bytes:
        cost.append(size(state.memory_bytes))
    lines.append(("   ".join(cost), "muted"))
    return tuple(lines)


def best_of(state: RunState) -> str:
    """The best value of the objective, then of what else was evaluated: `accuracy 98.6 % at step 1,180 (0:58)   loss 0.04 at ...`."""
    others = [key for key, about in state.declared.items() if key.startswith("validation/") and about.get("goal", "none") != "none"]
    found = [_best(state, key) for key in dict.fromkeys([state.objective, *others])]
    return "   ".join([text for text in found if text][:_MOST_BEST])


def _best(state: RunState, key: str) -> str:
    summary, about = state.summaries.get(key), state.declaration(key)
    value, step = summary.best(about.get("goal", "none")) if summary else (None, None)
    if value is None or step is None:
        return ""
    when = f" ({duration(state.times.at(step))})" if state.times.steps else ""
    return f"{_word(key)} {metric(value, about.get('unit', ''))} at step {grouped(step)}{when}"


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


def _failure(feed: Feed, keys: bool) -> tuple[Line, ...]:
    ended = feed.state.ended
    lines = [(f"{feed.status.state}: {feed.status.reason}", "error")]
    if feed.status.state == "died" and (best := best_of(feed.state)):
        lines.append((f"best {best}", "muted"))
    if ended and ended.advice:
        lines.append((ended.advice, ""))
    if ended and ended.command:
        lines.append((f"$ {ended.command}", "command"))
    elif feed.record.source == "recipe":
        again = "r resumes from its newest good checkpoint" if feed.state.settings_at_checkpoint else "r begins it anew: it saved nothing"
        lines.append((f"{f'{again}   ' if keys else ''}$ workbench resume {feed.folder.id}", ""))
    return tuple(lines)


def _word(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")
