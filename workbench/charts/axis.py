"""The numbers along an axis: ticks on 1-2-5 steps, limits that hold still while data arrive, labels that tell ticks apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from workbench.units import compact

Limits = tuple[float, float]

LARGEST = 1e300  # beyond it the difference of two values overflows
_SMALLEST = 1e-290  # below it a step underflows to zero
_NARROWEST = 1e-3  # of the values: a flatter axis would need more than four significant digits to label its ticks
_LIMIT_STEPS = 10  # of the 1-2-5 step that limits are multiples of; more of them fit the data closer and move more often
_FULL_ENOUGH = 0.45  # of the axis: data that fill less are drawn larger
_LOG_DECADES = 8  # that a logarithmic axis shows below its top when nobody says what the least value above zero is
_NEARLY_LINEAR = 3.0  # times the least value: a logarithmic axis that reaches no further has the round limits of a linear one
_DECADES_ALONE = 3  # powers of ten from which on a logarithmic axis needs no ticks between them
_FEW_TICKS, _ENOUGH_TICKS, _MANY_TICKS = 3, 5, 8
_ROWS_PER_TICK = 3  # in a high chart
_ROOM_FOR_THREE = 7  # rows in which three ticks stand well apart
_ALMOST = 6, 0.8  # rows in which they still do, and how much of what three are worth there, on 1-2-5 steps alone
_EVEN_FROM = 4  # rows between two ticks, from which nobody sees that there is one more here and there
_QUARTERS = 4  # of a row, in which such ticks are apart
# What an axis may waste of its height, as a share of what the data need ...
_TOO_FEW, _TOO_MANY = 0.35, 0.2  # ... to have a third tick, or one less than too many
_ODD = 0.7  # ... to have 1-2-5 steps
_ROUND = {1.0: 0.0, 2.0: 0.0, 5.0: 0.0, 2.5: 0.2, 4.0: _ODD, 1.5: _ODD, 3.0: _ODD, 6.0: _ODD, 8.0: _ODD}
_NO_HARM = 0.3  # what is wasted beyond this counts twice
_AT_THE_EDGE = 0.05  # ... to have a tick on the upper limit
_DECADES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200)  # steps of a logarithmic axis
_PREFIXES = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # from which size on, unit, letter
_RIGHT_EDGES = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0, 10.0)  # at least 78 % of a growing axis is in use


def ticks(low: float, high: float, count: int, bases: Sequence[float] = (1, 2, 5)) -> list[float]:
    """The multiples of a round step within [low, high], with at most `count` steps between them."""
    if not _SMALLEST < high - low < math.inf:
        return [low] if math.isfinite(low) else []
    step, digits = _step((high - low) / max(1, count), bases)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]  # + 0.0 turns -0.0 into 0.0


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """The powers of ten within [low, high], thinned to about `count`; with 2 and 5 between where there are few of them."""
    if not 0 < low < high < math.inf:
        return [low] if 0 < low < math.inf else []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    between = [] if last - first >= _DECADES_ALONE else [base * 10.0**place for place in range(first - 1, last + 1) for base in (1, 2, 5)]
    within = [tick for tick in between if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
    if len(within) > 1 and (len(within) <= count + 1 or last <= first):
        return within
    if last > first:
        stride = math.ceil((last - first) / max(1, count))
        return [10.0**exponent for exponent in range(first, last + 1, stride)]
    return ticks(low, high, count)


def aligned(bounds: Limits, rows: int, down: int, *, log: bool = False, whole: bool = False) -> tuple[Limits, list[float]]:
    """Limits around usable ones between which ticks are evenly many rows apart, and those ticks.

    Ticks at 0, 3, 5 and 8 rows would make a linear axis look as if it were none; at 0, 5, 11 and 16 they do not. No tick lies
    beyond `bounds`, and no limit below zero unless theirs does. A logarithmic axis of few decades keeps its limits: it has uneven
    ticks by nature.

    Args:
        rows: of cells; `down` dots each, of which the outermost stand for the limits.
        whole: values are whole numbers, and so are ticks.
    """
    count = max(1, min(_MANY_TICKS, rows // 2))
    if log:
        low, high = (math.log10(bound) for bound in bounds)
        if math.floor(high + 1e-9) - math.ceil(low - 1e-9) < _DECADES_ALONE - 1:
            return bounds, log_ticks(*bounds, max(1, rows - 1))
        steps = {float(step): 0.0 for step in _DECADES if step <= high - low}
        found = _best_fit(low, high, rows, down, steps, log=True, floor=-math.inf)
        if found is None:
            return bounds, log_ticks(*bounds, count)
        (low, high), exponents = found
        return (10.0 ** max(low, -290.0), 10.0 ** min(high, 300.0)), [10.0 ** round(exponent) for exponent in exponents]
    low, high = bounds
    exponent = math.floor(math.log10(high - low))
    steps = {base * 10.0**place: cost for place in (exponent - 2, exponent - 1, exponent) for base, cost in _ROUND.items()}
    steps = {step: cost for step, cost in steps.items() if step <= high - low and not (whole and not step.is_integer())}
    found = _best_fit(low, high, rows, down, steps, log=False, floor=0.0 if low >= 0 else -math.inf)
    if found is None:
        values = ticks(low, high, count)
        return bounds, [value for value in values if value.is_integer()] if whole else values
    return found


def _best_fit(
    low: float, high: float, rows: int, down: int, steps: Mapping[float, float], *, log: bool, floor: float
) -> tuple[Limits, list[float]] | None:
    """Of all steps, each with what it costs, that are two rows or more the one that wastes least of the height."""
    least = (high - low) * down / max(1, rows * down - 1)  # a row stands for this much at least
    best, found = math.inf, None
    slack = (high - low) * 1e-9
    for step, price in steps.items():
        for apart in _rows_apart(step / least):
            row = step / apart
            start = math.ceil(low / step - 1e-9) * step
            for first in [math.ceil(low - 1e-9) + turn for turn in range(int(step))] if log else [start]:
                for dot in range(down):  # of its cell, that a tick lies on
                    below = max(0, math.ceil((first - low) / row - dot / down - 1e-9))
                    bottom = first - (below + dot / down) * row
                    top = bottom + (rows * down - 1) / down * row
                    lowest = first - int((first - max(bottom, floor)) / step + 1e-9) * step
                    shown = int((high - lowest) / step + 1e-9) + 1
                    if bottom < floor - slack or top < high - slack or shown < 2:
                        continue
                    meets = abs(lowest + (shown - 1) * step - high) <= slack
                    cost = price + _cost(row / least - 1, shown, rows, log, price < _ODD) - _AT_THE_EDGE * meets
                    if cost < best - 1e-9:
                        digits = 2 - math.floor(math.log10(step))
                        best = cost
                        found = (max(bottom, floor), top), [round(lowest + index * step, digits) + 0.0 for index in range(shown)]
                    break
    return found


def _rows_apart(most: float) -> list[float]:
    """How many rows two ticks may be apart, at most so many: whole numbers of them, and quarters where there are many."""
    quarters = range(int(most * _QUARTERS + 1e-9), max(_QUARTERS, int(most - 3) * _QUARTERS), -1)
    return [each / _QUARTERS for each in quarters if each % _QUARTERS == 0 or each >= _EVEN_FROM * _QUARTERS]


def _cost(waste: float, shown: int, rows: int, log: bool, is_round: bool) -> float:
    """How bad an axis is of which so much is wasted and that shows so many ticks; two do not tell what a logarithmic one counts."""
    few = max(_FEW_TICKS, min(_ENOUGH_TICKS, rows // _ROWS_PER_TICK))
    fewer: float = (shown < few) + (shown < _FEW_TICKS and rows >= _ROOM_FOR_THREE)
    if rows == _ALMOST[0] and not (shown >= _FEW_TICKS and is_round):
        fewer += _ALMOST[1]
    return waste + max(0.0, waste - _NO_HARM) + (1 + log) * _TOO_FEW * fewer + _TOO_MANY * max(0, shown - _MANY_TICKS)


def labels(values: Sequence[float], log: bool = False) -> list[str]:
    """What to write at ticks: no two alike, and all in one notation."""
    short = [compact(value) for value in values]
    if len(values) < 2:
        return short
    largest, least = max(abs(value) for value in values), min(abs(value) for value in values)
    if log and (least < 1e-3 or largest >= 1e4):
        short = [_power(value) for value in values]
    if log and len(set(short)) == len(short) and largest > _NEARLY_LINEAR * least:
        return short
    step = min(abs(after - before) for before, after in pairwise(values))
    if not step > 0:
        return short
    if largest >= 1e15 or largest < 1e-3:
        decimals = max(0, math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-9))
        return [_scientific(value, decimals) for value in values]
    scale, prefix = next(((unit, letter) for most, unit, letter in _PREFIXES if largest >= most), (1.0, ""))
    decimals = _decimals([value / scale for value in values], max(0, -math.floor(math.log10(step / scale) + 1e-9)))
    return [f"{value / scale:.{decimals}f}{prefix}" if value else "0" for value in values]


def limits(low: float, high: float, previous: Limits | None = None, log: bool = False) -> Limits:
    """Limits for data between `low` and `high`: the previous ones while those fit, else the next round ones.

    Limits that move at every step would redraw the whole chart and hide how far the curve moved. On a logarithmic axis `low`
    is the least value above zero; where that is not known, the axis reaches eight decades below its top.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return previous or ((0.1, 1.0) if log else (0.0, 1.0))
    low, high = (max(-LARGEST, min(LARGEST, bound)) for bound in sorted((low, high)))
    if log:
        high = high if high > _SMALLEST else 1.0
        low = max(low if low > 0 else high / 10**_LOG_DECADES, _SMALLEST)
    if previous is not None and _holds(previous, low, high, log):
        return previous
    if log and high < low * (1 + _NARROWEST):
        return _mantissa(low / 2, -1), _mantissa(high * 2, 1)
    if log and high > low * _NEARLY_LINEAR:
        return _mantissa(low, -1), _mantissa(high, 1)
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


