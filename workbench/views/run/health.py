"""The diagnosis of a run in words: one line, or all of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from workbench.charts.rows import cells
from workbench.diagnosis.advice import OR
from workbench.diagnosis.diagnose import RULES, diagnose
from workbench.diagnosis.finding import Finding
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState
from workbench.units import grouped


def findings(feed: Feed, *, now: float | None = None) -> list[Finding]:
    """What is wrong with a run that was read with its series, gravest first."""
    settings = {**feed.record.settings, **feed.state.amended, **feed.state.settings_now}
    record = feed.record
    recipe = (record.recipe_path or record.recipe) if record.source == "recipe" else ""
    now = time.time() if now is None else now
    return diagnose(
        feed.state, settings, now=now, is_live=feed.status.is_live, run=feed.folder.id, recipe=recipe,
        origin=feed.earlier[-1] if feed.earlier else None, is_warm=record.weights,
    )  # fmt: skip


def beyond(found: list[Finding], state: RunState) -> list[Finding]:
    """What is not said already by the error that ended the run."""
    failed = state.ended is not None and state.ended.state == "failed"
    return [finding for finding in found if not (failed and finding.rule == "not_finite")]


def lines(feed: Feed) -> list[str]:
    """The diagnosis as `show` prints it: one line where all is well, else cause, evidence and advice of each finding."""
    found = findings(feed)
    if not found:
        return [headline(found, step=feed.state.step)]
    return [text for finding in found for text in in_full(finding)]


def spans(found: list[Finding], *, step: int) -> list[tuple[str, str]]:
    """All of it as (text, ink) lines for a screen: what was found, and what every other rule looked for."""
    lines: list[tuple[str, str]] = [] if found else [(headline(found, step=step), "good" if step else "muted"), ("", "")]
    for finding in found:
        cause, *rest = in_full(finding)
        lines += [(cause, ink(finding)), *((text, "") for text in rest), ("", "")]
    quiet = [rule for rule in RULES if rule.__name__ not in {finding.rule for finding in found}]
    lines.append((f"{'looked for as well, and not' if found else 'looked for, and not'} found:", "muted"))
    return [*lines, *((f"{_words(rule.__name__)}: {_looks_for(rule)}", "muted") for rule in quiet)]


def ink(finding: Finding) -> str:
    return {"error": "error", "warning": "warning"}.get(finding.severity, "muted")


def headline(found: list[Finding], *, step: int, width: int = 0) -> str:
    """One line for the run screen, since when first: `health  error since 42: the learning rate is too high, +2`.

    Args:
        width: cells that there are; where all of a cause is too long, what stands before its colon is said. 0 is any number.
    """
    if not found:
        return f"health  ok: {len(RULES)} rules quiet" if step else "health  nothing to judge yet"
    first, more = found[0], f", +{len(found) - 1}" if len(found) > 1 else ""
    since = f"health  {first.severity} since {grouped(first.step)}: "
    whole = since + first.cause + more
    return whole if not width or cells(whole) <= width else since + first.cause.partition(":")[0] + more


def in_full(finding: Finding) -> list[str]:
    """Cause, evidence, and each thing to try in a line of its own."""
    first, *others = finding.advice.split(OR)
    return [
        f"{finding.severity}: {finding.cause}, since step {grouped(finding.step)}",
        f"  {finding.evidence}",
        f"  try: {first}",
        *(f"   or: {other}" for other in others),
    ]


def _words(rule: str) -> str:
    return rule.replace("_", " ")


def _looks_for(rule: Callable[..., object]) -> str:
    """What a rule finds, as its own first sentence says it."""
    return (rule.__doc__ or "").partition("\n")[0].rstrip(".")
