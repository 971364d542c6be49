"""Change settings while a run trains: `workbench set last lr=3e-4`. The change is marked on its charts."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import asking, options
from workbench.cli.options import Json, RunName, Runs, Timeout
from workbench.errors import WorkbenchError, nearest
from workbench.runs.reading.feed import Feed
from workbench.schema import Setting, describe


def command(
    context: typer.Context,
    run: RunName,
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="One change or several.")],
    runs: Runs = None,
    timeout: Timeout = options.ANSWER_SECONDS,
    as_json: Json = False,
) -> None:
    feed = asking.find(options.store(context, runs), run)
    asking.require_live(feed, "change")
    asking.ask(feed, "set", seconds=timeout, as_json=as_json, **checked(asking.pairs(changes), feed))


def checked(values: dict[str, str], feed: Feed) -> dict[str, str]:
    """The changes, each of a live setting to a value that it can have.

    Of a recipe that is not found here by its name, the worker checks.

    Raises:
        WorkbenchError: a name that cannot be changed live, or a value out of bounds.
    """
    recipe = asking.recipe_of(feed)
    if recipe is None:
        return values
    known = {setting.name: setting for setting in describe(recipe.config)}
    for name, text in values.items():
        if name not in known or not known[name].live:
            raise _not_live(name, known, feed)
        known[name].parse(text)
    return values


def _not_live(name: str, known: dict[str, Setting], feed: Feed) -> WorkbenchError:
    live = [setting.name for setting in known.values() if setting.live]
    hint = f"what can be changed: {', '.join(live)}"
    if name in known:
        return WorkbenchError(f"setting `{name}` cannot be changed while a run trains", hint)
    close = nearest(name, live)
    guess = f"did you mean `{close}`? " if close else ""
    return WorkbenchError(f"unknown setting `{name}` for recipe `{feed.record.recipe}`", guess + hint)
