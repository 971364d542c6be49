"""One run as the JSON that `--json` prints. Keys may be added, never renamed; a test pins them."""

from __future__ import annotations

import contextlib
import json
import math
import time
from typing import Any

from pydantic_core import to_json

from workbench.runs.reading.feed import Feed
from workbench.runs.reading.series import Summary
from workbench.runs.reading.state import RunState


def report(feed: Feed, *, diagnosis: list[dict[str, Any]] | None = None, verify: bool = True) -> dict[str, Any]:
    """Everything about a run, in the units that the keys name; `strict_json` writes it.

    Args:
        verify: whether to compare checkpoints with their checksums, where the feed is no brief one.
    """
    state, record, status = feed.state, feed.record, feed.status
    now = time.time()
    live = status.is_live
    settings = {**record.settings, **state.amended, **state.settings_now}
    rate = state.steps_per_second if live else None
    started_at = state.attempts[0].started_at if state.attempts else record.created_at or None
    return {
        "id": feed.folder.id,
        "name": feed.labels.name,
        "recipe": record.recipe,
        "source": record.source,
        "tags": list(feed.labels.tags),
        "note": feed.labels.note,
        "state": status.state,
        "reason": status.reason,
        "phase": state.phase,
        "attempt": state.attempt,
        "step": state.step,
        "steps_total": state.steps_total,
        "epoch": state.epoch,
        "epochs_total": state.epochs_total,
        "started_at": started_at,
        "ended_at": state.ended.at if state.ended else state.news_at or None if status.state in ("died", "failed") else None,
        "elapsed_seconds": round(state.clock.read(now if status.state == "running" else state.news_at), 3),
        "eta_seconds": state.eta_seconds() if live else None,
        "throughput": rate * state.examples_per_step if rate else None,
        "throughput_unit": f"{state.unit}/s" if state.unit else "",
        "device": state.device,
        "device_description": state.device_description,
        "threads": state.threads,
        "precision": state.precision,
        "memory_format": state.memory_format,
        "memory_bytes": state.memory_bytes or None,
        "peak_memory_bytes": state.peak_memory_bytes or None,
        "parameters": state.parameters,
        "layers": state.layers,
        "settings": settings,
        "words_for_none": record.words_for_none,
        "metrics": {key: _metric(summary, state, key) for key, summary in state.summaries.items()},
        "objective": state.objective,
        "checkpoints": [_checkpoint(checkpoint) for checkpoint in feed.checkpoints(verify=verify)],
        "samples": [_sample(shown) for shown in state.previews],
        "diagnosis": diagnosis or [],
        "host": state.host or record.host,
        "pid": state.pid or None,
        "parent": record.parent,
        "forked_at": record.fork.step if record.fork else None,
        "weights": record.weights,
        "cpu_seconds": state.cpu_seconds,
        "preset": record.preset,
        "dataset": state.data or {"name": settings.get("dataset")},
        "baseline": state.data.get("baseline", {}),
        "task": state.data.get("task", ""),
        "tuning": state.tuning,
        "interventions": [dict(vars(intervention)) for intervention in state.interventions],
        "attempts": [dict(vars(attempt)) for attempt in state.attempts],
        "news_age_seconds": round(max(0.0, now - state.news_at), 3) if state.news_at else None,
        "advice": state.ended.advice if state.ended else "",
        "command": state.ended.command if state.ended else "",
        "versions": state.versions or record.versions,
        "git_commit": record.git_commit,
        "command_line": record.command_line,
        "folder": str(feed.folder.path),
        "sweep": record.sweep,
        "trial": record.trial,
        "queue_place": status.place or None,
        "dropped_lines": feed.reader.dropped.total,
    }


def strict_json(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON that any parser reads, ASCII only; numbers that are not finite are strings."""
    if indent is None:
        with contextlib.suppress(ValueError):  # half a surrogate pair, say
            data = to_json(value, inf_nan_mode="strings")  # ten times as quick, but writes UTF-8
            if data.isascii():
                return data.decode("ascii")
    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:
        return json.dumps(strict(value), indent=indent, allow_nan=False)


def strict(value: Any) -> Any:
    """The value with "NaN", "Infinity" and "-Infinity" for numbers that JSON has no form for."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    return [strict(item) for item in value] if isinstance(value, (list, tuple)) else value


def _metric(summary: Summary, state: RunState, key: str) -> dict[str, Any]:
    declared = state.declaration(key)
    goal = declared.get("goal", "none")
    best, best_step = summary.best(goal)
    return {
        "last": summary.last,
        "last_step": summary.last_step,
        "best": best,
        "best_step": best_step,
        "goal": goal,
        "unit": declared.get("unit", ""),
        "count": summary.count,
        "nonfinite": summary.nonfinite,
    }


def _checkpoint(checkpoint: Any) -> dict[str, Any]:
    names = ("step", "attempt", "verified", "finite", "best", "size_bytes", "metrics")
    return {name: getattr(checkpoint, name) for name in names}


def _sample(shown: Any) -> dict[str, Any]:
    return {"step": shown.step, "name": shown.name, "title": shown.title, "kind": shown.kind, "file": shown.file}
