"""Take a run elsewhere: --to csv is one row a step with every logged number, --to json every event."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import RunName, Runs
from workbench.errors import WorkbenchError, unknown
from workbench.paths import short
from workbench.runs import export
from workbench.runs.folder import RunFolder

_FORMATS: dict[str, Callable[[RunFolder], Iterator[str]]] = {"csv": export.as_csv, "json": export.as_json}


def command(
    context: typer.Context,
    run: RunName,
    to: Annotated[str, typer.Option("--to", metavar="csv|json", help="In which form.")],
    file: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; by default it is printed.")] = None,
    runs: Runs = None,
) -> None:
    folder = options.store(context, runs).find(run)
    if to not in _FORMATS:
        raise unknown("format", to, _FORMATS)
    pieces = _FORMATS[to](folder)
    if file is None or str(file) == "-":
        sys.stdout.writelines(pieces)
        return
    _write(file, pieces)
    output.say(f"wrote {short(file)}")


def _write(path: Path, pieces: Iterator[str]) -> None:
    """Write a file whole or not at all, so that a full disk does not leave half a table."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "w", encoding="utf-8") as file:
            file.writelines(pieces)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WorkbenchError(f"cannot write {path}: {error.strerror or error}", "give another file with -o") from error
