"""Save a checkpoint now; returns when it is on the disk and was read back."""

from __future__ import annotations

import typer

from workbench.cli import asking, options
from workbench.cli.options import Json, RunName, Runs, Timeout


def command(
    context: typer.Context, run: RunName, runs: Runs = None, timeout: Timeout = options.ANSWER_SECONDS, as_json: Json = False
) -> None:
    feed = asking.find(options.store(context, runs), run)
    asking.require_live(feed, "save")
    asking.ask(feed, "save", seconds=timeout, as_json=as_json)
