"""A run's trained model on the CPU, and what to write beside its weights."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import torch

from workbench import __version__
from workbench.errors import ExitCode, WorkbenchError
from workbench.finding import by_name, from_path, is_named
from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import read_state
from workbench.runs.reading.state import RunState
from workbench.schema import build
from workbench.training import trained
from workbench.training.trained import Trained

CPU = torch.device("cpu")


class TrainedRun:
    """A run, its state, and its best weights, or those of a step.

    Raises:
        WorkbenchError: it was trained elsewhere, or has no checkpoint (of that step) that can be trusted.
    """

    def __init__(self, folder: RunFolder, step: int | None = None) -> None:
        self.folder, self.record = folder, folder.record()
        self.state: RunState = read_state(folder)
        if self.record.source != "recipe":
            raise WorkbenchError(
                f"{folder.id} was not trained by a recipe of the workbench, which has no weights of it",
                f"`workbench export {folder.id}` takes its numbers elsewhere: --to csv, tensorboard or html",
            )
        self.weights: Trained = trained.best(folder.checkpoints, CPU) if step is None else trained.at(folder.checkpoints, step, CPU)

    @property
    def said(self) -> str:
        """Which weights these are."""
        return f"{'the best weights, of' if self.weights.is_best else 'the weights of'} step {self.weights.step:,}"

    def model(self, recipe_path: str = "") -> tuple[Recipe, Any, torch.nn.Module, tuple[Any, ...]]:
        """(recipe, config, its network with these weights, inputs for it, a batch of one each).

        Args:
            recipe_path: of a recipe that is not among the found ones; never taken from the run's folder.

        Raises:
            WorkbenchError: the recipe is not found, or the weights are not those of its network.
        """
        recipe = self._recipe(recipe_path)
        config = build(recipe.config, {**self.record.settings, **self.state.amended}, recipe=recipe.name)
        module, inputs = recipe.model(config)
        try:
            module.load_state_dict(self.weights.parts["model"])
        except (RuntimeError, KeyError) as error:
            raise WorkbenchError(
                f"the weights of {self.folder.id} do not fit the network that its settings make now: {str(error).splitlines()[0]}",
                "the recipe or its data changed since; `workbench export --to safetensors` takes the weights as they are",
            ) from error
        return recipe, config, module.eval(), inputs if isinstance(inputs, tuple) else (inputs,)

    def elsewhere(self, recipe: Recipe, config: Any, module: torch.nn.Module) -> dict[str, str]:
        """What its network is given and gives, as texts, for whoever runs it without the workbench; empty where the recipe does not say.

        Raises:
            WorkbenchError: its data are no longer what it was trained on.
        """
        told = recipe.use(config, module, self.state.data).elsewhere if recipe.use else None
        if told is None:
            return {}
        part, _ = recipe.serves(config, module, recipe.model(config)[1]) if recipe.serves else (module, ())
        names = inspect.signature(part.forward).parameters
        return {
            "inputs": json.dumps(dict(zip(names, told.inputs, strict=False))),
            "output": told.output,
            **{name: json.dumps(table, ensure_ascii=False) for name, table in told.tables.items()},
        }

    def about(self) -> dict[str, str]:
        """What the weights are, as texts."""
        metrics = {key: found.last for key, found in self.state.summaries.items() if key.startswith(("validation/", "test/"))}
        return {
            "format": "pt",
            "workbench": __version__,
            "run": self.folder.id,
            "name": self.folder.labels().name,
            "recipe": self.record.recipe,
            "preset": self.record.preset,
            "step": str(self.weights.step),
            "is_best": str(self.weights.is_best).lower(),
            "data": str(self.state.data.get("name", "")),
            "classes": json.dumps(self.state.data.get("classes", ())),
            "settings": json.dumps({**self.record.settings, **self.state.amended}),
            "last_metrics": json.dumps({key: value for key, value in metrics.items() if value == value}),
            "versions": json.dumps(self.state.versions),
        }

    def _recipe(self, path: str) -> Recipe:
        if path:
            return from_path(Path(path))
        if self.record.recipe_path and is_named(self.record.recipe_path):
            return from_path(Path(self.record.recipe_path))
        if self.record.recipe_path:
            raise WorkbenchError(
                f"{self.folder.id} was trained by the recipe at {self.record.recipe_path}",
                f"say that it may run, with --recipe {self.record.recipe_path}",
                code=ExitCode.WRONG_USE,
            )
        return by_name(self.record.recipe)
