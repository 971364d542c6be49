"""Open the terminal interface on a run. Leaving it never touches the run."""

from __future__ import annotations

import typer

from workbench.cli import app, options
from workbench.cli.options import Ascii, LowBandwidth, NoMouse, RunName, Runs, Theme


def command(
    context: typer.Context,
    run: RunName,
    runs: Runs = None,
    ascii_only: Ascii = False,
    theme: Theme = "",
    low_bandwidth: LowBandwidth = False,
    no_mouse: NoMouse = False,
) -> None:
    """The options of appearance are read from the context, with those that stand before the command."""
    folder = options.store(context, runs).find(run)
    app.open_interface(context, runs, run_id=folder.id)
