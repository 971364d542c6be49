"""Runs that differ in nothing but the seed, and what a number comes to over them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEED = "seed"
Report = Mapping[str, Any]  # of one run, as `runs.report` makes it


@dataclass(frozen=True)
class Spread:
    """A number over some runs.

    Attributes:
        std: with n - 1 in its denominator; None of one run, which says nothing about chance.
    """

    count: int
    mean: float
    std: float | None
    low: float
    high: float


def alike(reports: Sequence[Report], *, apart: bool = False) -> list[list[int]]:
    """Places of the runs that are one line: alike in recipe, data and every setting but the seed; in the order of their first.

    A run that has the seed of another, too, is a line of its own: repeated, it says nothing about chance.
    Of a script or another tool the settings need not say what differs, so there only seeds that are all different make one line.

    Args:
        apart: each run is a line of its own.
    """
    seeds = [report["settings"].get(SEED) for report in reports]
    muddled = {_kind(reports[places[0]]) for places in repeated(reports)}
    lines: dict[object, list[list[int]]] = {}
    for place, report in enumerate(reports):
        known = lines.setdefault(place if apart else _kind(report), [])
        is_told = report.get("source", "recipe") == "recipe" or (seeds[place] is not None and _kind(report) not in muddled)
        fits = (line for line in known if seeds[place] is None or all(seeds[other] != seeds[place] for other in line))
        home = next(fits, None) if is_told else None
        home.append(place) if home else known.append([place])
    return sorted(line for known in lines.values() for line in known)


def repeated(reports: Sequence[Report]) -> list[list[int]]:
    """Places of the runs that have everything in common, the seed as well."""
    found: dict[object, list[int]] = {}
    for place, report in enumerate(reports):
        if report["settings"].get(SEED) is not None:
            found.setdefault((_kind(report), report["settings"][SEED]), []).append(place)
    return [places for places in found.values() if len(places) > 1]


def spread(values: Iterable[object]) -> Spread | None:
    """Of the finite numbers among the values; None where there is none."""
    finite = [value for value in map(number, values) if value is not None]
    if not finite:
        return None
    std = statistics.stdev(finite) if len(finite) > 1 else None
    return Spread(len(finite), statistics.fmean(finite), std, min(finite), max(finite))


def number(value: object) -> float | None:
    """A finite number, or None: reports read back from JSON have words for the others."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def overlap(one: Spread, other: Spread) -> bool | None:
    """Whether the ranges from the least to the greatest meet; None where neither has two runs, so that there is no range."""
    if one.count < 2 and other.count < 2:
        return None
    return one.low <= other.high and other.low <= one.high


def _kind(report: Report) -> object:
    settings = tuple(sorted((name, repr(value)) for name, value in report["settings"].items() if name != SEED))
    dataset = report.get("dataset") or {}
    begins = report.get("parent") if report.get("weights") else None  # the weights that it began with
    changed = tuple((one["step"], one["text"].partition(" by ")[0]) for one in report.get("interventions", ()) if one["kind"] == "set")
    return report["recipe"], settings, dataset.get("sha256"), begins, report.get("forked_at"), changed
