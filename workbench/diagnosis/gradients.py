"""Rules over gradients: not finite, exploding, vanishing by layer or by time step, clipped away, units that are dead."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from workbench.diagnosis.advice import any_of, change, slower
from workbench.diagnosis.finding import Case, Finding
from workbench.units import compact

_FEW = 20
_EXPLODED = 100.0  # times the median before, and of the first steps
_BEFORE = 50  # steps
_CANDIDATES = 8  # of the largest norms, one of which is the explosion if there is one
_VANISHED = 1e-4  # of the largest layer's norm
# Of the gradient at the last time step. Text, whose next character hangs on the last few, comes to 1e-7. Below _LOST it is no
# number of fp32 any more; above it, some networks still find their way for more than half of their steps.
_FORGOTTEN, _LOST = 1e-9, 1e-19
_PATIENCE = 0.77  # of the steps: LSTMs from torch's own initialisation learnt to add 100 steps back after 0.38, 0.52 and 0.75 of them
_CLIPPED = 0.95  # of the steps
_FAR_ABOVE = 5.0  # times the threshold; optimizers that rescale gradients themselves bear less
_DEAD = 0.65  # of a layer's units; dense layers of 64 ReLU without a norm had up to 0.41 and learned well


def not_finite(case: Case) -> Finding | None:
    """A loss or a gradient was NaN or infinite."""
    state = case.state
    watched = [key for key in state.summaries if key.startswith("train/") and key.endswith(("loss", "grad_norm"))]
    lost = {key: state.summaries[key].nonfinite_steps[0] for key in watched if state.summaries[key].nonfinite_steps}
    failed = state.ended is not None and state.ended.state == "failed" and any(word in state.ended.reason for word in ("NaN", "infinite"))
    if not lost and not failed:
        return None
    first = min(lost, key=lambda key: lost[key]) if lost else ""
    step = lost[first] if lost else state.ended.step if state.ended else state.step
    evidence = "; ".join(filter(None, (*_where(case, lost), state.ended.reason if failed and state.ended else "")))
    clipped = {"clip_norm": 1.0} if case.settings.get("clip_norm", 0) is None else {}
    anew = replace(case, is_live=False)  # weights that are lost recover by no other setting
    advice = f"{slower(anew, **clipped)}; the weights before it are kept in the last checkpoint"
    return Finding("not_finite", "error", step, "a loss or gradient became NaN or infinite", evidence, advice)


def exploding(case: Case) -> Finding | None:
    """The global norm jumps out of all proportion to what it was just before and to what it began with."""
    for key in _norms(case):
        norm = case.curve(key)
        if len(norm) < _FEW:
            continue
        for at in sorted(range(1, len(norm)), key=lambda index: -norm.highs[index])[:_CANDIDATES]:
            usual = max(median(norm.means[max(0, at - _BEFORE) : at]), median(norm.means[:_FEW]))
            largest, step = norm.highs[at], norm.steps[at]
            if usual > 0 and largest > _EXPLODED * usual and largest > 10:
                evidence = f"{key} {compact(largest)} @ {step:,}, usually {compact(usual)} before"
                threshold = max(1.0, float(f"{2 * usual:.1g}"))
                kept = case.value("clip_norm")
                advice = any_of(change(case, clip_norm=threshold) if kept is None or kept > threshold else "", slower(case))
                return Finding("exploding", "error", step, "gradients explode", evidence, advice)
    return None


def vanishing_layers(case: Case) -> Finding | None:
    """Early layers get next to no gradient."""
    for prefix in _norms(case):
        reached = {name: curve for name, curve in case.layers(f"{prefix}/").items() if len(curve) >= _FEW}
        usual = {name: curve.last_share(0.25).median() for name, curve in reached.items()}
        layers = {name: norm for name, norm in usual.items() if norm > 0}  # of others no gradient vanishes: there is none
        if len(layers) < 3:
            continue
        least, largest = min(layers, key=lambda name: layers[name]), max(layers, key=lambda name: layers[name])
        if layers[least] < _VANISHED * layers[largest]:
            step = reached[least].first_step((_VANISHED * layers[largest]).__gt__) or case.state.step
            evidence = f"gradient norm of {least} {compact(layers[least])}, of {largest} {compact(layers[largest])} @ {case.state.step:,}"
            depth = {name: max(1, int(size) // 2) for name in ("layers", "blocks") if (size := case.value(name)) and size > 1}
            advice = any_of(
                change(case, batch_norm=True),
                change(case, init="orthogonal"),
                change(case, cell="lstm") if case.settings.get("cell") == "rnn" else "",
                change(case, **depth) if depth else "fewer layers",
            )
            return Finding("vanishing_layers", "warning", step, f"{least} hardly learns: its gradient vanishes", evidence, advice)
    return None


def vanishing_time(case: Case) -> Finding | None:
    """The gradient does not reach back to the first time steps; a network that begins so may yet learn to carry it."""
    reach = case.curve("validation/gradient_reach")
    if len(reach) < 3:
        return None
    most = max(reach.last_share(0.5).median(), reach.means[-1])
    if most >= (_FORGOTTEN if case.progress >= _PATIENCE or not case.state.steps_total else _LOST):
        return None
    evidence = (
        f"the gradient at the first time step is {compact(reach.means[-1])} of that at the last @ {reach.steps[-1]:,}"
        f" ({compact(reach.means[0])} @ {reach.steps[0]:,})"
    )
    length = case.value("length")
    memory = {"cell": "lstm"} if case.settings.get("cell") == "rnn" else {}
    biased = {} if case.settings.get("cell") == "gru" else {"forget_bias": 1.0}
    advice = any_of(
        change(case, **memory, **biased),
        change(case, init="orthogonal"),
        change(case, length=max(2, int(length) // 2)) if length else "shorter sequences",
    )
    step = reach.first_step(lambda value: value < _FORGOTTEN) or reach.steps[0]
    return Finding("vanishing_time", "warning", step, "the gradient vanishes through time: early inputs are not learnt", evidence, advice)


def clipped(case: Case) -> Finding | None:
    """Nearly every step is clipped, so the threshold, not the gradient, decides how far a step goes."""
    largest = case.value("clip_norm")
    if largest is None:
        return None
    for key in _norms(case):
        norm = case.curve(key)
        late = norm.last_share(0.5)
        if len(norm) < 2 * _FEW:
            continue
        share = sum(low > largest for low in late.lows) / len(late.lows)
        usual = late.median()
        if share > _CLIPPED and usual > _FAR_ABOVE * largest:
            span = f"steps {late.steps[0]:,} to {late.steps[-1]:,}"
            evidence = f"{share:.0%} of {span} had a norm over clip_norm {compact(largest)}: {key} is usually {compact(usual)}"
            advice = any_of(f"{change(case, clip_norm=float(f'{2 * usual:.1g}'))} (it then catches only what stands out)", slower(case))
            cause = "nearly every step is clipped: the threshold, not the gradient, decides how far it goes"
            return Finding("clipped", "info", late.steps[0], cause, evidence, advice)
    return None


def dead_units(case: Case) -> Finding | None:
    """Units that answer every example alike."""
    shares = {name: curve for name, curve in case.layers("validation/dead_units/").items() if len(curve) >= 2}
    worst = max(shares, key=lambda name: shares[name].means[-1], default=None)
    if worst is None or min(shares[worst].means[-2:]) < _DEAD:
        return None
    step = shares[worst].first_step(lambda share: share >= _DEAD) or shares[worst].steps[-1]
    dead = shares[worst]
    evidence = f"{dead.means[-1]:.0%} of the units of {worst} are dead @ {dead.steps[-1]:,} ({dead.means[0]:.0%} @ {dead.steps[0]:,})"
    advice = any_of(
        slower(case),
        change(case, batch_norm=True),
        change(case, nonlinearity="tanh") if case.settings.get("cell") == "rnn" else "",
        change(case, seed=int(case.value("seed") or 0) + 1),
    )
    return Finding("dead_units", "warning", step, f"dead units: most of {worst} answers every example alike", evidence, advice)


def _norms(case: Case) -> list[str]:
    return [key for key in case.state.series if key.startswith("train/") and key.endswith("grad_norm")]


def _where(case: Case, lost: dict[str, int]) -> list[str]:
    """Which metric was not finite first, since when, how often, and what it was before; and at which rate."""
    if not lost:
        return []
    first = min(lost, key=lambda key: lost[key])
    summary, before = case.state.summaries[first], case.curve(first)
    places = [at for at, step in enumerate(before.steps) if step < lost[first]]
    words = [f"{first} not finite @ {lost[first]:,}, in {summary.nonfinite:,} of {summary.count:,} steps"]
    if places:
        words.append(f"{compact(before.means[places[-1]])} @ {before.steps[places[-1]]:,} before it")
    return words
