"""The trained models that are being used: built once, kept for the next question, brought up to date while a run goes on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.errors import ExitCode, WorkbenchError
from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.training import checkpoint
from workbench.uses import Use
from workbench.using import int8
from workbench.using.trained_run import TrainedRun

_KEPT = 4  # models in memory
Key = tuple[str, str, int | None, bool]


@dataclass(frozen=True)
class InUse:
    """A trained model with what it can be asked."""

    run: TrainedRun
    recipe: Recipe
    module: nn.Module
    use: Use
    newest: str  # checkpoint of the run when its weights were read
    saved: dict[str, Any] | None = None  # what int8 came to

    def about(self) -> dict[str, Any]:
        """Which run and which weights these are."""
        weights = self.run.weights
        return {"id": self.run.folder.id, "recipe": self.recipe.name, "step": weights.step, "is_best": weights.is_best,
                "said": self.run.said, "int8": self.saved}  # fmt: skip


_models: dict[Key, InUse] = {}


def load(folder: Path, *, recipe: str = "", step: int | None = None, as_int8: bool = False) -> InUse:
    """The model of a run, from memory unless there are newer weights.

    Args:
        recipe: the path of a recipe that is not among the found ones.
        step: of a checkpoint; None for the best weights.

    Raises:
        WorkbenchError: there is no such run or checkpoint, or its recipe offers no use.
    """
    key = (str(folder), recipe, step, as_int8)
    newest = _newest(folder)
    found = _models.pop(key, None)
    if found is None or found.newest != newest:
        found = _build(folder, recipe, step, as_int8, newest)
    while len(_models) >= _KEPT:
        _models.pop(next(iter(_models)))
    _models[key] = found
    return found


def forget() -> None:
    """Let go of all models: the process has something else to do with its memory."""
    _models.clear()


def _build(folder: Path, recipe: str, step: int | None, as_int8: bool, newest: str) -> InUse:
    with torch.random.fork_rng(devices=[]):  # untrained weights are drawn, and thrown away
        run = TrainedRun(RunFolder(folder), step)
        found, config, module, inputs = run.model(recipe)
    if found.use is None:
        raise WorkbenchError(
            f"the recipe `{found.name}` does not say what its models can be asked",
            "a recipe offers it with `use`, see workbench/uses.py",
            code=ExitCode.WRONG_USE,
        )
    saved = None
    if as_int8:
        plain, (module, saved) = module, int8.quantised(module)
        saved |= int8.compared(found, config, plain, module, inputs)
    return InUse(run, found, module, found.use(config, module, run.state.data), newest, saved)


def _newest(folder: Path) -> str:
    """The name of the newest checkpoint; its folder's time of change tells a step that was saved again."""
    for path in checkpoint.newest_first(folder / "checkpoints"):
        with contextlib.suppress(FileNotFoundError):  # a run that trains removes the older ones meanwhile
            return f"{path.name}@{path.stat().st_mtime_ns}"
    return ""
