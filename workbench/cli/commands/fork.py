"""Start a new run that goes on from a checkpoint of another, with other settings, and follow it.

`workbench fork cnn-3 --step 1200 --lr 3e-4 --epochs 40` begins behind step 1,200 of cnn-3 with all that it had learned; without
--step, where cnn-3 is if it trains (it is asked to save), else at its newest good checkpoint. A run keeps the three newest and the
best; trained with `--keep-checkpoints all`, and `--checkpoint-every N`, it keeps each. Settings are flags, as for `train`, or
NAME=VALUE; the others stay as they were there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.clean import clean
from workbench.cli import asking, consent, flags, follow, options, output, usage
from workbench.cli.commands.resume import checked
from workbench.cli.options import Data, Json, Now, RecipePath, RunName, Runs, Slots
from workbench.errors import WorkbenchError
from workbench.launching import fork
from workbench.paths import short
from workbench.runs.reading.feed import Feed
from workbench.schema import describe
from workbench.units import grouped

_OWN = frozenset({"--step", "--now", "--slots", "--name", "--tag", "--runs", "--data", "--recipe", "--detach", "--json", "--help", "-h"})


def command_for(arguments: list[str], runs: Path | None = None) -> tuple[Any, list[str]]:
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
    options.check_step(step)
    options.use_data(data)
    options.use_slots(slots)
    store = options.store(context, runs)
    feed = asking.find(store, run)
    found = asking.recipe_of(feed, recipe)
    if problem := fork.recipe_problem(feed, found):
        raise problem
    assert found is not None
    typed = checked(asking.pairs(changes or []), feed, recipe)
    if step is None and feed.status.state in ("running", "paused") and feed.state.step:
        _save_first(feed)
    planned = fork.plan(feed.folder, found, step, typed)
    consent.settled(planned.config)
    folder = fork.start(
        store, planned, name=asking.label(name), tags=tuple(clean(tag) for tag in tags or ()),
        command_line=["workbench", *(clean(argument) for argument in sys.argv[1:])],
        queue=not now,
    )  # fmt: skip
    say = output.say if as_json or detach else output.emit
    known = {setting.name: setting for setting in describe(found.config)}
    differing = ", ".join(f"{each} {' -> '.join(known[each].texts(old, new))}" for each, (old, new) in planned.changes.items())
    say(f"{folder.id}  {found.name}/{planned.record.preset}  in {short(folder.path)}")
    made = feed.read_all().state.step
    behind = f" (it has made {grouped(made)})" if made > planned.fork.step else ""
    say(f"forked from {feed.folder.id} at step {grouped(planned.fork.step)}{behind}: {differing or 'nothing else is changed'}")
    if detach:
        return follow.detach(folder, as_json=as_json)
    return follow.follow(folder, as_json=as_json)


def _save_first(feed: Feed) -> None:
    """Let a run that trains save, so that the fork begins where it is."""
    try:
        asking.ask(feed, "save", seconds=options.ANSWER_SECONDS)
    except WorkbenchError as error:  # it may have ended meanwhile
        output.say(f"{feed.folder.id} did not save: {error.message}; the fork begins at its newest checkpoint")
