"""Take a run elsewhere. csv and json are printed unless -o names a file; the others need it.

\b
  workbench export last --to csv > run.csv           one row a step, every logged number
  workbench export last --to json -o run.json        every event
  workbench export last --to html -o run.html        a report in one file: charts, settings, previews, diagnosis
  workbench export last --to tensorboard -o tb/run   event files: tensorboard --logdir tb
  workbench export last --to onnx -o model.onnx      the best model, checked in onnxruntime before it is kept
  workbench export last --to safetensors -o model.safetensors

tensorboard, onnx and safetensors need the extra: pip install 'training-workbench[export]'
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import options, output
from workbench.cli.options import Json, RecipePath, RunName, Runs
from workbench.errors import WorkbenchError, unknown
from workbench.exporting.forms import FORMS, require, text, write
from workbench.exporting.writing import write_whole
from workbench.paths import short
from workbench.runs.folder import RunFolder


def command(
    context: typer.Context,
    run: RunName,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help=f"In which form: {', '.join(FORMS)}.")],
    file: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to; - prints.")] = None,
    recipe: RecipePath = "",
    runs: Runs = None,
    as_json: Json = False,
) -> None:
    folder = options.store(context, runs).find(run)
    if to not in FORMS:
        raise unknown("format", to, FORMS)
    form = FORMS[to]
    if file is None or str(file) == "-":
        if not form.prints:
            kind = "a folder" if form.folder else "a file"
            raise WorkbenchError(
                f"--to {to} needs {kind} to write", f"for example: workbench export {run} --to {to} -o {_example(to, folder)}"
            )
        sys.stdout.writelines(text(to, folder))
        return
    require(to)
    if form.prints:
        write_whole(file, text(to, folder))
        told: dict[str, Any] = {"said": ""}
    else:
        told = _in_helper(to, folder, file, recipe) if form.torch else write(to, folder, file)
    said = told.pop("said", "")
    if as_json:
        output.emit_json({"id": folder.id, "form": to, "file": str(file.absolute()), **told})
    output.say(f"wrote {short(file)}" + (f": {said}" if said else ""))


def _in_helper(form: str, folder: RunFolder, file: Path, recipe: str) -> dict[str, Any]:
    """Written by the process that knows torch, started for this call."""
    from workbench.launching.ask import Helper

    helper = Helper()
    try:
        where = {"folder": str(folder.path.absolute()), "target": str(file.expanduser().absolute())}
        return helper.ask("export", form=form, recipe=recipe, **where)
    finally:
        helper.close()


def _example(form: str, folder: RunFolder) -> str:
    return f"tb/{folder.id}" if FORMS[form].folder else f"{folder.id}.{form}"
