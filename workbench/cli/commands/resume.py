"""Let a paused run go on, or continue one that ended from its newest good checkpoint, and follow it.

Settings may differ from now on: `workbench resume last epochs=40`, or --epochs 40.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import asking, flags, follow, options, output, usage
from workbench.cli.options import Data, Json, Now, RecipePath, RunName, Runs, Slots, Timeout
from workbench.errors import WorkbenchError, unknown
from workbench.launching import launch
from workbench.runs import control
from workbench.runs.reading.feed import Feed
from workbench.schema import Value, describe

_OWN = {"--now", "--slots", "--runs", "--data", "--timeout", "--recipe", "--detach", "--json", "--help", "-h"}


def command_for(arguments: list[str], runs: Path | None = None) -> tuple[Any, list[str]]:
    """The command, and its arguments with flags of settings (`--epochs 40`) as changes (`epochs=40`)."""
    return usage.command(command, name="resume", help=__doc__), flags.as_changes(arguments, _OWN)


def command(
    context: typer.Context,
    run: RunName,
    changes: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE...]", help="Settings that differ from now on.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return after the first new step; print the id and nothing else.")] = False,
    now: Now = False,
    slots: Slots = "",
    recipe: RecipePath = "",
    runs: Runs = None,
    data: Data = None,
    timeout: Timeout = options.ANSWER_SECONDS,
    as_json: Json = False,
) -> int:
    options.use_data(data)
    options.use_slots(slots)
    feed = asking.find(options.store(context, runs), run)
    run_id, texts = feed.folder.id, asking.pairs(changes or [])
    if feed.status.state == "paused":
        if texts:
            raise WorkbenchError(
                f"{run_id} is paused, and goes on with the settings it has", f"`workbench set {run_id} {(changes or [''])[0]}` changes one"
            )
        asking.ask(feed, "resume", seconds=timeout, as_json=as_json)
        return 0
    if feed.status.state == "queued" and now:
        control.ask(feed.folder, "resume")
        asking.tell(feed, "starts now, beside what trains", as_json=as_json)
        return 0
    if feed.status.is_live:
        raise WorkbenchError(f"{run_id} is {feed.status.state}; there is nothing to resume", f"`workbench attach {run_id}` shows it")
    before = launch.resume(feed.folder, recipe_path=recipe, changes=checked(texts, feed, recipe), queue=not now)
    if detach:
        return follow.detach(feed.folder, after=before, as_json=as_json)
    (output.say if as_json else output.emit)(f"{run_id} goes on behind its newest good checkpoint")
    return follow.follow(feed.folder, after=before, as_json=as_json)


def checked(texts: dict[str, str], feed: Feed, recipe_path: str) -> dict[str, Value]:
    """The changes as values of the recipe's settings.

    Raises:
        WorkbenchError: a name that the recipe does not have, or a value out of bounds.
    """
    found = asking.recipe_of(feed, recipe_path)
    if found is None:
        if texts:
            raise WorkbenchError(
                f"the recipe `{feed.record.recipe}` of {feed.folder.id} was not found", "say where it is with --recipe PATH"
            )
        return {}
    settings = {setting.name: setting for setting in describe(found.config)}
    for name in texts:
        if name not in settings:
            where = f"for recipe `{feed.record.recipe}`"
            raise unknown("setting", name, settings, where=where, hint=f"`workbench recipes {feed.record.recipe}` lists every setting")
    return {name: settings[name].parse(text) for name, text in texts.items()}
