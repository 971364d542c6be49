"""Rules over the machine: waiting for data, and a worker that stands still."""

from __future__ import annotations

from workbench.diagnosis.advice import any_of, change
from workbench.diagnosis.finding import Case, Finding
from workbench.units import age

_AUGMENTATION = ("shift", "rotate", "zoom", "slant")
_WAITING = 0.4  # of a step
_SILENT_SECONDS = 30.0
_SILENT_STEPS = 20.0  # times what a step usually takes


def data_bound(case: Case) -> Finding | None:
    """Steps wait for their input."""
    wait = case.curve("machine/input_wait")
    if len(wait) < 3 or (share := wait.last_share(0.5).median()) < _WAITING:
        return None
    step = wait.first_step(lambda value: value >= _WAITING) or wait.steps[0]
    evidence = f"{share:.0%} of a step goes by waiting for its batch, steps {wait.last_share(0.5).steps[0]:,} to {wait.steps[-1]:,}"
    moved = {name: 0.0 for name in _AUGMENTATION if case.value(name)}
    advice = any_of(
        change(case, **moved) if moved else "",
        "data that fit the device's memory, or lie on a faster disk",
        "fewer other runs on this machine",
    )
    return Finding("data_bound", "info", step, "data bound: the network waits for its batches", evidence, advice)


def stalled(case: Case) -> Finding | None:
    """A run that lives and trains, but has made no step for long."""
    state = case.state
    if not case.is_live or state.paused or state.phase != "training" or not state.step:
        return None
    silent = case.now - state.step_at
    usual = state.clock.read(state.step_at) / state.step
    if silent > max(_SILENT_SECONDS, _SILENT_STEPS * usual):
        evidence = f"no step for {age(silent)} since step {state.step:,}, a step usually takes {usual:.2g} s"
        ended = (
            f"; end it: workbench stop {case.run} --force; and go on from its last checkpoint: workbench resume {case.run}"
            if case.recipe
            else ""
        )
        advice = f"look whether the machine swaps or its disk is full (workbench doctor){ended}"
        return Finding("stalled", "warning", state.step, "stalled: the worker lives, but makes no step", evidence, advice)
    return None
