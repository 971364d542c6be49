"""What left and right do to a setting: the next value along a ladder that makes sense for it."""

from __future__ import annotations

import bisect
from functools import cache

from workbench.schema import Setting, Value

_SINGLY_UP_TO = 10
_LEAST_POWER = 8  # a whole number without a unit, with a power of two from here as its default, is a size: batches, widths
_SHARES = (*(round(0.05 * place, 2) for place in range(20)), 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
_LARGEST = 10**9


def next_value(setting: Setting, value: Value, direction: int) -> Value:
    """The value to the left (-1) or right (1) of `value`; `value` itself where the ladder ends or there is none."""
    if setting.kind == "switch":
        return not value
    if setting.kind == "choice":
        return _cycled([*setting.choices, *([None] if setting.optional else [])], value, direction)
    if setting.kind == "text":
        return value
    rungs = [rung for rung in _rungs(setting) if _allowed(setting, rung)]
    if value is None:
        return rungs[0] if rungs and direction > 0 else None
    assert isinstance(value, (int, float))
    if direction > 0:
        place = bisect.bisect_right(rungs, value * (1 + 1e-12))
        return rungs[place] if place < len(rungs) else value
    place = bisect.bisect_left(rungs, value * (1 - 1e-12)) - 1
    if place >= 0:
        return rungs[place]
    return None if setting.optional else value


def _cycled(choices: list[str | None], value: Value, direction: int) -> str | None:
    place = choices.index(value) if value is None or (isinstance(value, str) and value in choices) else 0
    return choices[(place + direction) % len(choices)]


def _rungs(setting: Setting) -> tuple[float, ...]:
    if setting.kind == "whole":
        return _powers() if _is_size(setting) else _counts()
    if setting.maximum == 1 and setting.exclusive[1]:
        return _SHARES  # dropout, momentum: what matters near 1 is the distance from it
    smallest = -7 if setting.exclusive[0] else -5 if (setting.maximum or 1) <= 1 else -1
    return _decades(smallest) if setting.exclusive[0] else (0.0, *_decades(smallest))


def _is_size(setting: Setting) -> bool:
    default = setting.default
    return isinstance(default, int) and not setting.unit and default >= _LEAST_POWER and default & (default - 1) == 0


@cache
def _powers() -> tuple[int, ...]:
    return tuple(2**exponent for exponent in range(31))


@cache
def _counts() -> tuple[int, ...]:
    """0 to 10 one by one, then 20, 50, 100 ..."""
    return (*range(_SINGLY_UP_TO + 1), *(int(rung) for rung in _decades(1) if rung > _SINGLY_UP_TO))


@cache
def _decades(smallest: int) -> tuple[float, ...]:
    """1, 2 and 5 times every power of ten."""
    return tuple(float(f"{digit}e{exponent}") for exponent in range(smallest, 9) for digit in (1, 2, 5))


def _allowed(setting: Setting, rung: float) -> bool:
    low, high = setting.minimum, setting.maximum
    return (low is None or rung > low or (rung == low and not setting.exclusive[0])) and (
        high is None or rung < high or (rung == high and not setting.exclusive[1])
    )
