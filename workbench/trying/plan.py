"""What can be tried, where its run lies while it lasts, and what it leaves for whoever asked. Torch-free."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from workbench.runs.files import read_json, replace_file
from workbench.runs.report import strict_json

Kind = Literal["dry-run", "lr", "batch_size"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PREFIX = ".trying-"  # a folder among the runs, since checkpoints are to be timed on their disk; lists pass over it
_RESULT = "tried.json"


def write_result(folder: Path, result: dict[str, Any]) -> None:
    """Leave what was found for whoever asked; replaced whole, so that it is never read half."""
    replace_file(folder / _RESULT, strict_json(result).encode(), durable=False)


def read_result(folder: Path) -> dict[str, Any] | None:
    """What was found; None where the trial did not get that far."""
    return read_json(folder / _RESULT) or None
