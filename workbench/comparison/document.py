"""A comparison as the JSON that `compare --json` prints. Keys may be added, never renamed; a test pins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from workbench.comparison.compare import Comparison, Line
from workbench.comparison.seeds import Report


def document(comparison: Comparison, reports: Sequence[Report]) -> dict[str, Any]:
    """Lists of `differing_settings` and `metrics` are in the order of `runs`; `groups` are the seeds taken together."""
    return {
        "runs": [dict(report) for report in reports],
        "baseline": comparison.runs[comparison.baseline],
        "objective": comparison.objective,
        "differing_settings": {name: list(values) for name, values in comparison.differing.items()},
        "metrics": {key: asdict(compared) for key, compared in comparison.metrics.items()},
        "groups": [_group(line) for line in comparison.lines],
        "tasks": [asdict(task) for task in comparison.tasks],
        "remarks": list(comparison.remarks),
        "verdict": asdict(comparison.verdict),
    }


def _group(line: Line) -> dict[str, Any]:
    found = asdict(line)
    return {name: found[name] for name in found if name not in ("settings", "words_for_none", "places", "is_other_task")}
