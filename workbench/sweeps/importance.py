"""How much each setting of a grid mattered: the share of the variance of results that its values explain by themselves."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from workbench.schema import Value


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


def _explained(name: str, known: Sequence[tuple[Mapping[str, Value], float]]) -> float:
    centre = statistics.fmean(result for _, result in known)
    at: dict[Value, list[float]] = {}
    for values, result in known:
        at.setdefault(values.get(name), []).append(result)
    return sum(len(results) * (statistics.fmean(results) - centre) ** 2 for results in at.values()) / len(known)
