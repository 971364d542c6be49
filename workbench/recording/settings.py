"""A script's settings, whatever they are kept in, as the flat table that lists and comparisons read."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from workbench.clean import clean
from workbench.recording.given import text_of
from workbench.runs.folder import Value

_LONGEST = 500
_DEEPEST = 8
_MOST = 500


def flattened(settings: object) -> dict[str, Value]:
    """Names to values: of a mapping, a dataclass, or what argparse and others keep in attributes. Nested ones as `model.width`."""
    found: dict[str, Value] = {}
    _add(found, "", settings, 0)
    return found


def _add(found: dict[str, Value], name: str, value: object, depth: int) -> None:
    members = _members(value) if depth < _DEEPEST else None
    if members is not None:
        for key, member in members.items():
            _add(found, f"{name}.{text_of(key)}" if name else text_of(key), member, depth + 1)
    elif name and len(found) < _MOST:
        found[clean(name)[:_LONGEST]] = _plain(value)


def _members(value: object) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, set, type)) or callable(value):
        return None
    attributes = getattr(value, "__dict__", None)
    return {key: member for key, member in attributes.items() if not key.startswith("_")} if attributes else None


def _plain(value: object) -> Value:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():  # a number of numpy or torch
        with contextlib.suppress(Exception):
            value = item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else float(value) if abs(value) < 2**1000 else str(value)[:_LONGEST]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    return text_of(value, _LONGEST)
