"""What a model costs before it is trained, in words: arithmetic of an example and of a step, and the memory of a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.units import compact, size

_NAMES = {"activations": "activations of one pass"}  # a game of two networks makes several
_STEP = 3  # forward, and backward to inputs and to weights, each about as much


def words(cost: Mapping[str, Any]) -> list[str]:
    """Lines about the answer to the question `cost`."""
    lines = []
    if cost.get("multiply_adds"):
        lines.append(f"{compact(cost['multiply_adds'])} multiply-adds for an example" + _step(cost))
    memory = cost.get("memory")
    if memory:
        parts = ", ".join(f"{_NAMES.get(name, name)} {size(count)}" for name, count in memory.items() if name != "total")
        lines.append(f"a step of {cost['batch_size']} holds about {size(memory['total'])}: {parts}")
    return lines


def _step(cost: Mapping[str, Any]) -> str:
    batch = cost.get("batch_size")
    return f", about {compact(_STEP * batch * cost['multiply_adds'])} for a step of {batch}, forward and backward" if batch else ""
