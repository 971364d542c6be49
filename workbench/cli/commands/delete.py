"""Move a run to the trash folder beside the runs. Nothing is erased."""

from __future__ import annotations

import typer

from workbench.cli import asking, options, output
from workbench.cli.options import Json, RunName, Runs
from workbench.errors import WorkbenchError
from workbench.paths import short


def command(context: typer.Context, run: RunName, runs: Runs = None, as_json: Json = False) -> None:
    store = options.store(context, runs)
    feed = asking.find(store, run)
    run_id = feed.folder.id
    if feed.status.is_live:
        raise WorkbenchError(f"{run_id} is {feed.status.state}; a live run is not deleted", f"`workbench stop {run_id}` ends it first")
    where = store.delete(run_id)
    if as_json:
        output.emit_json({"id": run_id, "trash": str(where)})
    output.say(f"{run_id} lies in {short(where)} now; to have it back: workbench restore {run_id}")
