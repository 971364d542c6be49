"""All rules over one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workbench.diagnosis import adversarial, gradients, learning, machine
from workbench.diagnosis.finding import Case, Finding
from workbench.runs.folder import Value
from workbench.runs.reading.state import RunState

RULES: tuple[Callable[[Case], Finding | None], ...] = (
    gradients.not_finite,
    learning.diverging,
    learning.oscillating,
    gradients.exploding,
    adversarial.overpowered,
    adversarial.collapsed,
    gradients.vanishing_layers,
    gradients.vanishing_time,
    gradients.dead_units,
    learning.overfitting,
    learning.too_slow,
    learning.underfitting,
    learning.plateau,
    gradients.clipped,
    machine.data_bound,
    machine.stalled,
)
_ORDER = ("error", "warning", "info")
_TOO_FAST = ("not_finite", "diverging", "oscillating", "exploding")
_EXPLAINED_BY = {  # what is nothing but another finding's consequence, and would only lead away from it
    "vanishing_layers": ("diverging", "oscillating", "dead_units"),
    "collapsed": ("too_slow",),
    "clipped": _TOO_FAST,
    "underfitting": (*_TOO_FAST, "too_slow", "plateau"),
    "plateau": (*_TOO_FAST, "too_slow", "overfitting", "overpowered", "collapsed"),
}


def diagnose(
    state: RunState,
    settings: Mapping[str, Value],
    *,
    now: float,
    is_live: bool,
    run: str = "RUN",
    recipe: str = "",
    origin: RunState | None = None,
    is_warm: bool = False,
) -> list[Finding]:
    """What is wrong with a run, gravest first; nothing where all is well, or where too little was logged to tell.

    Args:
        run, recipe: as commands call them, for the advice; without a recipe it names no command.
        origin, is_warm: what it had learnt when it began, see `Case`.
    """
    case = Case(state, settings, now, is_live, run, recipe, origin, is_warm)
    found = [finding for rule in RULES if (finding := rule(case)) is not None]
    named = {finding.rule for finding in found}
    found = [finding for finding in found if named.isdisjoint(_EXPLAINED_BY.get(finding.rule, ()))]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))
