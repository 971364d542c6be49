"""Metrics that a recipe logs without having declared them."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable

from workbench.recipe import Task


class Undeclared:
    """Says once that a key is logged which the recipe's task does not declare, and so has no goal, unit or chart."""

    def __init__(self, task: Task, notice: Callable[[str], None]) -> None:
        self._task, self._notice = task, notice
        self._seen: set[str] = set()
        self._told = False

    def look(self, keys: Iterable[str]) -> None:
        fresh = [key for key in keys if key not in self._seen]
        if not fresh:
            return
        self._seen.update(fresh)
        unknown = [key for key in fresh if not any(fnmatch.fnmatchcase(key, each) for each in self._task.metrics)]
        if unknown and not self._told:
            self._told = True
            task = f"task `{self._task.name}` of the recipe"
            self._notice(f"it logs {', '.join(unknown)}, which the {task} does not declare: without goal, unit and chart")
