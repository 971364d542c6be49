"""Open the terminal interface on a run. Leaving it never touches the run."""

from __future__ import annotations

import typer

from workbench.cli import app, options
from workbench.cli.options import RunName, Runs


def command(context: typer.Context, run: RunName, runs: Runs = None) -> None:
    folder = options.store(context, runs).find(run)
    app.open_interface(context, runs, run_id=folder.id)
