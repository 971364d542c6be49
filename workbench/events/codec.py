"""Events to lines and back; text is cleaned on the way in."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from workbench.clean import clean, clean_tree
from workbench.events.types import AnyEvent, Event, Metrics

MAX_LINE_BYTES = 64 * 1024
_any: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent, config=ConfigDict(defer_build=True))  # a list of ended runs decodes nothing
_metrics_start = b'{"type":"metrics"'


def encode(event: Event) -> bytes:
    """One line, newline included. Text that UTF-8 has no form for (half a surrogate pair, from a file's name) is replaced."""
    try:
        return event.model_dump_json().encode() + b"\n"
    except PydanticSerializationError:
        return type(event).model_validate(_encodable(event.model_dump())).model_dump_json().encode() + b"\n"


def lines(event: Event) -> list[bytes]:
    """An event as lines of at most MAX_LINE_BYTES: Metrics as several events where need be, others with their longest parts cut."""
    line = encode(event)
    if len(line) <= MAX_LINE_BYTES:
        return [line]
    if not isinstance(event, Metrics):
        return [_shortened(event, line)]
    if len(event.steps) > 1:
        return [line for half in _halves(len(event.steps)) for line in lines(_rows(event, half))]
    if len(event.values) > 1:
        keys = list(event.values)
        return [line for half in _halves(len(keys)) for line in lines(_columns(event, keys[half]))]
    return []  # the key alone is longer than a line: no metric's name


def decode(line: bytes) -> Event | None:
    """The event of one line, or None for one that is no event of ours: torn, foreign, or of a later version."""
    try:
        if line.startswith(_metrics_start):
            event: Event = Metrics.model_validate_json(line)
        else:
            value: Any = json.loads(line)
            if not isinstance(value, dict):
                return None
            event = _any.validate_python(clean_tree(value))
    except (ValidationError, ValueError, RecursionError):
        return None
    return _sound(event) if isinstance(event, Metrics) else event


def _sound(event: Metrics) -> Metrics | None:
    """Metrics whose columns have one length and whose keys are harmless."""
    count = len(event.steps)
    if count != len(event.at) or any(length != count for length in map(len, event.values.values())):
        return None
    text = "".join(event.values)
    if text.isascii() and text.isprintable():
        return event
    return event.model_copy(update={"values": {clean(key): column for key, column in event.values.items()}})


def _halves(count: int) -> tuple[slice, slice]:
    return slice(0, count // 2), slice(count // 2, count)


def _rows(event: Metrics, piece: slice) -> Metrics:
    values = {key: column[piece] for key, column in event.values.items()}
    return Metrics.model_construct(steps=event.steps[piece], at=event.at[piece], values=values)


def _columns(event: Metrics, keys: list[str]) -> Metrics:
    return Metrics.model_construct(steps=event.steps, at=event.at, values={key: event.values[key] for key in keys})


def _shortened(event: Event, line: bytes) -> bytes:
    for most in (8000, 2000, 500, 100):
        line = encode(type(event).model_validate(_cut(event.model_dump(), most)))
        if len(line) <= MAX_LINE_BYTES:
            break
    return line


def _cut(value: Any, most: int) -> Any:
    """Texts and lists to their first `most` characters and members."""
    if isinstance(value, str):
        return value if len(value) <= most else value[: most - 1] + "…"
    if isinstance(value, dict):
        return {key: _cut(member, most) for key, member in value.items()}
    return [_cut(member, most) for member in value[:most]] if isinstance(value, (list, tuple)) else value


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, (list, tuple)) else value
