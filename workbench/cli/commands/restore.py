"""Bring a deleted run back from the trash folder: the one named, or the one that was deleted last."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Json, Runs


def command(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="[ID]", help="The id that it had.")] = "",
    runs: Runs = None,
    as_json: Json = False,
) -> None:
    folder = options.store(context, runs).restore(run)
    if as_json:
        output.emit_json({"id": folder.id})
    output.say(f"{folder.id} is back")
