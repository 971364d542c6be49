"""Use a trained model: name images, pronounce words, translate, answer sequences. Takes the best weights unless --step names others.

\b
  workbench predict cnn-1 seven.png            likeliest classes; PNG or JPEG of any size, grey or colour
  workbench predict cnn-1 photos/ --json       a folder, as a table or a document with all probabilities
  workbench predict attention-1 hello world    phones of words; a date, a sum, a source of your own pairs
  workbench predict attention-1 hello --attention    and where the network looked
  workbench predict rnn-2 new.csv              classes or numbers of sequences; the last column may be empty
  workbench predict rnn-3 --count 5            examples of the adding and copy tasks
  workbench predict rnn-1 seven.png --int8     weights as int8: size and speed against fp32

What was done to an image (its size, grey, inverted) stands beside it. What cannot be read is left out and named, and the others are
answered; the exit code is then 1 where it was typed, 0 where it lay in a folder. `workbench sample` continues texts and draws images.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import options, output, using
from workbench.cli.options import Ascii, Json, RecipePath, RunName, Runs
from workbench.cli.using import Model
from workbench.errors import ExitCode, WorkbenchError
from workbench.units import percent

_FITS = {"names": ("top", "invert"), "writes": ("attention",), "answers": ("count", "seed")}
_BARS = 40  # cells at most of a bar with its label


def command(
    context: typer.Context,
    run: RunName,
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[INPUT...]", help="Files, folders or words; - reads lines.")] = None,
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The checkpoint of this step; by default the best.")] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="Likeliest classes of an image.")] = 3,
    invert: Annotated[str, typer.Option("--invert", metavar="auto|yes|no", help="Turn dark on bright into bright on dark.")] = "auto",
    attention: Annotated[bool, typer.Option("--attention", help="Show where it looked for each token.")] = False,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=10_000, help="Examples to make, where it takes no input.")] = 8,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the examples that are made.")] = 0,
    int8: Annotated[bool, typer.Option("--int8", help="Quantise dense and recurrent layers; says what that saves.")] = False,
    recipe: RecipePath = "",
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> int:
    folder = options.store(context, runs).find(run)
    if invert not in ("auto", "yes", "no"):
        raise WorkbenchError(f"--invert is `{invert}`, expected auto, yes or no", "auto looks whether the image's edge is bright")
    given = [line for word in inputs or () for line in (_lines() if word == "-" else [word])]
    with using.opened(folder, recipe=recipe, step=step, int8=int8) as model:
        using.refuse_others(context, model, _FITS, given=bool(given))
        rows, skipped, whole = _asked(model, given, invert=invert, count=count, seed=seed)
    for message in skipped:
        output.say(f"left out: {message}")
    if as_json:
        output.emit_json({**model.header, "predictions": rows, "skipped": skipped})
    elif model.kind == "names":
        _show_names(rows, top, ascii_only=options.wants_ascii(context, ascii_only))
    elif model.kind == "writes":
        _show_written(rows, attention, ascii_only=options.wants_ascii(context, ascii_only))
    else:
        _show_answers(rows)
    return int(ExitCode.DONE if whole else ExitCode.RUN_FAILED)


def _asked(model: Model, given: list[str], *, invert: str, count: int, seed: int) -> tuple[list[dict[str, Any]], list[str], bool]:
    """The predictions, what could not be read, and whether all that was typed could."""
    files = [str(Path(each).expanduser().absolute()) for each in given]
    if model.kind == "writes":
        if not given:
            raise WorkbenchError(f"there is nothing to read: it takes {model.about['takes']}", "type one or more behind the run")
        found = model.ask("write", sources=given)
    elif model.kind == "answers":
        found = model.ask("answer", files=files, count=count, seed=seed)
    else:
        if not given and model.kind == "names":
            raise WorkbenchError("there is nothing to look at: it takes image files", "name one, several, or a folder behind the run")
        found = model.ask("name", files=files, invert=invert)
    rows: list[dict[str, Any]] = found["rows"]
    if model.kind == "names":
        for row in rows:
            row["class"], row["probability"] = max(row["probabilities"].items(), key=lambda pair: pair[1])
    return rows, found["skipped"], not found["refused"]


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def _show_names(rows: list[dict[str, Any]], top: int, *, ascii_only: bool) -> None:
    """One image with bars, several as a table."""
    from workbench.charts import bars

    ranked = [sorted(row["probabilities"].items(), key=lambda pair: -pair[1])[:top] for row in rows]
    if len(rows) == 1:
        output.say(rows[0]["done"])
        labels, shares = zip(*ranked[0], strict=True)
        drawn = bars.render(labels, shares, min(_BARS, output.columns()), len(labels), maximum=1.0, form=percent, ascii_only=ascii_only)
        output.emit_rows(drawn, colours=output.colours())
        return
    lines = [
        (Path(row["file"]).name, *(part for name, share in best for part in (name, percent(share))), row["done"])
        for row, best in zip(rows, ranked, strict=True)
    ]
    output.emit_text("\n".join(output.table(lines, indent=0)))


def _show_written(rows: list[dict[str, Any]], attention: bool, *, ascii_only: bool) -> None:
    """`hello -> HH AH L OW`, with what the data set has where that is something else."""
    for row in rows:
        known = "" if not row["right"] else "  (right)" if row["target"] in row["right"] else f"  (known as {' or '.join(row['right'])})"
        output.emit(f"{row['source']} -> {row['target']}{known}")
        if row["unknown"]:
            output.say(f"{row['source']}: it never saw {' '.join(row['unknown'])}")
        if attention:
            _show_attention(row["attention"], ascii_only=ascii_only)


def _show_attention(matrix: dict[str, Any] | None, *, ascii_only: bool) -> None:
    from workbench.views import drawing

    if matrix is None:
        raise WorkbenchError("this model has no attention to show", "it was trained with --score none")
    colours = output.colours()
    height = min(len(matrix["rows"]) + 1, max(8, output.lines() - 2))
    drawn, _ = drawing.draw(drawing.parse("matrix", matrix), output.columns(), height, ascii_only=ascii_only, colours=colours)
    output.emit_rows(drawn, colours=colours)


def _show_answers(rows: list[dict[str, Any]]) -> None:
    """A table, with the right answers where they are known."""
    heads = ("", "given", "answer", "right")
    lines = [tuple(str(row[key]) for key in ("name", "given", "answer", "right")) for row in rows]
    output.emit_text("\n".join(output.table([heads, *lines], indent=0)))
