"""How long a run will take, from what each of its parts took once. Torch-free arithmetic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

CHECKPOINT_SHARE = 0.01  # of the time that went by, as `session.keeper` allows it to routine checkpoints


@dataclass(frozen=True)
class Parts:
    """Seconds that the parts of a run take.

    Attributes:
        start: from the start of the process to the first step: imports, data, model, thread count.
        first_step: how much longer the first step takes than the others.
        first_evaluation: how much longer the first evaluation takes than the others.
    """

    start: float
    step: float
    first_step: float
    evaluation: float
    first_evaluation: float
    preview: float
    checkpoint: float
    test: float


@dataclass(frozen=True)
class Plan:
    """How often a run does what; None where nothing limits it.

    Attributes:
        at_most: whether patience may end it sooner.
    """

    steps: int | None
    evaluate_every: int
    preview_every: int
    checkpoint_every: int | None
    max_seconds: float | None
    at_most: bool


def total(parts: Parts, plan: Plan) -> dict[str, Any]:
    """The estimated run: `seconds`, what they are spent on in `parts`, and the counts; `seconds` is None without a limit.

    Steps, evaluations and previews are counted as the settings have them, and each is taken to cost what it cost in the
    dry run; `max_seconds` cuts the loop off, and start and test come on top of it.
    """
    if plan.steps is None and plan.max_seconds is None:
        return {"seconds": None, "steps": None, "evaluations": None, "previews": None, "checkpoints": None, "parts": {}, "at_most": False}
    steps = _steps(parts, plan)
    evaluations, previews = -(-steps // plan.evaluate_every), -(-steps // plan.preview_every)
    checkpoints = _checkpoints(parts, plan, steps, evaluations)
    loop = {
        "steps": steps * parts.step + parts.first_step,
        "evaluations": evaluations * parts.evaluation + parts.first_evaluation,
        "previews": previews * parts.preview,
        "checkpoints": checkpoints * parts.checkpoint,
    }
    spent = {"start": parts.start, **loop, "test": parts.test}
    counts = {"steps": steps, "evaluations": evaluations, "previews": previews, "checkpoints": checkpoints}
    return {"seconds": sum(spent.values()), **counts, "parts": spent, "at_most": plan.at_most, "measured": asdict(parts)}


def _steps(parts: Parts, plan: Plan) -> int:
    """Those of the plan, or as many as fit into its seconds together with the looks between them."""
    if plan.max_seconds is None:
        assert plan.steps is not None
        return plan.steps
    looks = parts.evaluation / plan.evaluate_every + parts.preview / plan.preview_every
    once = parts.first_step + parts.first_evaluation
    fitting = max(1, round((plan.max_seconds - once) / max(1e-9, parts.step + looks)))
    return fitting if plan.steps is None else min(plan.steps, fitting)


def _checkpoints(parts: Parts, plan: Plan, steps: int, evaluations: int) -> int:
    """Routine ones, and the one at the end."""
    if plan.checkpoint_every is not None:
        return -(-steps // plan.checkpoint_every)
    seconds = steps * parts.step + evaluations * parts.evaluation
    affordable = int(CHECKPOINT_SHARE * seconds / parts.checkpoint) if parts.checkpoint else evaluations
    return min(evaluations, affordable) + 1
