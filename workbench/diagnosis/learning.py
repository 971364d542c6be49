"""Rules over the losses: too fast, too slow, learnt by heart, not learnt at all, stuck."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from workbench.diagnosis.advice import any_of, change, earlier, faster, slower, tidy
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
# How many evaluations agree, by which factor they are worse than the best, and below which share of the validation loss the
# training loss lies: a network that has not learnt by heart is no better than half on its own examples.
_BY_HEART = ((3, 1.03, 0.1), (4, 1.05, 0.5))
_WORSE_BY = 0.01  # and of the first training loss above it: less matters to nobody
_AROUND = 6  # evaluations before and behind the best
_NO_CHANCE = 4.0  # deviations of the noise by which each of the last evaluations lies above the best

_LUCK = 3  # evaluations whose mean no single lucky one makes
_LITTLE = 0.03  # of a training loss


def diverging(case: Case) -> Finding | None:
    """The loss fell, rises, and stays up."""
    loss = case.loss
    if len(loss) < _FEW:
        return None
    course = loss.smoothed()
    start, best, now = case.most_loss, min(course), min(course[-_FEW // 3 :])
    at = course.index(best)
    speed = case.curve("train/update_ratio").since(loss.steps[at]).median()
    regained = _REGAINED_AT_SPEED if speed > _SPEED else _REGAINED
    if best > _LEARNT * start or len(course) - at <= _FEW // 3 or now < best + regained * (start - best):
        return None
    since = next(step for step, value in zip(loss.steps[at:], course[at:], strict=True) if value > (best + now) / 2)
    evidence = f"training loss {compact(best)} @ {loss.steps[at]:,}, now {compact(course[-1])} @ {loss.steps[-1]:,}{_update(case)}"
    rate = case.value("lr")
    advice = any_of(slower(case), earlier(case, since, lr=tidy(rate / 10)) if rate else "")
    return Finding("diverging", "error", since, "the learning rate is too high: the loss rises again", evidence, advice)


def oscillating(case: Case) -> Finding | None:
    """Updates so large that the loss jumps about where it began, or above."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if len(loss) < _FEW or case.origin or case.is_warm:  # what had learnt before has nowhere to fall to, and little to jump from
        return None
    course = loss.smoothed()
    jump, typical = max(loss.highs), ratio.median()
    stuck = min(course) > _LEARNT * loss.means[0] and min(course[len(course) // 2 :]) > 0.9 * loss.means[0]
    if stuck and (jump > 3 * loss.means[0] or (typical > _LARGE_UPDATE and jump > 1.2 * loss.means[0])):
        step = loss.steps[loss.highs.index(jump)]
        evidence = (
            f"training loss {compact(loss.means[0])} @ {loss.steps[0]:,}, {compact(jump)} @ {step:,},"
            f" now {compact(course[-1])} @ {loss.steps[-1]:,}{_update(case)}"
        )
        cause = "the learning rate is too high: each update overshoots"
        return Finding(
            "oscillating", "error", step, cause, evidence, slower(case, warmup_steps=100) if _starts_at_once(case) else slower(case)
        )
    return None


def too_slow(case: Case) -> Finding | None:
    """Updates so small that the loss hardly moves; in an adversarial run, whose losses say nothing, so small that nothing can."""
    if (network := _unmoved(case)) is not None:
        ratio = case.curve(f"train/{network}_update_ratio")
        cause = f"the learning rate is too low: the {network} hardly moves"
        evidence = (
            f"each update changes its weights by at most {max(ratio.means):.2g} of their size up to {case.state.step:,} (1e-2 is usual)"
        )
        own = case.value("discriminator_lr") if network == "discriminator" else None
        advice = change(case, discriminator_lr=1.0) if own is not None and own < 1 else faster(case)
        return Finding("too_slow", "warning", ratio.steps[0], cause, evidence, advice)
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if len(loss) < 2 * _FEW or len(ratio) < 3 or case.is_warming_up:
        return None  # a rate that still rises may yet do it
    typical = max(ratio.means[len(ratio) // 4 :])
    course = loss.smoothed()
    fallen = 1 - course[-1] / course[len(loss) // 20] if course[len(loss) // 20] else 1.0
    if (typical < 10 * _SMALL_UPDATE and fallen < 0.1) or (typical < _SMALL_UPDATE and fallen < 0.3):
        first = len(loss) // 20
        evidence = (
            f"training loss {compact(course[first])} @ {loss.steps[first]:,}, {compact(course[-1])} @ {loss.steps[-1]:,}"
            f" (down by {max(0.0, fallen):.1%}){_update(case)}"
        )
        return Finding("too_slow", "warning", loss.steps[0], "the learning rate is too low: weights hardly move", evidence, faster(case))
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
    if not before.means:
        return None
    # As a rate comes down evaluations stray less and less: how far the best did is told by those around it.
    by_chance = _NO_CHANCE * max(validation.since(since).noise(), validation.around(at, _AROUND).noise())
    level = min(validation.without_spikes())  # the least of many evaluations is a lucky one
    then, train_now = before.first_share(0.1).median(), before.last_share(0.1).median()
    for count, factor, share in _BY_HEART:
        late = behind[-count:]
        if len(behind) < max(count, len(validation) // 8) or train_now >= 0.9 * then or train_now >= share * median(late):
            continue
        least = min(late)
        if least <= level + by_chance or median(late) <= max(factor * level, level + _WORSE_BY * case.most_loss):
            continue
        evidence = (
            f"validation loss {compact(best)} @ {since:,}, its best, at least {compact(least)} since {validation.steps[-count]:,},"
            f" {compact(validation.means[-1])} @ {validation.steps[-1]:,}; training loss {compact(then)} then,"
            f" {compact(train_now)} @ {training.steps[-1]:,}"
        )
        cause = "overfitting: the network learns its examples by heart"
        return Finding("overfitting", "warning", since, cause, evidence, _regularise(case, since))
    return None


def underfitting(case: Case) -> Finding | None:
    """Near the end, the loss has hardly come down, though the updates were of a good size."""
    loss, ratio = case.loss, case.curve("train/update_ratio")
    if case.progress < 0.8 or len(loss) < 2 * _FEW or case.is_warming_up:
        return None
    begun, now = case.beginning, loss.smoothed()[-1]
    if begun is not None and now > 0.75 * begun[1] and (not len(ratio) or ratio.median() > _SMALL_UPDATE):
        evidence = (
            f"training loss {compact(begun[1])} @ {begun[0]:,}, {compact(now)} @ {loss.steps[-1]:,},"
            f" after {case.progress:.0%} of the steps{_update(case)}"
        )
        cause = "underfitting: the network does not fit its training data"
        return Finding("underfitting", "warning", loss.steps[-1], cause, evidence, _strengthen(case))
    return None


def plateau(case: Case) -> Finding | None:
    """The objective and the training loss have stood still for long, at a learning rate that did not come down."""
    state = case.state
    objective, rate = case.curve(state.objective), case.rate
    goal = state.declaration(state.objective).get("goal", "min")
    if len(objective) < 10 or not rate.means or rate.means[-1] < 0.9 * max(rate.means) or case.is_warming_up:
        return None
    sign = -1.0 if goal == "max" else 1.0
    course = replace(objective, means=tuple(sign * value for value in objective.means))
    # A single lucky evaluation is no progress, nor is what is a hundredth better than all before, or of what was gained at all.
    values = course.smoothed(_LUCK)
    best, noise = min(values), course.noise()
    negligible = max(0.01 * abs(best), 0.01 * (course.means[0] - best))
    at = next(index for index, value in enumerate(values) if value <= best + max(negligible, noise))
    since = max(objective.steps[at], _steady_since(rate))
    waited, loss = course.since(since + 1), case.loss.since(since)
    saturated = state.declaration(state.objective).get("unit") == "%" and abs(best) > 0.97
    if len(waited) < max(8, 0.4 * len(values)) or saturated:
        return None
    if waited.falls(at_least=negligible) or loss.falls(at_least=_LITTLE * abs(loss.median())):
        return None
    then, now = f"{compact(sign * values[at])} @ {objective.steps[at]:,}", f"{compact(sign * values[-1])} @ {objective.steps[-1]:,}"
    evidence = (
        f"{state.objective} {then}, {now}, at best {compact(sign * best)} in the {len(waited)} evaluations between"
        f" (means of {_LUCK} of them; a single one strays by {compact(noise)})"
    )
    rate_now = case.value("lr")
    advice = any_of(
        change(case, lr=float(f"{rate_now / 3:.1g}")) if rate_now else "lower the learning rate to a third",
        change(case, schedule="cosine"),
        change(case, patience=5),
    )
    return Finding("plateau", "info", objective.steps[at], "plateau: no progress for long at the same learning rate", evidence, advice)


def _steady_since(rate: Curve) -> int:
    """The step from which on the learning rate is what it is now: one that rose may have been too low, one that falls may yet do it."""
    now = rate.means[-1]
    return rate.first_step(lambda value: 0.99 * now <= value <= 1.01 * now) or rate.steps[-1]


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


def _starts_at_once(case: Case) -> bool:
    return case.value("warmup_steps") == 0


def _regularise(case: Case, best_step: int) -> str:
    """Stop, since the best weights are kept; or hold the network back."""
    kept = f"; the best weights, of step {best_step:,}, are kept" if case.settings.get("restore_best") else ""
    stop = f"stop it: workbench stop {case.run}{kept}" if case.is_live and case.recipe else ""
    decay = case.value("weight_decay")
    return any_of(
        stop,
        change(case, patience=5),
        change(case, dropout=0.3) if (case.value("dropout") or 0.0) < 0.3 else "",
        change(case, weight_decay=min(1.0, 10 * decay) if decay else 1e-2) if decay is not None else "",
        "more data",
    )


_SIZES = ("hidden", "width", "dense", "embedding")  # settings that make a network larger, in the order of what helps most
_SMALL, _USUAL = 16, 32  # units


def _strengthen(case: Case) -> str:
    """Take away what holds the network back; make it larger; let it go on."""
    dropout, penalty, epochs = case.value("dropout") or 0.0, case.value("l1") or 0.0, case.value("epochs")
    sizes = {name: int(size) for name in _SIZES if (size := case.value(name))}
    small = {name: _USUAL for name, size in sizes.items() if size < _SMALL}
    larger = small or {name: 2 * size for name, size in list(sizes.items())[:1]}
    return any_of(
        change(case, l1=0.0) if penalty else "",
        change(case, dropout=0.1) if dropout > 0.3 else "",
        change(case, **larger) if larger else "make the network larger",
        change(case, epochs=int(2 * epochs)) if epochs else "",
        "see whether inputs and labels belong together (b, before a start, shows a batch)",
    )
