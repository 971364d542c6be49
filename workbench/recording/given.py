"""What a script says of its run as it begins it: taken as far as it makes sense, and what does not is said in words."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from workbench.clean import clean

_LONGEST_NAME = 200  # letters, also of a tag
_MOST_TAGS = 50
_LARGEST = 2**53


def text_of(given: object, longest: int = _LONGEST_NAME) -> str:
    """Any object in words that are harmless and not too many."""
    try:
        text = clean(str(given))
    except Exception:  # noqa: BLE001  whatever somebody's __str__ does
        text = f"a {type(given).__name__} without words"
    return text if len(text) <= longest else text[: longest - 3] + "..."


def tags_of(given: Any, wrong: list[str]) -> tuple[str, ...]:
    """Several tags, or one that stands alone."""
    if given is None:
        return ()
    if isinstance(given, str):
        return (text_of(given),)
    if not isinstance(given, Iterable):
        wrong.append(f"tags is `{text_of(given, 40)}`, expected texts")
        return ()
    return tuple(dict.fromkeys(map(text_of, given)))[:_MOST_TAGS]


def count_of(what: str, given: Any, wrong: list[str]) -> int | None:
    """A whole number from 0, also one of numpy or a float; None where it is none."""
    if given is None:
        return None
    try:
        number = int(given) if isinstance(given, float) and given == int(given) else operator.index(given)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if 0 <= number <= _LARGEST:
        return number
    wrong.append(f"{what} is `{text_of(given, 40)}`, expected a whole number from 0")
    return None
