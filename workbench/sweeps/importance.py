"""How much each setting of a grid mattered: the share of the variance of results that its values explain by themselves, and chance."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence

from workbench.schema import Value

LEAST = 6  # results, of fewer of which a share says nothing
_SIMULATED = 500
_SURE = 0.05  # how often chance may do as much


def shares(results: Sequence[tuple[Mapping[str, Value], float]]) -> dict[str, float]:
    """The first-order terms of the functional ANOVA (Hutter et al. 2014, section 4), the largest first; exact for a whole grid.

    Each is the variance of the means at each value of a setting, as a share of the whole variance. What is left is due to
    settings that work together, and to the seed where it has no name of its own here. Empty where nothing varies.
    """
    known = [(values, result) for values, result in results if math.isfinite(result)]
    names = list(dict.fromkeys(name for values, _ in known for name in values))
    whole = statistics.pvariance([result for _, result in known]) if len(known) > 1 else 0.0
    if not whole:
        return {}
    found = {name: _explained(name, known) / whole for name in names if len({values.get(name) for values, _ in known}) > 1}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def by_chance(results: Sequence[tuple[Mapping[str, Value], float]]) -> dict[str, float]:
    """The share that each name of `shares` would have on average if its values did nothing: (values - 1) / (results - 1)."""
    known = [values for values, result in results if math.isfinite(result)]
    counts = {name: len({values.get(name) for values in known}) for name in dict.fromkeys(name for values in known for name in values)}
    return {name: (count - 1) / (len(known) - 1) for name, count in counts.items() if count > 1 and len(known) > 1}


def is_chance(groups: Sequence[Sequence[float]]) -> bool | None:
    """Whether groups of seeds lie no further apart than chance puts them; None where fewer than two of them have two seeds.

    Fisher's F test at 5 %; how often chance alone reaches a value is counted in simulated groups of the same sizes.
    """
    known = [group for group in groups if group]
    if sum(len(group) > 1 for group in known) < 2:
        return None
    own, dice = _ratio(known), random.Random(0)
    reached = sum(_ratio([[dice.gauss(0.0, 1.0) for _ in group] for group in known]) >= own for _ in range(_SIMULATED))
    return reached > _SURE * _SIMULATED


def _ratio(groups: Sequence[Sequence[float]]) -> float:
    """The variance between groups over the one within them."""
    means = [statistics.fmean(group) for group in groups]
    count = sum(map(len, groups))
    centre = math.fsum(value for group in groups for value in group) / count
    between = math.fsum(len(group) * (mean - centre) ** 2 for group, mean in zip(groups, means, strict=True))
    within = math.fsum((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group)
    return between / (len(groups) - 1) / (within / (count - len(groups))) if within else math.inf if between else 0.0


def _explained(name: str, known: Sequence[tuple[Mapping[str, Value], float]]) -> float:
    centre = statistics.fmean(result for _, result in known)
    at: dict[Value, list[float]] = {}
    for values, result in known:
        at.setdefault(values.get(name), []).append(result)
    return sum(len(results) * (statistics.fmean(results) - centre) ** 2 for results in at.values()) / len(known)
