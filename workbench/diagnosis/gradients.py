"""Rules over gradients: not finite, exploding, vanishing by layer or by time step, clipped away, units that are dead."""

from __future__ import annotations

from workbench.diagnosis.finding import Case, Finding
from workbench.units import compact

_FEW = 20
_EXPLODED = 100.0  # times the median so far
_VANISHED = 1e-4  # of the largest layer's norm
_FORGOTTEN = 1e-6  # of the gradient at the last time step
_PATIENCE = 0.4  # of the steps: an LSTM from torch's own initialisation learns to add 100 steps back after a third of them
_CLIPPED = 0.95  # of the steps
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
    evidence = f"{first} @ {step:,}" if first else state.ended.reason if state.ended else ""
    advice = (state.ended.advice if state.ended else "") or "a lower --lr, or --clip-norm 1"
    return Finding("not_finite", "error", step, "a loss or gradient was NaN or infinite", evidence, advice)


def exploding(case: Case) -> Finding | None:
    """The global norm grows out of all proportion."""
    for key in _norms(case):
        norm = case.curve(key)
        if len(norm) < _FEW:
            continue
        usual = norm.median()
        late = norm.since(norm.steps[len(norm) // 10])
        largest = max(late.highs, default=0.0)
        if usual > 0 and largest > _EXPLODED * usual and largest > 10:
            step = late.steps[late.highs.index(largest)]
            evidence = f"{key} {compact(largest)} @ {step:,}, usually {compact(usual)}"
            advice = f"--clip-norm {compact(max(1.0, float(f'{2 * usual:.1g}')))}, or a lower --lr"
            return Finding("exploding", "error", step, "gradients explode", evidence, advice)
    return None


def vanishing_layers(case: Case) -> Finding | None:
    """Early layers get next to no gradient."""
    layers = {name: curve.last_share(0.25).median() for name, curve in case.layers("train/grad_norm/").items() if len(curve) >= _FEW}
    if len(layers) < 3:
        return None
    least, largest = min(layers, key=lambda name: layers[name]), max(layers, key=lambda name: layers[name])
    if layers[largest] > 0 and layers[least] < _VANISHED * layers[largest] and layers[least] > 0:
        curve = case.layers("train/grad_norm/")[least]
        evidence = f"gradient norm of {least} {compact(layers[least])}, of {largest} {compact(layers[largest])}"
        advice = "--batch-norm, ReLU instead of tanh, fewer layers, or orthogonal initialisation"
        return Finding("vanishing_layers", "warning", curve.steps[0], f"{least} hardly learns: its gradient vanishes", evidence, advice)
    return None


def vanishing_time(case: Case) -> Finding | None:
    """The gradient does not reach back to the first time steps; a network that begins so may yet learn to carry it."""
    reach = case.curve("validation/gradient_reach")
    if len(reach) < 3 or max(reach.last_share(0.5).median(), reach.means[-1]) >= _FORGOTTEN:
        return None
    if case.state.steps_total and case.progress < _PATIENCE:
        return None
    evidence = f"the gradient at the first time step is {compact(reach.means[-1])} of that at the last"
    advice = "--cell lstm or gru with --forget-bias 1, --init orthogonal, or shorter sequences"
    step = reach.first_step(lambda value: value < _FORGOTTEN) or reach.steps[0]
    return Finding("vanishing_time", "warning", step, "the gradient vanishes through time: early inputs are not learnt", evidence, advice)


def clipped(case: Case) -> Finding | None:
    """Nearly every step is clipped, so the threshold, not the gradient, decides how far a step goes."""
    largest = case.value("clip_norm")
    norm = case.curve("train/grad_norm")
    if largest is None or len(norm) < 2 * _FEW:
        return None
    late = norm.last_share(0.5)
    share = sum(low > largest for low in late.lows) / len(late.lows)
    usual = late.median()
    if share > _CLIPPED and usual > 3 * largest:
        steps = late.steps[-1] - late.steps[0]
        evidence = f"{share:.0%} of the last {steps:,} steps over {compact(largest)}; the norm is usually {compact(usual)}"
        advice = f"--clip-norm {compact(float(f'{2 * usual:.1g}'))}, which only catches what stands out, or a lower --lr"
        return Finding("clipped", "info", late.steps[0], "nearly every step is clipped", evidence, advice)
    return None


def dead_units(case: Case) -> Finding | None:
    """Units that answer every example alike."""
    shares = {name: curve for name, curve in case.layers("validation/dead_units/").items() if len(curve) >= 2}
    worst = max(shares, key=lambda name: shares[name].means[-1], default=None)
    if worst is None or min(shares[worst].means[-2:]) < _DEAD:
        return None
    step = shares[worst].first_step(lambda share: share >= _DEAD) or shares[worst].steps[-1]
    evidence = f"{shares[worst].means[-1]:.0%} of the units of {worst} answer every example alike"
    return Finding("dead_units", "warning", step, "units have died", evidence, "a lower --lr, --batch-norm, or another --seed")


def _norms(case: Case) -> list[str]:
    return [key for key in case.state.series if key.startswith("train/") and key.endswith("grad_norm")]
