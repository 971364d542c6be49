"""Bring in runs of other tools, to be viewed and compared beside ours: TensorBoard's event files, or a CSV table.

\b
  workbench import logs/                             each folder of event files is a run (train/ and validation/ are one)
  workbench import results.csv --goal val_loss=min   a column of steps (step, iteration, epoch), and numbers
  workbench import results.csv --step batch_idx --leave-out phase --missing n/a

Columns are parted by commas, semicolons, tabs or |. Empty cells are steps at which a metric was not logged. What is no number is
refused with its line, and nothing is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Json, Runs
from workbench.errors import WorkbenchError
from workbench.importing.csv_table import Reading
from workbench.importing.keep import keep, read, twins
from workbench.recipe import Goal


def command(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="A table, an event file, or a folder of event files.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="By default that of the file or folder.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="May be given several times.")] = None,
    goal: Annotated[list[str] | None, typer.Option("--goal", metavar="METRIC=min|max", help="Which is better; the first decides.")] = None,
    step: Annotated[str, typer.Option("--step", metavar="COLUMN", help="Of a table, the column of steps.")] = "",
    leave_out: Annotated[list[str] | None, typer.Option("--leave-out", metavar="COLUMN", help="Of a table, one that is no metric.")] = None,
    missing: Annotated[
        list[str] | None, typer.Option("--missing", metavar="TEXT", help="Of a table, what stands where nothing was logged: n/a, -.")
    ] = None,
    decimal_comma: Annotated[bool, typer.Option("--decimal-comma", help="Of a table, numbers such as 0,5.")] = False,
    runs: Runs = None,
    as_json: Json = False,
) -> None:
    goals = dict(_goal(text) for text in goal or ())
    store = options.store(context, runs)
    how = Reading(step, tuple(leave_out or ()), tuple(missing or ()), decimal_comma)
    found = [run for path in paths for run in read(path.expanduser(), how)]
    before = {run.origin: twins(store, run) for run in found}
    kept = [(keep(store, run, goals=goals, name=name, tags=tuple(tag or ())), run) for run in found]
    if as_json:
        output.emit_json([{"id": folder.id, "name": name or run.name, "origin": run.origin, "notes": run.notes} for folder, run in kept])
    for folder, run in kept:
        count = sum(map(len, run.series.values()))
        output.say(f"{folder.id}: {output.plural(count, 'number')} of {output.plural(len(run.series), 'metric')} from {run.origin}")
        if again := before[run.origin]:
            output.say(f"  {' and '.join(again)} came from there, too; `workbench delete {again[-1]}` takes the older one away")
        for note in run.notes:
            output.say(f"  {note}")


def _goal(text: str) -> tuple[str, Goal]:
    key, _, better = text.rpartition("=")
    if not key or better not in ("min", "max"):
        raise WorkbenchError(f"`{text}` is no goal, expected METRIC=min or METRIC=max", "for example --goal validation/loss=min")
    return key, "min" if better == "min" else "max"
