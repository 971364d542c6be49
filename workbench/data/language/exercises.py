"""Pairs that are generated: dates to write in one form, and sums to work out."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.data.language.tsv import Pair
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from numpy.random import RandomState

FIRST_DAY, DAYS = datetime.date(1950, 1, 1), 36_525  # a hundred years
# Written out, since strftime's follow the locale.
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _month(day: datetime.date) -> str:
    return MONTHS[day.month - 1]


def _weekday(day: datetime.date) -> str:
    return WEEKDAYS[day.weekday()]


# No two of them write two days alike: with slashes the month comes first, with dots the day.
FORMS: tuple[Callable[[datetime.date], str], ...] = (
    lambda day: f"{_month(day)} {day.day}, {day.year}",
    lambda day: f"{_month(day)[:3]} {day.day}, {day.year}",
    lambda day: f"{_month(day)} {_ordinal(day.day)}, {day.year}",
    lambda day: f"{day.day} {_month(day)} {day.year}",
    lambda day: f"{day.day} {_month(day)[:3]} {day.year}",
    lambda day: f"{_ordinal(day.day)} {_month(day)} {day.year}",
    lambda day: f"the {_ordinal(day.day)} of {_month(day)} {day.year}",
    lambda day: f"{_weekday(day)}, {_month(day)} {day.day}, {day.year}",
    lambda day: f"{_weekday(day)[:3]} {day.day} {_month(day)[:3]} {day.year}",
    lambda day: f"{_month(day)[:3]}. {day.day} {day.year}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: f"{day.month:02}/{day.day:02}/{day.year}",
    lambda day: f"{day.day}.{day.month}.{day.year}",
    lambda day: f"{day.year} {_month(day)} {day.day}",
)


def dates(count: int, seed: int) -> list[Pair]:
    """`count` different dates in forms drawn at random, and each as YYYY-MM-DD.

    Raises:
        WorkbenchError: so many cannot be told apart.
    """
    most = DAYS * len(FORMS) // 2  # beyond it, drawing until there are enough takes long
    if count > most:
        raise WorkbenchError(f"{count:,} dates are more than the {most:,} that are made", "ask for fewer --examples")
    numbers = _numbers(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        for offset, form in zip(numbers.randint(DAYS, size=count).tolist(), numbers.randint(len(FORMS), size=count).tolist(), strict=True):
            day = FIRST_DAY + datetime.timedelta(days=offset)
            found.setdefault(FORMS[form](day), day.isoformat())
    return [Pair(source, (target,)) for source, target in list(found.items())[:count]]


def sums(count: int, seed: int, digits: int) -> list[Pair]:
    """`count` different sums of two numbers of at most so many digits: `47+5` and `52`.

    Raises:
        WorkbenchError: there are fewer.
    """
    largest = 10**digits
    if count > largest * largest:
        there_are = f"there are {largest * largest:,} sums of two numbers of up to {digits} digits"
        raise WorkbenchError(f"{count:,} sums are asked for, but {there_are}", "ask for fewer --examples, or more --sum-digits")
    numbers = _numbers(seed)
    if largest * largest <= 10**6:
        chosen = numbers.permutation(largest * largest)[:count].tolist()
    else:  # too many to list
        found: dict[int, None] = {}
        while len(found) < count:
            found |= dict.fromkeys(numbers.randint(largest * largest, size=count).tolist())
        chosen = list(found)[:count]
    return [Pair(f"{a}+{b}", (str(a + b),)) for a, b in (divmod(number, largest) for number in chosen)]


def _numbers(seed: int) -> RandomState:
    """Random numbers that are frozen for good (numpy's RandomState, NEP 19), so that a test set stays what it was."""
    import numpy as np  # 0.1 s that only a worker should pay

    return np.random.RandomState(seed)
