"""The orders in which a list of runs can stand; pinned runs come first in each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from workbench.errors import unknown
from workbench.runs.listing.filtering import Facts

T = TypeVar("T")
_PARTS = re.compile(r"([^0-9]*)([0-9]*)")  # cnn-38 stands before cnn-379
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


def families(runs: Sequence[T], name: Callable[[T], str], parent: Callable[[T], str]) -> list[T]:
    """The runs with each fork below its parent, where that is among them; a family stands where its first member did.

    Args:
        parent: the id of the run that one was forked from; empty for others.
    """
    known = {name(run): run for run in runs}
    below: dict[str, list[T]] = {}
    for run in runs:
        below.setdefault(parent(run), []).append(run)
    found: dict[str, T] = {}

    def take(run: T) -> None:
        if name(run) not in found:
            found[name(run)] = run
            for child in below.get(name(run), ()):
                take(child)

    for run in runs:
        eldest, seen = run, {name(run)}
        while parent(eldest) in known and parent(eldest) not in seen:  # a record that somebody wrote may go in circles
            eldest = known[parent(eldest)]
            seen.add(name(eldest))
        take(eldest)
    return list(found.values())


def _key(known: Facts, order: str) -> tuple[Any, ...]:
    if order in ("name", "state"):
        text = next((text for text in known.texts[order] if text), "") or ("" if order == "state" else known.texts["id"][0])
        return (not text, [(word, int(digits or -1)) for word, digits in _PARTS.findall(text.lower())])
    value = known.values.get(order)
    if not isinstance(value, (int, float)) or value != value:
        return (True, 0.0)
    # The objective decides which way is best; of steps and seconds, the most stand first.
    return (False, value if order == "best" and known.values.get("goal") == "min" else -value)
