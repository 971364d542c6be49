"""Rules over the machine: waiting for data, and a worker that stands still."""

from __future__ import annotations

from workbench.diagnosis.finding import Case, Finding
from workbench.units import age

_WAITING = 0.4  # of a step
_SILENT_SECONDS = 30.0
_SILENT_STEPS = 20.0  # times what a step usually takes


def data_bound(case: Case) -> Finding | None:
    """Steps wait for their input."""
    wait = case.curve("machine/input_wait")
    if len(wait) < 3 or (share := wait.last_share(0.5).median()) < _WAITING:
        return None
    step = wait.first_step(lambda value: value >= _WAITING) or wait.steps[0]
    evidence = f"{share:.0%} of the time goes by waiting for batches, steps {wait.last_share(0.5).steps[0]:,} to {wait.steps[-1]:,}"
    advice = "data that fit the device's memory, less augmentation, larger batches, or a faster disk"
    return Finding("data_bound", "info", step, "the data are slower than the network", evidence, advice)


def stalled(case: Case) -> Finding | None:
    """A run that lives and trains, but has made no step for long."""
    state = case.state
    if not case.is_live or state.paused or state.phase != "training" or not state.step:
        return None
    silent = case.now - state.step_at
    usual = state.clock.read(state.step_at) / state.step
    if silent > max(_SILENT_SECONDS, _SILENT_STEPS * usual):
        evidence = f"no step for {age(silent)}, a step usually takes {usual:.2g} s"
        advice = "look at the machine (memory, disk); `workbench stop --force` ends a worker that does not answer"
        return Finding("stalled", "warning", state.step, "the worker stands still", evidence, advice)
    return None
