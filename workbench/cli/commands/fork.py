"""Start a new run that goes on from a checkpoint of another, with other settings, and follow it.

`workbench fork cnn-3 --step 1200 --lr 3e-4 --epochs 40` begins behind step 1,200 of cnn-3 with all that it had learned; without
--step, at its newest good checkpoint. Settings are flags, as for `train`, or NAME=VALUE; the others stay as they were there.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from workbench.clean import clean
from workbench.cli import asking, consent, flags, follow, options, output, usage
from workbench.cli.commands.resume import checked
from workbench.cli.options import Data, Json, Now, RecipePath, RunName, Runs, Slots
from workbench.launching import fork
from workbench.paths import short
from workbench.schema import describe
from workbench.units import grouped

_OWN = frozenset({"--step", "--now", "--slots", "--name", "--tag", "--runs", "--data", "--recipe", "--detach", "--json", "--help", "-h"})


def command_for(arguments: list[str]) -> tuple[Any, list[str]]:
    """The command, and its arguments with flags of settings (`--lr 3e-4`) as changes (`lr=3e-4`)."""
    return usage.command(command, name="fork", help=__doc__), flags.as_changes(arguments, _OWN)


def command(
    context: typer.Context,
    run: RunName,
    changes: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE...]", help="Settings that differ from there on.")] = None,
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The checkpoint at this step; by default the newest.")] = None,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What to call the run.")] = "",
    tags: Annotated[list[str] | None, typer.Option("--tag", metavar="TEXT", help="A word to find it by; may be given again.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return after the first new step; print the id and nothing else.")] = False,
    now: Now = False,
    slots: Slots = "",
    recipe: RecipePath = "",
    runs: Runs = None,
    data: Data = None,
    as_json: Json = False,
) -> int:
    options.use_data(data)
    options.use_slots(slots)
    store = options.store(context, runs)
    feed = asking.find(store, run)
    found = asking.recipe_of(feed, recipe)
    if problem := fork.recipe_problem(feed.record, found):
        raise problem
    assert found is not None
    planned = fork.plan(feed.folder, found, step, checked(asking.pairs(changes or []), feed, recipe))
    consent.settled(planned.config)
    folder = fork.start(
        store, planned, name=asking.label(name), tags=tuple(clean(tag) for tag in tags or ()),
        command_line=["workbench", *(clean(argument) for argument in sys.argv[1:])],
        queue=not now,
    )  # fmt: skip
    if detach:
        return follow.detach(folder)
    say = output.say if as_json else output.emit
    known = {setting.name: setting for setting in describe(found.config)}
    differing = ", ".join(f"{each} {known[each].text(old)} -> {known[each].text(new)}" for each, (old, new) in planned.changes.items())
    say(f"{folder.id}  {found.name}/{planned.record.preset}  in {short(folder.path)}")
    say(f"forked from {feed.folder.id} at step {grouped(planned.fork.step)}: {differing or 'nothing else is changed'}")
    return follow.follow(folder, as_json=as_json)
