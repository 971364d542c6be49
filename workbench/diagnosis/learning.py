"""Rules over the losses: too fast, too slow, learnt by heart, not learnt at all, stuck."""

from __future__ import annotations

from workbench.diagnosis.curve import Curve
from workbench.diagnosis.finding import Case, Finding
from workbench.units import compact

_FEW = 30  # steps before which a loss says little
_LARGE_UPDATE = 3e-2  # of the weights in one step; healthy runs stay around 1e-3, and under 1e-2 once they are warm
_SMALL_UPDATE = 2e-5


def diverging(case: Case) -> Finding | None:
    """The loss rises and stays up."""
    loss = case.loss
    if len(loss) < _FEW:
        return None
    course = loss.smoothed()
    warm = max(1, len(course) // 20)
    start, best = course[warm - 1], min(course)
    at = course.index(best)
    if (
        course[-1] > max(2 * best, best + 0.5 * (start - best))
        and course[-1] > 1.2 * best + 1e-3
        and loss.steps[-1] - loss.steps[at] > _FEW // 3
    ):
        since = next(step for step, value in zip(loss.steps[at:], course[at:], strict=True) if value > (best + course[-1]) / 2)
        evidence = f"training loss {compact(best)} @ {loss.steps[at]:,}, now {compact(course[-1])}{_update(case)}"
        return Finding("diverging", "error", since, "the learning rate is too high: the loss rises again", evidence, _slower(case))
    return None


def oscillating(case: Case) -> Finding | None:
    """Updates so large that the loss jumps about where it began, or above."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if len(loss) < _FEW or not len(ratio):
        return None
    course = loss.smoothed()
    jump, typical = max(loss.highs), ratio.median()
    stuck = min(course[len(course) // 2 :]) > 0.9 * loss.means[0]
    if stuck and (typical > _LARGE_UPDATE or jump > 3 * loss.means[0]):
        evidence = f"training loss {compact(loss.means[0])} at first, up to {compact(jump)}, now {compact(course[-1])}{_update(case)}"
        cause = "the learning rate is too high: each update overshoots"
        return Finding("oscillating", "error", loss.steps[loss.highs.index(jump)], cause, evidence, _slower(case))
    return None


def too_slow(case: Case) -> Finding | None:
    """Updates so small that the loss hardly moves."""
    loss, ratio, rate = case.loss, case.curve("train/update_ratio"), case.curve("train/lr")
    if (
        len(loss) < 2 * _FEW
        or len(ratio) < 3
        or (rate.means and rate.means[-1] >= 0.99 * max(rate.means) and rate.means[0] < 0.5 * rate.means[-1])
    ):
        return None  # a rate that still rises may yet do it
    typical = max(ratio.means[len(ratio) // 4 :])
    fallen = 1 - loss.smoothed()[-1] / loss.smoothed()[len(loss) // 20] if loss.means[0] else 1.0
    if (typical < 10 * _SMALL_UPDATE and fallen < 0.1) or (typical < _SMALL_UPDATE and fallen < 0.3):
        evidence = f"training loss down by {max(0.0, fallen):.1%} in {loss.steps[-1]:,} steps{_update(case)}"
        return Finding("too_slow", "warning", loss.steps[0], "the learning rate is too low: weights hardly move", evidence, _faster(case))
    return None


def overfitting(case: Case) -> Finding | None:
    """The validation loss rises while the training loss falls."""
    validation, training = case.curve("validation/loss"), case.loss
    if len(validation) < 5 or len(training) < _FEW:
        return None
    best = min(validation.means)
    at = validation.means.index(best)
    behind = validation.means[at + 1 :]
    since, before = validation.steps[at], training.since(validation.steps[at])
    if len(behind) < 3 or not before.means:
        return None
    falls = before.last_share(0.2).median() < 0.95 * Curve(before.steps, before.means).first_share(0.2).median()
    now = sum(behind[-3:]) / 3
    if falls and min(behind[-3:]) > 1.1 * best and now > best + 0.02:
        train_now = before.last_share(0.1).median()
        evidence = f"validation loss {compact(best)} @ {since:,}, now {compact(now)}; training loss {compact(train_now)}"
        advice = "stop here (the best weights are kept), or try --dropout, --weight-decay, more data or --patience 5"
        return Finding("overfitting", "warning", since, "the network learns its examples by heart", evidence, advice)
    return None


def underfitting(case: Case) -> Finding | None:
    """Near the end, the loss has hardly come down, though the updates were of a good size."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if case.progress < 0.8 or len(loss) < 2 * _FEW:
        return None
    course = loss.smoothed()
    start, now = course[len(course) // 20], course[-1]
    if now > 0.75 * start and (not len(ratio) or _SMALL_UPDATE < ratio.median() < _LARGE_UPDATE):
        evidence = f"training loss {compact(start)} at first, {compact(now)} after {case.progress:.0%} of the steps"
        advice = "a larger network, a higher --lr, more --epochs; check that inputs and labels belong together"
        return Finding("underfitting", "warning", loss.steps[-1], "the network cannot fit its training data", evidence, advice)
    return None


def plateau(case: Case) -> Finding | None:
    """The objective has stood still for long, at a learning rate that did not come down."""
    state = case.state
    objective, rate = case.curve(state.objective), case.curve("train/lr")
    goal = state.declaration(state.objective).get("goal", "min")
    if len(objective) < 10 or not rate.means or rate.means[-1] < 0.5 * max(rate.means):
        return None
    sign = -1.0 if goal == "max" else 1.0
    values = [sign * value for value in objective.means]
    best = min(values)
    at = values.index(best)
    waited = len(values) - 1 - at
    saturated = state.declaration(state.objective).get("unit") == "%" and abs(best) > 0.97
    if waited >= max(8, 0.4 * len(values)) and not saturated:
        evidence = f"{state.objective} best {compact(sign * best)} @ {objective.steps[at]:,}, no better in {waited} evaluations"
        advice = "lower the rate now (c), use --schedule cosine or plateau, or stop with --patience"
        return Finding("plateau", "info", objective.steps[at], "no progress for long at the same learning rate", evidence, advice)
    return None


def _update(case: Case) -> str:
    ratio = case.curve("train/update_ratio")
    return f"; an update changes the weights by {ratio.median():.1e} of their length" if ratio.means else ""


def _slower(case: Case) -> str:
    return f"a lower --lr: {compact(rate / 10)}" if (rate := case.value("lr")) else "a lower --lr"


def _faster(case: Case) -> str:
    return f"a higher --lr: {compact(min(1.0, rate * 10))}" if (rate := case.value("lr")) else "a higher --lr"
