"""The evaluation that counts: which it was, the weights it was made with, and whether patience has run out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.recipe import Task
from workbench.settings import Budget
from workbench.training.early_stopping import EarlyStopping


class Best:
    """Keeps the weights of the best evaluation, by the metric that the run watches.

    Attributes:
        monitor: the metric that decides.
        evaluation: the numbers of the latest evaluation, and the step that it was made behind; -1 before the first.
        weights: the model's, in memory; None before the first evaluation and where they are not to be restored.
    """

    def __init__(self, budget: Budget, task: Task) -> None:
        self.monitor = budget.monitor or task.objective
        self.goal = task.metrics[self.monitor].goal if self.monitor in task.metrics else "min"
        self.evaluation: dict[str, float] = {}
        self.evaluated_at = -1
        self.weights: dict[str, Any] | None = None
        self._keeps_weights = budget.restore_best
        self._stopping = EarlyStopping(budget.patience, min_delta=budget.min_delta, goal="max" if self.goal == "max" else "min")

    @property
    def step(self) -> int | None:
        """Of the best evaluation."""
        return self._stopping.best_step

    @property
    def exhausted(self) -> bool:
        """Whether nothing was better for as many evaluations as patience allows."""
        return self._stopping.exhausted

    @property
    def reason(self) -> str:
        """Why patience ended the run, in words."""
        return f"{self.monitor} has not improved for {self._stopping.waited} evaluations; its best was at step {self.step or 0:,}"

    def is_at(self, step: int) -> bool:
        """Whether the best evaluation was made behind this step."""
        return self.evaluated_at == step == self.step

    def evaluated(self, step: int, numbers: Mapping[str, float], parts: Mapping[str, Any]) -> bool:
        """Take note of an evaluation; whether it is the best so far.

        Raises:
            ValueError: the metric that the run watches is not among the numbers.
        """
        if self.monitor not in numbers:
            raise ValueError(f"the recipe evaluated {', '.join(numbers)}, but the run watches {self.monitor}")
        is_best = self._stopping.update(step, numbers[self.monitor])
        if is_best and self._keeps_weights and "model" in parts:
            self.weights = {name: value.detach().clone() for name, value in parts["model"].state_dict().items()}
        self.evaluation, self.evaluated_at = dict(numbers), step
        return is_best

    def lost(self) -> bool:
        """Whether the weights of the best evaluation are gone; then what comes is compared with nothing before."""
        if self.weights is not None or self.step is None or not self._keeps_weights:
            return False
        self._stopping.best = self._stopping.best_step = None
        return True

    def state_dict(self, *, on_disk: bool) -> dict[str, Any]:
        """As primitives and tensors; the weights are left out where a checkpoint `on_disk` has them."""
        return {
            "early_stopping": self._stopping.state_dict(),
            "best": {"step": self.step, "weights": None if on_disk else self.weights},
            "evaluation": self.evaluation,
            "evaluated_at": self.evaluated_at,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As it was when a checkpoint was saved. Its weights may lie elsewhere: in the model as saved, or another checkpoint."""
        self._stopping.load_state_dict(state["early_stopping"])
        self.evaluation, self.evaluated_at = dict(state["evaluation"]), int(state["evaluated_at"])
        self.weights = state["best"]["weights"]
        if self.weights is None and state["best"]["step"] == int(state["step"]):
            self.weights = {name: value.clone() for name, value in state["parts"]["model"].items()}
