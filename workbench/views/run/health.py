"""The diagnosis of a run in words: one line, or all of it."""

from __future__ import annotations

import time

from workbench.diagnosis.advice import OR
from workbench.diagnosis.diagnose import RULES, diagnose
from workbench.diagnosis.finding import Finding
from workbench.runs.reading.feed import Feed
from workbench.units import grouped


def findings(feed: Feed, *, now: float | None = None) -> list[Finding]:
    """What is wrong with a run that was read with its series, gravest first."""
    settings = {**feed.record.settings, **feed.state.amended, **feed.state.settings_now}
    record = feed.record
    recipe = (record.recipe_path or record.recipe) if record.source == "recipe" else ""
    now = time.time() if now is None else now
    return diagnose(feed.state, settings, now=now, is_live=feed.status.is_live, run=feed.folder.id, recipe=recipe)


def lines(feed: Feed) -> list[str]:
    """The diagnosis as `show` prints it: one line where all is well, else cause, evidence and advice of each finding."""
    found = findings(feed)
    if not found:
        return [headline(found, step=feed.state.step)]
    return [text for finding in found for text in in_full(finding)]


def spans(found: list[Finding], *, step: int) -> list[tuple[str, str]]:
    """All of it as (text, ink) lines for a screen."""
    if not found:
        return [(headline(found, step=step), "good" if step else "muted")]
    lines: list[tuple[str, str]] = []
    for finding in found:
        cause, *rest = in_full(finding)
        lines += [(cause, ink(finding)), *((text, "") for text in rest), ("", "")]
    return [*lines, (f"the other {len(RULES) - len(found)} rules are quiet", "muted")]


def ink(finding: Finding) -> str:
    return {"error": "error", "warning": "warning"}.get(finding.severity, "muted")


def headline(found: list[Finding], *, step: int) -> str:
    """One line for the run screen."""
    if not found:
        return f"health  ok: {len(RULES)} rules quiet" if step else "health  nothing to judge yet"
    first, more = found[0], len(found) - 1
    return f"health  {first.severity}: {first.cause} (since step {grouped(first.step)})" + (f", and {more} more" if more else "")


def in_full(finding: Finding) -> list[str]:
    """Cause, evidence, and each thing to try in a line of its own."""
    first, *others = finding.advice.split(OR)
    return [
        f"{finding.severity}: {finding.cause}, since step {grouped(finding.step)}",
        f"  {finding.evidence}",
        f"  try: {first}",
        *(f"   or: {other}" for other in others),
    ]
