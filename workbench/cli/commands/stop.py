"""End a run after the step it is in, with a checkpoint from which `workbench resume RUN` continues.

--force kills a worker that does not answer; its newest checkpoint stays.
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from workbench.cli import asking, options
from workbench.cli.options import Json, RunName, Runs, Timeout
from workbench.launching.awaiting import await_leaving
from workbench.launching.force import force_stop

_DEATH_SECONDS = 5.0  # a killed process may take a moment to let go of its lock


def command(
    context: typer.Context,
    run: RunName,
    force: Annotated[bool, typer.Option("--force", help="Kill the worker instead of asking it.")] = False,
    runs: Runs = None,
    timeout: Timeout = options.ANSWER_SECONDS,
    as_json: Json = False,
) -> None:
    feed = asking.find(options.store(context, runs), run)
    asking.require_live(feed, "stop")
    if not force:
        queued = feed.status.state == "queued"
        asking.ask(feed, "stop", seconds=timeout, as_json=as_json, said="taken out of the queue; nothing was trained" if queued else "")
        await_leaving(feed.folder)
        return
    force_stop(feed.folder, feed)
    deadline = time.monotonic() + _DEATH_SECONDS
    while feed.read_all().status.is_live and time.monotonic() < deadline:
        time.sleep(0.05)
    asking.tell(feed, f"killed; {asking.in_words(feed)}", as_json=as_json)
