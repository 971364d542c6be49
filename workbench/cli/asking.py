"""Asking the worker of a run to do something, and waiting until it says that it did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.clean import clean
from workbench.cli import output
from workbench.errors import ExitCode, WorkbenchError
from workbench.finding import find_recipes, from_path, is_named
from workbench.recipe import Recipe
from workbench.runs import control
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store

_RESERVED_NAME = re.compile(r"last(~\d*)?")


def find(store: Store, name: str) -> Feed:
    """A run by what was typed, as lists see it.

    Raises:
        WorkbenchError: there is none (exit code 3).
    """
    return Feed(store.find(name), brief=True).read_all()


def require_live(feed: Feed, verb: str) -> None:
    """Refuse what only a run that is alive can do.

    Raises:
        WorkbenchError: it is not alive; says what it is.
    """
    if not feed.status.is_live:
        run_id = feed.folder.id
        may_resume = feed.status.state != "finished" and feed.record.source == "recipe"
        raise WorkbenchError(
            f"{run_id} is not alive: {in_words(feed)}; there is nothing to {verb}",
            f"`workbench {'resume' if may_resume else 'show'} {run_id}` {'continues' if may_resume else 'shows'} it",
        )
    if feed.status.state == "queued" and verb != "stop":
        raise WorkbenchError(
            f"{feed.folder.id} is queued: there is nothing to {verb} yet", f"`workbench resume {feed.folder.id} --now` starts it beside"
        )


def in_words(feed: Feed) -> str:
    """A run's state and why, as one phrase."""
    status = feed.status
    return f"{status.state} ({status.reason})" if status.reason else status.state


def ask(feed: Feed, kind: control.Kind, *, seconds: float, as_json: bool = False, said: str = "", **arguments: str) -> None:
    """Ask, wait for the acknowledgement in the log, and say what the worker said.

    Args:
        said: what to say instead.

    Raises:
        WorkbenchError: it refused, it ended before it answered, or it did not answer in time (exit code 4).
    """
    folder = feed.folder
    offset = control.log_size(folder)
    request = control.ask(folder, kind, **arguments)
    answer = control.wait(folder, request, seconds=seconds, offset=offset, is_live=lambda: feed.read_all().status.is_live)
    if not answer.accepted:
        raise WorkbenchError(f"{folder.id} refused to {kind}: {answer.message}", f"`workbench show {folder.id}` shows the run")
    tell(feed, said or answer.message or f"{kind} done", as_json=as_json)


def tell(feed: Feed, message: str, *, as_json: bool = False, **more: Any) -> None:
    """Say what was done to a run; with `as_json` as a document."""
    if as_json:
        output.emit_json({"id": feed.folder.id, "message": message, **more})
    output.say(f"{feed.folder.id}: {message}")


def failed(feed: Feed) -> int:
    """The exit code that a run's end stands for: 0 when it finished or was stopped, 1 when it failed or died."""
    return int(ExitCode.DONE if feed.status.state in ("finished", "stopped") else ExitCode.RUN_FAILED)


def recipe_of(feed: Feed, path: str = "") -> Recipe | None:
    """The recipe of a run: the one at `path`, which somebody typed, else the found one of its name; None where there is none.

    Nothing in a run folder chooses code, so a path that stands there is followed only where WORKBENCH_RECIPES names it.
    """
    if not path and feed.record.recipe_path and is_named(feed.record.recipe_path):
        path = feed.record.recipe_path
    if path:
        return from_path(Path(path))
    return None if feed.record.recipe_path else find_recipes().get(feed.record.recipe)


def pairs(changes: Sequence[str]) -> dict[str, str]:
    """`lr=3e-4` and the like, by name. A dash may stand for an underscore, as in flags.

    Raises:
        WorkbenchError: one has no `=`, or a name stands twice.
    """
    found: dict[str, str] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.strip():
            raise WorkbenchError(f"`{change}` is no change, expected NAME=VALUE", "for example lr=3e-4")
        name = name.strip().lstrip("-").replace("-", "_")
        if name in found:
            raise WorkbenchError(
                f"`{name}` is given twice: {found[name]} and {value.strip()}",
                f"leave one out; a sweep has both as {name}={found[name]},{value.strip()}",
            )
        found[name] = value.strip()
    return found


def label(name: str) -> str:
    """What a person calls a run, as it may be kept.

    Raises:
        WorkbenchError: it is a word that stands for other runs.
    """
    if _RESERVED_NAME.fullmatch(name):
        raise WorkbenchError(f"a run cannot be named `{name}`", "last and last~1 stand for the newest runs; choose another name")
    return clean(name)
