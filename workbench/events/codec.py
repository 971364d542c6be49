"""Events to lines and back; text is cleaned on the way in."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.clean import clean, clean_tree
from workbench.events.types import AnyEvent, Event, Metrics

MAX_LINE_BYTES = 64 * 1024
_any: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
_metrics_start = b'{"type":"metrics"'


def encode(event: Event) -> bytes:
    """One line, newline included."""
    return event.model_dump_json().encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Event | None:
    """The event of one line, or None for one that is no event of ours: torn, foreign, or of a later version."""
    try:
        if line.startswith(_metrics_start):
            event = Metrics.model_validate_json(line)
            return _harmless_keys(event) if _consistent(event) else None
        value: Any = json.loads(line)
        return _any.validate_python(clean_tree(value)) if isinstance(value, dict) else None
    except (ValidationError, ValueError, RecursionError):
        return None


def _consistent(event: Metrics) -> bool:
    count = len(event.steps)
    return count == len(event.at) and all(len(column) == count for column in event.values.values())


def _harmless_keys(event: Metrics) -> Metrics:
    if all(key.isascii() and key.isprintable() for key in event.values):
        return event
    return event.model_copy(update={"values": {clean(key): column for key, column in event.values.items()}})
