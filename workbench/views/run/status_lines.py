"""The two lines that say how a run is: who and how far, and on what and how fresh."""

from __future__ import annotations

import time

from workbench.charts.rows import Row, Rows, Span, pad, printable, width_of
from workbench.runs.reading.feed import Feed
from workbench.runs.status import STALLED_SECONDS, StateName
from workbench.units import age, compact, duration, grouped, seconds, size

# state -> mark where UTF-8 is, mark in ASCII. The word stands beside it, so colour never carries meaning alone.
MARKS: dict[str, tuple[str, str]] = {
    "queued": ("○", "o"),
    "starting": ("○", "o"),
    "running": ("●", "*"),
    "paused": ("‖", "="),
    "finished": ("✓", "+"),
    "stopped": ("■", "x"),
    "failed": ("✗", "!"),
    "died": ("✗", "!"),
    "unknown": ("?", "?"),
}

_SHORT_SECONDS = 9.5
_INKS = {"paused": "warning", "finished": "good", "stopped": "muted", "failed": "error", "died": "error", "unknown": "warning"}


def mark(state: StateName, *, ascii_only: bool = False) -> str:
    """The sign of a state, one cell."""
    return MARKS[state][ascii_only]


def ink(state: StateName) -> str:
    """The role that gives a state its colour."""
    return _INKS.get(state, "live")


def lines(feed: Feed, width: int, *, ascii_only: bool = False, now: float | None = None, right: Span | None = None) -> Rows:
    """Two rows of exactly `width` cells; what matters least is left out first where they do not fit.

    `cnn-3  cnn/mnist  * RUNNING  step 1,240/2,600  48 %  0:09 gone  0:10 left`
    `cpu 1 thread bf16   6,410 img/s   412 MB   checkpoint 2 s ago   news 1 s ago`

    Args:
        right: what stands at the right end of the second row.
    """
    now = time.time() if now is None else now
    end = [Span("   "), right._replace(text=printable(right.text, ascii_only=ascii_only))] if right else []
    room = width - width_of(end)
    machine = _within(_machine(feed, ascii_only, now), max(0, room), "   ")
    return [_within(_progress(feed, ascii_only, now), width, "  "), pad([*machine, *end], max(0, width))]


def stalled_seconds(feed: Feed, now: float) -> float | None:
    """For how long a worker that lives has made no step, where that is too long; None where all is well."""
    state = feed.state
    quiet = now - max(state.step_at, state.news_at if state.phase != "training" else 0.0)
    return quiet if feed.status.state == "running" and state.step_at and quiet > STALLED_SECONDS else None


def origin(feed: Feed) -> str:
    """`forked from cnn-3 at step 1,200`; nothing for a run that began at its beginning."""
    record = feed.record
    return f"forked from {record.parent} at step {grouped(record.fork.step)}" if record.fork and record.parent else ""


def progress(step: int, steps_total: int | None) -> str:
    """`step 1,240/2,600`, without the total where no budget says one."""
    return grouped(step) + (f"/{grouped(steps_total)}" if steps_total else "")


def took(elapsed_seconds: float) -> str:
    """How long something was: `12:40`, and of what was over within seconds `0.4 s`."""
    return seconds(elapsed_seconds) if elapsed_seconds < _SHORT_SECONDS else duration(elapsed_seconds)


Part = tuple[int, Row]  # the higher the number, the sooner it is left out


def _progress(feed: Feed, ascii_only: bool, now: float) -> list[Part]:
    state, status = feed.state, feed.status
    name = feed.labels.name
    task = feed.record.recipe + (f"/{feed.record.preset}" if feed.record.preset else "")
    silent = stalled_seconds(feed, now) is not None
    sign = f"{mark(status.state, ascii_only=ascii_only)} {'STALLED' if silent else status.state.upper()}"
    parts: list[Part] = [(0, [Span(feed.folder.id, "title")])]
    if name and name != feed.folder.id:
        parts.append((5, [Span(printable(name, ascii_only=ascii_only))]))
    parts += [(4, [Span(printable(task, ascii_only=ascii_only), "muted")]), (0, [Span(sign, "warning" if silent else ink(status.state))])]
    if status.is_live and state.phase and state.phase not in ("training", "paused", "queued"):
        parts.append((3, [Span(printable(state.phase, ascii_only=ascii_only))]))
    if state.step or state.steps_total:
        parts.append((1, [Span(f"step {progress(state.step, state.steps_total)}")]))
    if state.steps_total and status.is_live:
        parts.append((3, [Span(f"{100 * state.step // state.steps_total} %")]))
    elapsed = state.clock.read(now if status.state == "running" else state.news_at)
    if elapsed > 0:
        parts.append((2, [Span(f"{duration(elapsed)} gone" if status.is_live else f"took {took(elapsed)}")]))
    left = state.eta_seconds()
    if status.is_live and left is not None:
        parts.append((2, [Span(f"{duration(left)} left")]))
    if said := origin(feed):
        parts.append((5, [Span(printable(said, ascii_only=ascii_only), "muted")]))
    if status.reason:
        parts.append((6, [Span(printable(status.reason, ascii_only=ascii_only), "muted")]))
    return parts


def _machine(feed: Feed, ascii_only: bool, now: float) -> list[Part]:
    state, live = feed.state, feed.status.is_live
    threads = f"{state.threads} thread{'s' if state.threads != 1 else ''}" if state.threads else ""
    device = " ".join(filter(None, [state.device, threads, state.precision]))
    parts: list[Part] = [(1, [Span(printable(device, ascii_only=ascii_only))])] if device else []
    rate = state.steps_per_second if live else None
    if rate:
        count = rate * state.examples_per_step
        parts.append((2, [Span(f"{grouped(round(count)) if count >= 10 else compact(count)} {printable(state.unit)}/s")]))
    if state.memory_bytes:
        parts.append((4, [Span(size(state.memory_bytes))]))
    if state.saved_at is not None and live:  # of an ended run its end is news enough
        parts.append((3, [Span(f"checkpoint {_ago(now - state.saved_at)}")]))
    if said := news(feed, now):
        parts.append((0, [Span(said, "muted")]))
    return parts


def news(feed: Feed, now: float) -> str:
    """How old the newest of a run is: `news 8 s ago`, `ended 2 h ago`; nothing before there is any."""
    if not feed.state.news_at:
        return ""
    return f"{'news' if feed.status.is_live else 'ended'} {_ago(now - feed.state.news_at)}"


def _ago(seconds: float) -> str:
    text = age(max(0.0, seconds))
    return text if text == "now" else f"{text} ago"


def _within(parts: list[Part], width: int, gap: str) -> Row:
    """The parts beside each other behind one blank; while they are too wide, the least important one goes."""
    while True:
        spans: Row = [Span(" ")]
        for index, (_, part) in enumerate(parts):
            spans += [Span(gap), *part] if index else part
        worst = max((rank for rank, _ in parts), default=0)
        if width_of(spans) <= width or not worst:
            return pad(spans, max(0, width))
        at = max(index for index, (rank, _) in enumerate(parts) if rank == worst)
        parts = parts[:at] + parts[at + 1 :]
