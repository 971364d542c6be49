"""Rules over the losses: too fast, too slow, learnt by heart, not learnt at all, stuck."""

from __future__ import annotations

from workbench.diagnosis.curve import Curve
from workbench.diagnosis.finding import Case, Finding
from workbench.units import compact

_FEW = 30  # steps before which a loss says little
_LARGE_UPDATE = 3e-2  # of the weights in one step; healthy runs stay around 1e-3, and under 1e-2 once they are warm
_SMALL_UPDATE = 2e-5
_LEARNT = 0.8  # of the first loss: above it, nothing was learnt that could be lost again
_REGAINED = 0.5  # of what the loss had lost,
_REGAINED_AT_SPEED = 0.2  # or this share of it, behind a best since which updates were
_SPEED = 2e-2  # of the weights
_BY_HEART = 0.5  # of the validation loss: a network that has not learnt by heart is no better than that on its own examples
_WORSE = 1.1  # times the best validation loss,
_WORSE_BY = 0.02  # and of the first training loss above it: less is chance, with a few hundred examples


def diverging(case: Case) -> Finding | None:
    """The loss fell, rises, and stays up."""
    loss = case.loss
    if len(loss) < _FEW:
        return None
    course = loss.smoothed()
    start, best, now = loss.means[0], min(course), min(course[-_FEW // 3 :])
    at = course.index(best)
    speed = case.curve("train/update_ratio").since(loss.steps[at]).median()
    regained = _REGAINED_AT_SPEED if speed > _SPEED else _REGAINED
    if best > _LEARNT * start or len(course) - at <= _FEW // 3 or now < best + regained * (start - best):
        return None
    since = next(step for step, value in zip(loss.steps[at:], course[at:], strict=True) if value > (best + now) / 2)
    evidence = f"training loss {compact(best)} @ {loss.steps[at]:,}, now {compact(course[-1])} @ {loss.steps[-1]:,}{_update(case)}"
    return Finding("diverging", "error", since, "the learning rate is too high: the loss rises again", evidence, case.slower)


def oscillating(case: Case) -> Finding | None:
    """Updates so large that the loss jumps about where it began, or above."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if len(loss) < _FEW:
        return None
    course = loss.smoothed()
    jump, typical = max(loss.highs), ratio.median()
    stuck = min(course) > _LEARNT * loss.means[0] and min(course[len(course) // 2 :]) > 0.9 * loss.means[0]
    if stuck and (jump > 3 * loss.means[0] or (typical > _LARGE_UPDATE and jump > 1.2 * loss.means[0])):
        step = loss.steps[loss.highs.index(jump)]
        evidence = f"training loss {compact(loss.means[0])} at first, {compact(jump)} @ {step:,}, now {compact(course[-1])}{_update(case)}"
        cause = "the learning rate is too high: each update overshoots"
        return Finding("oscillating", "error", step, cause, evidence, case.slower)
    return None


def too_slow(case: Case) -> Finding | None:
    """Updates so small that the loss hardly moves; in an adversarial run, whose losses say nothing, so small that nothing can."""
    if (network := _unmoved(case)) is not None:
        ratio = case.curve(f"train/{network}_update_ratio")
        cause = f"the learning rate is too low: the {network} hardly moves"
        evidence = f"each update changes its weights by at most {max(ratio.means):.2g} of their size (1e-2 is usual)"
        return Finding("too_slow", "warning", ratio.steps[0], cause, evidence, _faster(case))
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if len(loss) < 2 * _FEW or len(ratio) < 3 or case.is_warming_up:
        return None  # a rate that still rises may yet do it
    typical = max(ratio.means[len(ratio) // 4 :])
    course = loss.smoothed()
    fallen = 1 - course[-1] / course[len(loss) // 20] if course[len(loss) // 20] else 1.0
    if (typical < 10 * _SMALL_UPDATE and fallen < 0.1) or (typical < _SMALL_UPDATE and fallen < 0.3):
        evidence = f"training loss down by {max(0.0, fallen):.1%} in {loss.steps[-1]:,} steps{_update(case)}"
        return Finding("too_slow", "warning", loss.steps[0], "the learning rate is too low: weights hardly move", evidence, _faster(case))
    return None


def overfitting(case: Case) -> Finding | None:
    """The validation loss rises while the training loss falls below it."""
    validation, training = case.curve("validation/loss"), case.loss
    if len(validation) < 5 or len(training) < _FEW:
        return None
    best = min(validation.means)
    at = validation.means.index(best)
    behind = validation.means[at + 1 :]
    since, before = validation.steps[at], training.since(validation.steps[at])
    if len(behind) < max(4, len(validation) // 8) or not before.means:
        return None
    now = min(behind[-4:])
    then, train_now = before.first_share(0.1).median(), before.last_share(0.1).median()
    if now > max(_WORSE * best, best + _WORSE_BY * training.means[0]) and train_now < 0.9 * then and train_now < _BY_HEART * now:
        evidence = (
            f"validation loss {compact(best)} @ {since:,}, its best, at least {compact(now)} since {validation.steps[-4]:,};"
            f" training loss {compact(then)} then, {compact(train_now)} now"
        )
        advice = "stop here (--restore-best keeps the best weights), or try --dropout, --weight-decay, more data or --patience 5"
        return Finding("overfitting", "warning", since, "the network learns its examples by heart", evidence, advice)
    return None


def underfitting(case: Case) -> Finding | None:
    """Near the end, the loss has hardly come down, though the updates were of a good size."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if case.progress < 0.8 or len(loss) < 2 * _FEW or case.is_warming_up:
        return None
    course = loss.smoothed()
    start, now = course[len(course) // 20], course[-1]
    if now > 0.75 * start and (not len(ratio) or ratio.median() > _SMALL_UPDATE):
        evidence = f"training loss {compact(start)} at first, {compact(now)} after {case.progress:.0%} of the steps"
        advice = "a larger network, a higher --lr, more --epochs, less --dropout; check that inputs and labels belong together"
        return Finding("underfitting", "warning", loss.steps[-1], "the network cannot fit its training data", evidence, advice)
    return None


def plateau(case: Case) -> Finding | None:
    """The objective and the training loss have stood still for long, at a learning rate that did not come down."""
    state = case.state
    objective, rate = case.curve(state.objective), case.rate
    goal = state.declaration(state.objective).get("goal", "min")
    if len(objective) < 10 or not rate.means or rate.means[-1] < 0.9 * max(rate.means) or case.is_warming_up:
        return None
    sign = -1.0 if goal == "max" else 1.0
    values = [sign * value for value in objective.means]
    best = min(values)
    # What is a hundredth better than all before, or of what was gained at all, is no progress.
    enough = best + max(0.01 * abs(best), 0.01 * (values[0] - best))
    at = next(index for index, value in enumerate(values) if value <= enough)
    waited = len(objective.since(max(objective.steps[at], _steady_since(rate)) + 1))
    saturated = state.declaration(state.objective).get("unit") == "%" and abs(best) > 0.97
    if waited >= max(8, 0.4 * len(values)) and not saturated and not _still_falls(case.loss.since(objective.steps[at])):
        evidence = (
            f"{state.objective} {compact(sign * best)} @ {objective.steps[at]:,}, hardly better in the {waited} evaluations"
            f" up to {objective.steps[-1]:,}"
        )
        advice = "lower the rate now (c), use --schedule cosine or plateau, or stop with --patience"
        return Finding("plateau", "info", objective.steps[at], "no progress for long at the same learning rate", evidence, advice)
    return None


def _steady_since(rate: Curve) -> int:
    """The step from which on the learning rate is what it is now: one that rose may have been too low, one that falls may yet do it."""
    now = rate.means[-1]
    return rate.first_step(lambda value: 0.99 * now <= value <= 1.01 * now) or rate.steps[-1]


def _still_falls(loss: Curve) -> bool:
    return len(loss) > 1 and loss.last_share(0.3).median() < 0.95 * loss.first_share(0.3).median()


def _unmoved(case: Case) -> str | None:
    """Which of two networks that play against each other has stood still since it began."""
    for network in ("generator", "discriminator"):
        ratio = case.curve(f"train/{network}_update_ratio")
        if len(ratio) >= 3 and case.state.step >= 2 * _FEW and max(ratio.means) < 10 * _SMALL_UPDATE and not case.is_warming_up:
            return network
    return None


def _update(case: Case) -> str:
    ratio = case.curve("train/update_ratio")
    return f"; each update changes the weights by {ratio.median():.2g} of their size (1e-3 is usual)" if ratio.means else ""


def _faster(case: Case) -> str:
    return f"a higher --lr, such as {compact(min(1.0, rate * 10))}" if (rate := case.value("lr")) else "a higher --lr"
