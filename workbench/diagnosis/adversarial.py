"""How the training of two networks against each other fails, read off what it logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Thresholds from runs on the 8x8 digits that failed and that did not (LEARNING.md 2.5). Healthy runs tell 60 to 90 % right.
_WON = 0.98  # mean accuracy of the discriminator's last steps, from which the generator has nothing left to learn by
_RECENT = 50  # steps that this mean is over
_LOW_RECALL = 0.1
_HIGH_KL = 0.5  # nats
_FEW_CLASSES = 0.8  # share of all classes
_UNIFORM = 0.25  # diversity of pixels, as a share of the real images'
_NO_GRADIENT = 1e-5
_ENOUGH_STEPS = 100  # before that, no discriminator has won for good


@dataclass(frozen=True)
class Failure:
    """One way in which a run fails.

    Attributes:
        kind: "diverged", "overpowered", "collapse" or "partial collapse".
        evidence: the numbers that say so.
    """

    kind: str
    evidence: str


def failures(series: Mapping[str, Sequence[float]], classes: int) -> tuple[Failure, ...]:
    """What is wrong with an adversarial run, the gravest first; empty for a healthy one.

    Args:
        series: the values of each metric so far, in the order of their steps.
        classes: how many classes the real images have; 0 where they have none.
    """
    found = [rule(series, classes) for rule in (_diverged, _collapsed, _overpowered)]
    return tuple(failure for failure in found if failure is not None)


def _diverged(series: Mapping[str, Sequence[float]], _: int) -> Failure | None:
    for name in ("train/generator_loss", "train/discriminator_loss"):
        if any(not math.isfinite(value) for value in series.get(name, ())):
            return Failure("diverged", f"{name} is not finite")
    return None


def _collapsed(series: Mapping[str, Sequence[float]], classes: int) -> Failure | None:
    """Too few kinds of images. Most classes missing is a collapse; some missing, or variety within them, a partial one."""
    covered, kl, recall, diversity = (
        _last(series, f"validation/{name}") for name in ("classes_covered", "class_kl", "recall", "diversity")
    )
    evidence = []
    if classes and covered is not None and covered < _FEW_CLASSES * classes:
        evidence.append(f"samples cover {covered:.0f} of {classes} classes")
    if kl is not None and kl > _HIGH_KL:
        evidence.append(f"KL of the classes {kl:.2f}")
    if recall is not None and recall < _LOW_RECALL:
        evidence.append(f"recall {recall:.1%}")
    if diversity is not None and diversity < _UNIFORM:
        evidence.append(f"pixels vary {diversity:.0%} as much as real ones")
    if not evidence:
        return None
    whole = (diversity is not None and diversity < _UNIFORM) or (classes > 0 and covered is not None and covered < classes / 2)
    return Failure("collapse" if whole else "partial collapse", ", ".join(evidence))


def _overpowered(series: Mapping[str, Sequence[float]], _: int) -> Failure | None:
    accuracy = series.get("train/discriminator_accuracy", ())
    if len(accuracy) >= _ENOUGH_STEPS:
        recent = sum(accuracy[-_RECENT:]) / _RECENT
        if recent >= _WON:
            return Failure("overpowered", f"the discriminator tells {recent:.1%} right")
    norms = series.get("train/generator_grad_norm", ())
    if len(norms) >= _ENOUGH_STEPS and max(norms[-_RECENT:]) < _NO_GRADIENT:
        return Failure("overpowered", f"the generator's gradient is below {_NO_GRADIENT:g}")
    return None


def _last(series: Mapping[str, Sequence[float]], name: str) -> float | None:
    values = series.get(name, ())
    return values[-1] if values else None
