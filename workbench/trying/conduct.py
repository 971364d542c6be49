"""The worker's side of a trial: which kind is conducted by what, and one handle after the other for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.recipe import Recipe
from workbench.runs.folder import RunFolder
from workbench.session.journal import Journal
from workbench.session.requests import Requests
from workbench.settings import Common
from workbench.trying import batch_sizes, dry_run, plan, range_test

_CONDUCTED = {"dry-run": dry_run.conduct, "lr": range_test.conduct, "batch_size": batch_sizes.conduct}


def conduct(kind: str, folder: RunFolder, recipe: Recipe, config: Common, journal: Journal, told: Callable[[Requests], None]) -> Any:
    """Try what was asked for in this run, and leave what was found in its folder; returns the last handle.

    Args:
        told: is given the requests of each handle, which signals end.
    """
    made: list[Any] = []

    def begin(handle: type[Any], settings: Common) -> Any:
        made.append(handle(folder, recipe, settings, journal, len(made) + 1))
        told(made[-1].requests)
        return made[-1]

    session, found = _CONDUCTED[kind](recipe, config, begin)
    if found:
        first = made[0]
        about = {"kind": kind, "recipe": recipe.name, "device": str(first.device), "precision": first.precision}
        plan.write_result(folder.path, {**about, "processes": config.machine.processes, "threads": journal.state.threads, **found})
    return session
