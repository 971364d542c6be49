"""The numbers along an axis: ticks on 1-2-5 steps, limits that hold still while data arrive, labels that tell ticks apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from workbench.units import compact

Limits = tuple[float, float]

LARGEST = 1e300  # beyond it the difference of two values overflows
_SMALLEST = 1e-290  # below it a step underflows to zero
_NARROWEST = 1e-3  # of the values: a flatter axis would need more than four significant digits to label its ticks
_LIMIT_STEPS = 5  # of the 1-2-5 step that limits are multiples of; more of them fit the data closer and move more often
_FLAT = 0.1  # of the value: how far an axis reaches to both sides of a constant
_FULL_ENOUGH = 0.45  # of the axis: data that fill less are drawn larger
_LOG_DECADES = 8  # that a logarithmic axis shows below its top when the data reach down to zero
_PREFIXES = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # from which size on, unit, letter
_RIGHT_EDGES = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0, 10.0)  # at least 78 % of a growing axis is in use


def ticks(low: float, high: float, count: int) -> list[float]:
    """The multiples of a 1-2-5 step within [low, high], with at most `count` steps between them."""
    if not _SMALLEST < high - low < math.inf:
        return [low] if math.isfinite(low) else []
    step, digits = _step((high - low) / max(1, count))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]  # + 0.0 turns -0.0 into 0.0


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """The powers of ten within [low, high], thinned to about `count`; 1-2-5 between them where there are fewer than two."""
    if not 0 < low < high < math.inf:
        return [low] if 0 < low < math.inf else []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last > first:
        stride = math.ceil((last - first) / max(1, count))
        return [10.0**exponent for exponent in range(first, last + 1, stride)]
    between = [base * 10.0**exponent for exponent in range(first - 1, last + 1) for base in (1, 2, 5)]
    within = [tick for tick in between if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
    return within if len(within) > 1 else ticks(low, high, count)


def labels(values: Sequence[float], log: bool = False) -> list[str]:
    """What to write at ticks: no two alike, and on a linear axis all with the same number of decimals."""
    short = [compact(value) for value in values]
    if len(values) < 2 or (log and len(set(short)) == len(short)):
        return short
    largest = max(abs(value) for value in values)
    step = min(abs(after - before) for before, after in pairwise(values))
    if not step > 0:
        return short
    if largest >= 1e15 or largest < 1e-3:
        decimals = max(0, math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-9))
        return [_scientific(value, decimals) for value in values]
    scale, prefix = next(((unit, letter) for least, unit, letter in _PREFIXES if largest >= least), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(step / scale) + 1e-9))
    return [f"{value / scale:.{decimals}f}{prefix}" if value else "0" for value in values]


def limits(low: float, high: float, previous: Limits | None = None, log: bool = False) -> Limits:
    """Limits for data between `low` and `high`: the previous ones while those fit, else the next round ones.

    Limits that move at every step would redraw the whole chart and hide how far the curve moved. A logarithmic axis
    reaches at most eight decades below its top, so data at zero or below lie on its edge.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return previous or ((0.1, 1.0) if log else (0.0, 1.0))
    low, high = (max(-LARGEST, min(LARGEST, bound)) for bound in sorted((low, high)))
    if log:
        high = high if high > _SMALLEST else 1.0
        low = max(low, high / 10**_LOG_DECADES, _SMALLEST)
    if previous is not None and _holds(previous, low, high, log):
        return previous
    if log:
        bottom, top = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
        return 10.0**bottom, 10.0 ** max(top, bottom + 1)
    low, high = _widened(low, high)
    step, digits = _step((high - low) / _LIMIT_STEPS)
    return (
        round(math.floor(low / step + 1e-9) * step, digits) + 0.0,
        round(math.ceil(high / step - 1e-9) * step, digits) + 0.0,
    )


def right_edge(step: float, least: float = 100.0) -> float:
    """Where the x axis of a growing run ends: the next of about ten round numbers a decade, so that it seldom moves."""
    if not math.isfinite(step) or step <= least:
        return least
    decade = 10.0 ** math.floor(math.log10(step))
    return next((edge * decade for edge in _RIGHT_EDGES if edge * decade >= step), step)


def usable(bounds: Limits, log: bool = False) -> Limits:
    """Finite limits with the lower one below the upper, whatever came in, so that drawing never divides by zero."""
    low, high = bounds
    if math.isfinite(low) and math.isfinite(high):
        low, high = max(low, -LARGEST), min(high, LARGEST)
        if high - low > _SMALLEST and (low > 0 or not log) and high - low > abs(high) * 1e-13:
            return low, high
    return limits(low, high, log=log)


def position(value: float, low: float, high: float, count: int) -> int | None:
    """Which of `count` places from `low` to `high` a value falls on, the first and the last centred on the limits."""
    if not low <= value <= high:
        return None
    return int((value - low) / (high - low) * (count - 1) + 0.5)


def _step(least: float) -> tuple[float, int]:
    """The next 1-2-5 step of at least `least`, and the decimals that its multiples are rounded to."""
    exponent = math.floor(math.log10(least))
    decade = 10.0**exponent
    step = next((base * decade for base in (1, 2, 5) if base * decade >= least * (1 - 1e-9)), 10 * decade)
    return step, 1 - exponent


def _holds(bounds: Limits, low: float, high: float, log: bool) -> bool:
    bottom, top = bounds
    if not bottom <= low <= high <= top or bottom == top or (log and bottom <= 0):
        return False
    filled = math.log(high / low) / math.log(top / bottom) if log else (high - low) / (top - bottom)
    return filled >= _FULL_ENOUGH


def _widened(low: float, high: float) -> Limits:
    largest = max(abs(low), abs(high))
    if high - low < max(_NARROWEST * largest, _SMALLEST):
        centre = low / 2 + high / 2
        reach = (_FLAT if low == high else _NARROWEST) * largest or 1.0
        return centre - max(reach, _SMALLEST), centre + max(reach, _SMALLEST)
    return low, high


def _scientific(value: float, decimals: int) -> str:
    if not value:
        return "0"
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"
