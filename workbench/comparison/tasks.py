"""What a run learns and how that is measured; runs of different tasks have numbers that do not compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.comparison.seeds import Report


@dataclass(frozen=True)
class Task:
    """Data, split and metric. A family words its task in its own way, so `words` do not tell two tasks apart."""

    dataset: str
    sha256: str
    split: str
    metric: str
    words: str = ""

    @property
    def name(self) -> str:
        return f"{self.dataset or 'unknown data'} by {self.metric.replace('_', ' ').replace('/', ' ') or 'no metric yet'}"


def task_of(report: Report) -> Task:
    """The task that a run recorded; empty fields where it has not come so far."""
    dataset = report.get("dataset") or {}
    return Task(
        dataset=str(dataset.get("name") or ""),
        sha256=str(dataset.get("sha256") or ""),
        split=str(dataset.get("split_hash") or ""),
        metric=str(report.get("objective") or ""),
        words=str(report.get("task") or ""),
    )


def is_same(one: Task, other: Task) -> bool:
    """Whether two tasks have the same data and metric, as far as both are known."""
    return not any(_differ(one, other, field) for field in (("sha256",) if one.sha256 and other.sha256 else ("dataset",)) + ("metric",))


def remarks(tasks: Sequence[Task], labels: Sequence[str]) -> list[str]:
    """What keeps runs from being compared, in sentences; nothing where all learn the same."""
    groups: list[list[int]] = []
    for place, task in enumerate(tasks):
        home = next((group for group in groups if is_same(tasks[group[0]], task)), None)
        home.append(place) if home else groups.append([place])
    if len(groups) > 1:
        parts = [f"{listed([labels[place] for place in group])}: {tasks[group[0]].name}" for group in groups]
        return [f"different tasks, whose numbers do not compare: {'; '.join(parts)}"]
    apart = [place for place in range(1, len(tasks)) if _differ(tasks[0], tasks[place], "split")]
    if apart:
        named = listed([labels[place] for place in apart])
        return [f"another split than {labels[0]} has: {named}; the examples they are measured on may differ"]
    return []


def listed(labels: Sequence[str]) -> str:
    """Up to three, or the first two and how many more."""
    return ", ".join(labels) if len(labels) < 4 else f"{labels[0]}, {labels[1]} and {len(labels) - 2} more"


def _differ(one: Task, other: Task, field: str) -> bool:
    mine, theirs = getattr(one, field), getattr(other, field)
    return bool(mine and theirs and mine != theirs)
