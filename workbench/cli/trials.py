"""Trying before a start: `train --dry-run` and `train --find`, in a run that is thrown away, also after Ctrl-C."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from workbench.charts.rows import Rows
from workbench.cli import output
from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.events.types import Event, Noticed, PhaseChanged
from workbench.launching.trial import Trial
from workbench.recipe import Recipe
from workbench.schema import Settings
from workbench.trying.plan import Kind
from workbench.views import trying

SOUGHT: tuple[Kind, ...] = ("lr", "batch_size")
_POLL_SECONDS = 0.1
_CURVE_ROWS = 16


def kind_of(dry_run: bool, find: str) -> Kind | None:
    """Which trial was asked for, if any.

    Raises:
        WorkbenchError: both were, or what is to be found is neither the rate nor the batch size.
    """
    find = find.replace("-", "_")
    if find and find not in SOUGHT:
        raise unknown("search", find, SOUGHT, where="of --find")
    if find and dry_run:
        raise WorkbenchError("--dry-run and --find are two trials", "try one after the other")
    return "dry-run" if dry_run else next((kind for kind in SOUGHT if kind == find), None)


def run(root: Path, recipe: Recipe, preset: str, config: Settings, kind: Kind, *, as_json: bool, ascii_only: bool) -> int:
    """Conduct a trial and print what it found.

    Raises:
        WorkbenchError: it failed; as a run with these settings would.
    """
    told: set[str] = set()
    with Trial(root, recipe, preset, config, kind) as trial:
        while True:
            for event in trial.poll():
                _tell(event, told)
            found = trial.result()
            if found is not None:
                break
            time.sleep(_POLL_SECONDS)
    if as_json:
        output.emit_json({**found, "preset": preset})
    else:
        _print(kind, found, f"workbench train {recipe.path or recipe.name} --preset {preset}", ascii_only=ascii_only)
    return int(ExitCode.DONE if kind != "dry-run" or found["resumed"]["equal"] else ExitCode.RUN_FAILED)


def _print(kind: Kind, found: dict[str, Any], command: str, *, ascii_only: bool) -> None:
    rows: Rows = []
    match kind:
        case "dry-run":
            table, words = trying.dry_run(found), trying.dry_run_words(found)
            then = ""
        case "lr":
            table, words = [], trying.rate_words(found)
            rows = trying.curve(found, output.columns() - 1, _CURVE_ROWS, ascii_only=ascii_only)
            then = f"{command} --lr {found['lr']:g}" if found["lr"] else ""
        case "batch_size":
            table, words = trying.batch_sizes(found), trying.batch_size_words(found)
            then = f"{command} --batch-size {found['fastest']}" if found["fastest"] else ""
    output.emit_rows(rows, colours=output.colours())
    for text in [*output.table(table), *words]:
        output.emit(text)
    if then:
        output.say(f"next, with your other settings: {then}")


def _tell(event: Event, told: set[str]) -> None:
    if isinstance(event, PhaseChanged):
        if event.phase not in told:  # each batch size that is tried loads anew
            output.say(f"{event.phase} ...")
            told.add(event.phase)
    elif isinstance(event, Noticed):
        output.say(event.message)
