"""Name a run, tag it, note something about it, or pin it to the top of lists. What is not given stays as it is."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Json, RunName, Runs
from workbench.errors import WorkbenchError


def command(
    context: typer.Context,
    run: RunName,
    name: Annotated[str | None, typer.Option("--name", help="What to call it; empty for its id again.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Add a tag; may be repeated.")] = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", help="Take a tag away.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="A sentence about it.")] = None,
    pin: Annotated[bool | None, typer.Option("--pin/--no-pin", help="Keep it at the top of lists.")] = None,
    runs: Runs = None,
    as_json: Json = False,
) -> None:
    folder = options.store(context, runs).find(run)
    before = folder.labels()
    if name is None and note is None and pin is None and not tag and not untag:
        raise WorkbenchError("nothing to change", f"for example: workbench label {folder.id} --name baseline --tag paper")
    tags = tuple(dict.fromkeys([each for each in before.tags if each not in (untag or ())] + list(tag or ())))
    changed = {"name": name, "note": note, "pin": pin}
    labels = before.model_copy(update={"tags": tags, **{key: value for key, value in changed.items() if value is not None}})
    folder.write_labels(labels)
    if as_json:
        output.emit_json({"id": folder.id, **labels.model_dump()})
    words = [labels.name or folder.id, *(f"#{each}" for each in labels.tags), *(["pinned"] if labels.pin else []), labels.note]
    output.say(f"{folder.id}: {'  '.join(filter(None, words))}")
