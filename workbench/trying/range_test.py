"""The learning-rate range test: a run in which the rate rises at every step, until the loss breaks apart (rules: `rate`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.recipe import Batches, Recipe
from workbench.schema import describe
from workbench.settings import Common
from workbench.training.updating.gradients import NonFiniteGradient
from workbench.trying import rate
from workbench.trying.rehearsal import Rehearsal

_LOSS = "train/loss"
_TOLD = 20  # steps between two words about how far it is


class RangeTest(Rehearsal):
    """Sets the rate before each step and notes the losses behind it. The number of threads is not tuned: timings make no curve."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        bounds = next(setting for setting in describe(self._recipe.config) if setting.name == "lr")
        self.at = rate.rates(float(bounds.maximum or 1.0))
        self.losses: dict[str, list[float]] = {}
        self.broke_at: float | None = None
        self._watches: dict[str, rate.Watch] = {}

    def tune(self, trial: Callable[[], None]) -> None:
        pass

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        names = [_LOSS] if _LOSS in values else [key for key in values if key.startswith("train/") and key.endswith("_loss")]
        if not names:
            raise WorkbenchError(f"`{self._recipe.name}` logs no {_LOSS}", "a range test draws the loss over the rate")
        for key in names:
            loss = float(values[key])
            if self._watches.setdefault(key, rate.Watch()).diverged(loss):
                self.broke_at = self.broke_at or self.at[step - 1]
            if math.isfinite(loss):
                self.losses.setdefault(key, []).append(loss)

    def _before(self, step: int) -> None:
        if step % _TOLD == 1:
            self.phase(f"trying rates: {step} of {len(self.at)}")
        followed = [part for part in self._parts.values() if hasattr(part, "change")]
        if not followed:
            raise WorkbenchError(
                f"`{self._recipe.name}` attaches no optimizer whose rate can be set", "a range test changes it at each step"
            )
        for part in followed:
            part.change("lr", self.at[step - 1])

    def _after(self, step: int, examples: int, data: Batches) -> None:
        self._ending = step == len(self.at) or self.broke_at is not None


def conduct(recipe: Recipe, config: Common, begin: Callable[..., Any]) -> tuple[Any, dict[str, Any]]:
    """Let the rate rise, and name one; returns the run's handle and what was found."""
    if not any(setting.name == "lr" for setting in describe(recipe.config)):
        raise WorkbenchError(f"`{recipe.name}` has no setting `lr`", "")
    run = begin(RangeTest, config)
    try:
        recipe.train(config, run)
    except NonFiniteGradient as bad:
        run.broke_at = run.at[max(0, run.step - 1 - bad.updates_ago)]
    run.completed = not run.requests.stopping
    if not run.completed:
        return run, {}
    if not run.losses:
        raise WorkbenchError("it has nothing to train, so there is no loss to draw", "")
    adversarial = len(run.losses) > 1
    curves = [
        {"metric": key, "points": [[at, loss] for at, loss in zip(run.at, losses, strict=False)], "smoothed": rate.smoothed(losses)}
        for key, losses in run.losses.items()
    ]
    named = rate.named(run.losses, run.at, broke_at=run.broke_at, adversarial=adversarial)
    return run, {**named, "broke_at": run.broke_at, "adversarial": adversarial, "steps": run.step, "curves": curves}
