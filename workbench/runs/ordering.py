"""The orders in which a list of runs can stand; pinned runs come first in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from workbench.errors import unknown
from workbench.runs.filtering import Facts

T = TypeVar("T")
ORDERS = ("age", "best", "name", "state", "step", "seconds")  # age: newest first


def ordered(runs: Sequence[T], order: str, about: Callable[[T], Facts], is_pinned: Callable[[T], bool]) -> list[T]:
    """The runs, given newest first, in another order; those of which a value is not known come last.

    Raises:
        WorkbenchError: there is no such order.
    """
    if order not in ORDERS:
        raise unknown("order", order, ORDERS)
    found = list(runs) if order == "age" else sorted(runs, key=lambda run: _key(about(run), order))
    return sorted(found, key=lambda run: not is_pinned(run))


def _key(known: Facts, order: str) -> tuple[Any, ...]:
    if order in ("name", "state"):
        text = next((text for text in known.texts[order] if text), "") or ("" if order == "state" else known.texts["id"][0])
        return (not text, text.lower())
    value = known.values.get(order)
    if not isinstance(value, (int, float)) or value != value:
        return (True, 0.0)
    # The objective decides which way is best; of steps and seconds, the most stand first.
    return (False, value if order == "best" and known.values.get("goal") == "min" else -value)
