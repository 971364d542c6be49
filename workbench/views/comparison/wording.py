"""The words of a comparison: what a line is called, what it was set to, what it cost, how far it is from the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.charts.rows import printable
from workbench.comparison.compare import Comparison, Line
from workbench.comparison.seeds import SEED, Spread
from workbench.comparison.verdict import difference, pm
from workbench.units import compact, duration, size
from workbench.views.table import text_of

_MINUTE = 60.0


def label(line: Line, *, ascii_only: bool = False) -> str:
    """`cnn-3`, or `cnn-3 ×5` for five seeds."""
    times = "x" if ascii_only else "×"
    return printable(line.label, ascii_only=ascii_only) + (f" {times}{line.count}" if line.count > 1 else "")


def cost(line: Line, name: str) -> str:
    """What a line took: `time`, `cpu time`, `memory` or `parameters`."""
    if name == "parameters":
        return compact(line.parameters) if line.parameters is not None else "-"
    if name == "memory":
        return size(line.memory_bytes.high) if line.memory_bytes else "-"
    seconds = line.seconds if name == "time" else line.cpu_seconds
    if seconds is None:
        return "-"
    return duration(seconds.mean) if seconds.mean >= _MINUTE else f"{seconds.mean:.1f} s"


def differing(comparison: Comparison, lines: Sequence[Line]) -> list[str]:
    """What differs between lines; seeds that a line has taken together are no difference."""
    names = [name for name in comparison.differing if name != SEED or all(line.count == 1 for line in lines)]
    return (["recipe"] if len({line.recipe for line in lines}) > 1 else []) + names


def setting(line: Line, name: str, ascii_only: bool) -> str:
    """What a setting was, or its course where it was changed during the run."""
    if name == "recipe":
        return line.recipe
    text = line.courses.get(name) or (text_of(line.settings[name], name, line.words_for_none) if name in line.settings else "-")
    return printable(text, ascii_only=ascii_only)


def plus_minus(value: Spread | None, unit: str, ascii_only: bool) -> str:
    """A value, with its spread over several seeds."""
    text = pm(value, unit) if value else "-"
    return in_ascii(text) if ascii_only else text


def in_ascii(text: str) -> str:
    return text.replace("±", "+-")


def base_of(comparison: Comparison, lines: Sequence[Line]) -> int:
    """The place of the line that deltas are against."""
    return next((place for place, line in enumerate(lines) if comparison.baseline in line.places), 0)


def delta(value: Spread | None, base: Spread | None, line: Line, unit: str) -> str:
    """By how much a line is apart from the baseline; nothing to be said of one that learns another task."""
    if value is None or base is None or line.is_other_task:
        return "-"
    return difference(value.mean - base.mean, unit).removesuffix(" points")


def against(value: Spread | None, base: Spread | None, line: Line, unit: str, ascii_only: bool) -> str:
    """A value with its delta to the baseline's in brackets."""
    text, by = plus_minus(value, unit, ascii_only), delta(value, base, line, unit)
    return text if by == "-" else f"{text} ({by})"
