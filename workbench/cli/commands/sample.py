"""Let a trained model continue a prompt, character by character, or draw images. Takes the best weights unless --step names others.

\b
  workbench sample rnn-1 --prompt "The " --temperature 0.7 --top-k 20 --length 300 --seed 1
  workbench sample rnn-1 -o more.txt           a text into a file
  workbench sample gan-1                       images in the terminal
  workbench sample gan-1 --count 64 -o grid.png
  workbench sample gan-1 --class 3             of one class, where the generator was told them

The same seed gives the same text and the same images. What is there already is replaced only with --force. `workbench predict`
names images and translates.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.clean import clean
from workbench.cli import options, output, using
from workbench.cli.options import Ascii, Force, RecipePath, RunName, Runs
from workbench.cli.using import Model
from workbench.errors import WorkbenchError
from workbench.exporting.writing import place, write_whole
from workbench.paths import short

_AT_ONCE = 16  # characters of an answer: few enough to stream
_IN_TERMINAL = 32
_FITS = {"continues": ("prompt", "temperature", "top_k", "length"), "draws": ("count", "of_class", "columns")}


def command(
    context: typer.Context,
    run: RunName,
    prompt: Annotated[str | None, typer.Option("--prompt", metavar="TEXT", help="What to continue; by default held-out text.")] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", min=0, max=100, help="0 always takes the likeliest; above 1 is wilder.")
    ] = 0.7,
    top_k: Annotated[int, typer.Option("--top-k", metavar="K", min=0, help="Only among the K likeliest characters; 0: all.")] = 0,
    length: Annotated[int, typer.Option("--length", metavar="N", min=1, max=1_000_000, help="Characters to write.")] = 300,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, max=10_000, help="Images to draw; by default 32, for a PNG 64.")
    ] = None,
    of_class: Annotated[str | None, typer.Option("--class", metavar="NAME", help="The class to draw.")] = None,
    columns: Annotated[int | None, typer.Option("--columns", metavar="N", min=1, help="Images side by side in the PNG.")] = None,
    file: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to: a PNG of images, or a text; by default the terminal.")
    ] = "",
    force: Force = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the draws.")] = 0,
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The checkpoint of this step; by default the best.")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Quantise dense and recurrent layers; says what that saves.")] = False,
    recipe: RecipePath = "",
    runs: Runs = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: the text, or the images' pixels; or what -o wrote.")
    ] = False,
    ascii_only: Ascii = False,
) -> None:
    folder = options.store(context, runs).find(run)
    with using.opened(folder, recipe=recipe, step=step, int8=int8) as model:
        using.refuse_others(context, model, _FITS)
        is_text = model.kind == "continues"
        target = place(file, f"{folder.id}.{'txt' if is_text else 'png'}", force=force) if file else None
        if is_text:
            how = {"prompt": prompt, "temperature": temperature, "top_k": top_k, "seed": seed}
            _continue(model, how, length, target, as_json=as_json)
            return
        if target and target.suffix.lower() != ".png":
            raise WorkbenchError(f"-o {file} is no PNG, which is what is written", "for example: -o grid.png")
        if columns and not target:
            raise WorkbenchError("--columns is how a PNG is laid out; the terminal has as many as fit", "give -o grid.png, too")
        many = count or (64 if target else _IN_TERMINAL)
        written = str(target.absolute()) if target else ""
        drawn = model.ask("draw", **{"count": many, "seed": seed, "class": of_class, "columns": columns, "file": written})
    if as_json:
        kept = ("file", "count", "shape", "pixels", "captions")
        output.emit_json({**model.header, "seed": seed, "class": of_class, **{key: drawn[key] for key in kept if key in drawn}})
    elif target:
        output.say(f"wrote {short(target)}: {output.plural(many, 'image')}")
    else:
        _show(drawn, ascii_only=options.wants_ascii(context, ascii_only))


def _continue(model: Model, how: dict[str, Any], length: int, target: Path | None, *, as_json: bool) -> None:
    """Print the prompt and what follows, as it is written; or write both to a file."""
    begun = model.ask("continue", **how)
    if begun["unknown"]:
        output.say(f"it never saw {' '.join(map(repr, begun['unknown']))}")
    streams = not as_json and target is None
    if streams:
        _print(begun["prompt"])
    pieces: list[str] = []
    for start in range(0, length, _AT_ONCE):
        pieces.append(model.ask("more", text=begun["text"], count=min(_AT_ONCE, length - start))["more"])
        if streams:
            _print(pieces[-1])
    if target:
        write_whole(target, [begun["prompt"], *pieces, "\n"])
        output.say(f"wrote {short(target)}: {output.plural(length, 'character')} behind the prompt")
    if as_json:
        where = {"file": str(target.absolute())} if target else {}
        output.emit_json({**model.header, **how, "prompt": begun["prompt"], "text": "".join(pieces), **where})
    elif streams:
        _print("\n")


def _print(text: str) -> None:
    sys.stdout.write(clean(text, lines=True))
    sys.stdout.flush()


def _show(drawn: dict[str, Any], *, ascii_only: bool) -> None:
    """The images on as many pages of the terminal as they take."""
    from workbench.views import drawing

    colours, loaded = output.colours(), drawing.parse("images", drawn)
    page, pages = 0, 1
    while page < pages:
        size = output.columns(), max(8, output.lines() - 2)
        rows, pages = drawing.draw(loaded, *size, ascii_only=ascii_only, colours=colours, page=page)
        while rows and not any(span.text.strip() or span.background is not None for span in rows[-1]):
            rows.pop()
        output.emit_rows(rows, colours=colours)
        page += 1
