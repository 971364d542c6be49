"""What was set while a run trained: a setting's last value alone would hide how it came there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workbench.comparison.seeds import Report
from workbench.units import brief, grouped

_TEXT = re.compile(r"set (\S+) (.+?) -> (.+?)(?: by .*)?")
_MOST_SAID = 6  # of one run, in a sentence


class Change(NamedTuple):
    """One setting, from one value to another behind a step; values as people read them."""

    step: int
    name: str
    old: str
    new: str


def changes(report: Report) -> list[Change]:
    """The live changes of a run, oldest first; what an attempt made again at the same step counts once."""
    found = [
        Change(int(one["step"]), match[1], _number(match[2]), _number(match[3]))
        for one in report.get("interventions", ())
        if one["kind"] == "set" and (match := _TEXT.fullmatch(str(one["text"])))
    ]
    return list(dict.fromkeys(found))


def courses(report: Report) -> dict[str, str]:
    """What each setting that was changed went through: `1e-2 -> 1e-3 -> 1e-4`."""
    found: dict[str, list[str]] = {}
    for change in changes(report):
        found.setdefault(change.name, [change.old]).append(change.new)
    return {name: " -> ".join(values) for name, values in found.items()}


def remarks(reports: Sequence[Report], labels: Sequence[str]) -> Iterator[str]:
    """A sentence for each run that was changed while it trained."""
    for report, label in zip(reports, labels, strict=True):
        made = changes(report)
        if made:
            said = [f"{one.name} {one.old} -> {one.new} at step {grouped(one.step)}" for one in made[:_MOST_SAID]]
            more = f" and {len(made) - _MOST_SAID} more" if len(made) > _MOST_SAID else ""
            yield f"{label} was changed while it trained: {'; '.join(said)}{more}"


def _number(text: str) -> str:
    with contextlib.suppress(ValueError):
        return brief(float(text))
    return text
