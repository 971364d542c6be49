"""All rules over one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.diagnosis import adversarial, gradients, learning, machine
from workbench.diagnosis.finding import Case, Finding
from workbench.runs.state import RunState

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


def diagnose(state: RunState, settings: Mapping[str, Any], *, now: float, is_live: bool) -> list[Finding]:
    """What is wrong with a run, gravest first; nothing where all is well, or where too little was logged to tell."""
    case = Case(state, settings, now, is_live)
    found = [finding for rule in RULES if (finding := rule(case)) is not None]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))
