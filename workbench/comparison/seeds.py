"""Runs that differ in nothing but the seed, and what a number comes to over them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEED, THREADS = "seed", "threads"
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
        fits = (
            line
            for line in known
            if have_same_threads([reports[other] for other in (*line, place)])
            and (seeds[place] is None or all(seeds[other] != seeds[place] for other in line))
        )
        home = next(fits, None) if is_told else None
        home.append(place) if home else known.append([place])
    return sorted(line for known in lines.values() for line in known)


def repeated(reports: Sequence[Report]) -> list[list[int]]:
    """Places of the runs that have everything in common, the seed as well."""
    found: dict[object, list[list[int]]] = {}
    for place, report in enumerate(reports):
        if report["settings"].get(SEED) is not None:
            known = found.setdefault((_kind(report), report["settings"][SEED]), [])
            home = next((places for places in known if have_same_threads([reports[other] for other in (*places, place)])), None)
            home.append(place) if home else known.append([place])
    return [places for known in found.values() for places in known if len(places) > 1]


def have_same_threads(reports: Sequence[Report]) -> bool:
    """Whether the runs were asked for with one number of threads, or trained with one: what one run measured, `--from` takes over."""
    asked = [report["settings"].get(THREADS) for report in reports]
    taken = [(report.get("tuning") or {}).get(THREADS) if number is None else number for number, report in zip(asked, reports, strict=True)]
    return len(set(map(repr, asked))) < 2 or len(set(map(repr, taken))) < 2


def comparable(value: object) -> object:
    """A setting's value, to see whether another run's is the same: 0 and 0.0 are, for formats of others know no whole numbers."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value  # not NaN
    return value if is_number else repr(value)


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
    settings = frozenset((name, comparable(value)) for name, value in report["settings"].items() if name not in (SEED, THREADS))
    dataset = report.get("dataset") or {}
    begins = report.get("parent") if report.get("weights") else None  # the weights that it began with
    changed = tuple((one["step"], one["text"].partition(" by ")[0]) for one in report.get("interventions", ()) if one["kind"] == "set")
    return report["recipe"], settings, dataset.get("sha256"), begins, report.get("forked_at"), changed