def _step(least: float, bases: Sequence[float] = (1, 2, 5)) -> tuple[float, int]:
    """The next round step of at least `least`, and the decimals that its multiples are rounded to."""
    exponent = math.floor(math.log10(least))
    decade = 10.0**exponent
    step = next((base * decade for base in bases if base * decade >= least * (1 - 1e-9)), 10 * decade)
    return step, 2 - exponent


def _holds(bounds: Limits, low: float, high: float, log: bool) -> bool:
    bottom, top = bounds
    if not bottom <= low <= high <= top or bottom == top or (log and bottom <= 0):
        return False
    filled = math.log(high / low) / math.log(top / bottom) if log else (high - low) / (top - bottom)
    return filled >= _FULL_ENOUGH


def _widened(low: float, high: float) -> Limits:
    """A constant is measured from zero; what hardly changes gets an axis that does not magnify its rounding."""
    if low == high:
        return (min(0.0, low), max(0.0, high)) if abs(low) > _SMALLEST else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low < max(_NARROWEST * largest, _SMALLEST):
        centre = low / 2 + high / 2
        reach = max(_NARROWEST * largest, _SMALLEST)
        return centre - reach, centre + reach
    return low, high


def _mantissa(value: float, towards: int) -> float:
    """The next of 1, 2, 5 times a power of ten, below or above."""
    exponent = math.floor(math.log10(value) + 1e-12)
    rounded = [base * 10.0 ** (exponent + more) for more in (0, 1) for base in (1, 2, 5)]
    if towards < 0:
        return max((each for each in rounded if each <= value * (1 + 1e-9)), default=10.0**exponent)
    return min(each for each in rounded if each >= value * (1 - 1e-9))


def _decimals(values: Sequence[float], least: int) -> int:
    """How many tell all values exactly, which may be one more than their step has: 0, 0.25, 0.5."""
    return least + any(abs(value - round(value, least)) > 1e-6 * abs(value) for value in values)


def _power(value: float) -> str:
    """`1e-4`, `2e0`: one notation for all ticks of a logarithmic axis."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _scientific(value: float, decimals: int) -> str:
    if not value:
        return "0"
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"
