"""Take a run elsewhere. csv and json are printed unless -o names a file; the others need it.

-o may be a folder, which then holds the file under the run's id. What is there already is replaced only with --force.

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
from workbench.cli.options import Force, RecipePath, RunName, Runs
from workbench.errors import WorkbenchError, unknown
from workbench.exporting.forms import FORMS, require, text, write
from workbench.exporting.writing import place, write_whole
from workbench.paths import short
from workbench.runs.folder import RunFolder


def command(
    context: typer.Context,
    run: RunName,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help=f"In which form: {', '.join(FORMS)}.")],
    file: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to: a file, or a folder for it; - prints.")] = "",
    force: Force = False,
    recipe: RecipePath = "",
    runs: Runs = None,
    as_json: Annotated[bool, typer.Option("--json", help="With -o: print one JSON document on what was written.")] = False,
) -> None:
    folder = options.store(context, runs).find(run)
    if to not in FORMS:
        raise unknown("format", to, FORMS)
    form = FORMS[to]
    if file in ("", "-"):
        if not form.prints:
            kind = "a folder" if form.folder else "a file"
            raise WorkbenchError(
                f"--to {to} needs {kind} to write", f"for example: workbench export {run} --to {to} -o {_example(to, folder)}"
            )
        if as_json:
            raise WorkbenchError(f"--json tells of a file, and --to {to} is printed", "leave --json out, or give -o FILE")
        sys.stdout.writelines(text(to, folder))
        return
    require(to)
    target = place(file, folder.id if form.folder else f"{folder.id}.{to}", force=force)
    if form.prints:
        write_whole(target, text(to, folder))
        told: dict[str, Any] = {"said": ""}
    else:
        told = _in_helper(to, folder, target, recipe) if form.torch else write(to, folder, target, **_known(to, folder))
    said = told.pop("said", "")
    if as_json:
        output.emit_json({"id": folder.id, "form": to, "file": str(target.absolute()), **told})
    output.say(f"wrote {short(target)}" + (f": {said}" if said else ""))


def _known(form: str, folder: RunFolder) -> dict[str, str]:
    """What a report tells, and only the run's recipe knows."""
    if form != "html":
        return {}
    from workbench.cli.commands.show import differing
    from workbench.runs.reading.feed import open_run

    return {"differs": differing(open_run(folder))}


def _in_helper(form: str, folder: RunFolder, file: Path, recipe: str) -> dict[str, Any]:
    """Written by the process that knows torch, started for this call."""
    from workbench.launching.ask import Helper

    helper = Helper()
    try:
        where = {"folder": str(folder.path.absolute()), "target": str(file.absolute())}
        return helper.ask("export", form=form, recipe=recipe, **where)
    finally:
        helper.close()


def _example(form: str, folder: RunFolder) -> str:
    return f"tb/{folder.id}" if FORMS[form].folder else f"{folder.id}.{form}"
