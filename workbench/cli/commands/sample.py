"""Let a trained model continue a prompt, character by character, or draw images. Takes the best weights unless --step names others.

\b
  workbench sample last --prompt "The " --temperature 0.7 --top-k 20 --length 300 --seed 1
  workbench sample gan-1                       images in the terminal
  workbench sample gan-1 --count 64 -o grid.png
  workbench sample gan-1 --class 3             of one class, where the generator was told them

The same seed gives the same text and the same images. `workbench predict` names images and translates.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.clean import clean
from workbench.cli import options, output, using
from workbench.cli.options import Ascii, Json, RecipePath, RunName, Runs
from workbench.cli.using import Model
from workbench.errors import WorkbenchError
from workbench.paths import short

_AT_ONCE = 16  # characters of an answer: few enough to stream
_IN_TERMINAL = 32


def command(
    context: typer.Context,
    run: RunName,
    prompt: Annotated[str | None, typer.Option("--prompt", metavar="TEXT", help="What to continue; by default held-out text.")] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", min=0, max=100, help="0 always takes the likeliest; above 1 is wilder.")
    ] = 0.7,
    top_k: Annotated[int, typer.Option("--top-k", metavar="K", min=0, help="Only among the K likeliest characters; 0: all.")] = 0,
    length: Annotated[int, typer.Option("--length", metavar="N", min=1, max=1_000_000, help="Characters to write.")] = 300,
    count: Annotated[int | None, typer.Option("--count", metavar="N", min=1, max=10_000, help="Images to draw.")] = None,
    of_class: Annotated[str | None, typer.Option("--class", metavar="NAME", help="The class to draw.")] = None,
    columns: Annotated[int | None, typer.Option("--columns", metavar="N", min=1, help="Images side by side in the PNG.")] = None,
    file: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="A PNG to write; by default the terminal.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the draws.")] = 0,
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The checkpoint of this step; by default the best.")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Quantise dense and recurrent layers; says what that saves.")] = False,
    recipe: RecipePath = "",
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> None:
    folder = options.store(context, runs).find(run)
    if file is not None and file.suffix.lower() != ".png":
        raise WorkbenchError(f"-o {file} is no PNG, which is what is written", "for example: -o grid.png")
    with using.opened(folder, recipe=recipe, step=step, int8=int8) as model:
        if model.kind == "continues":
            how = {"prompt": prompt, "temperature": temperature, "top_k": top_k, "seed": seed}
            _continue(model, how, length, as_json=as_json)
            return
        target = str(file.expanduser().absolute()) if file else ""
        many = count or (64 if file else _IN_TERMINAL)
        drawn = model.ask("draw", **{"count": many, "seed": seed, "class": of_class, "columns": columns, "file": target})
    if as_json:
        kept = ("file", "count", "shape", "pixels", "captions")
        output.emit_json({**model.header, "seed": seed, "class": of_class, **{key: drawn[key] for key in kept if key in drawn}})
    elif file:
        output.say(f"wrote {short(file)}: {output.plural(many, 'image')}")
    else:
        _show(drawn, ascii_only=options.wants_ascii(context, ascii_only))


def _continue(model: Model, how: dict[str, Any], length: int, *, as_json: bool) -> None:
    """Print the prompt and what follows, as it is written."""
    begun = model.ask("continue", **how)
    if begun["unknown"]:
        output.say(f"it never saw {' '.join(map(repr, begun['unknown']))}")
    if not as_json:
        _print(begun["prompt"])
    pieces: list[str] = []
    for start in range(0, length, _AT_ONCE):
        pieces.append(model.ask("more", text=begun["text"], count=min(_AT_ONCE, length - start))["more"])
        if not as_json:
            _print(pieces[-1])
    if as_json:
        output.emit_json({**model.header, **how, "prompt": begun["prompt"], "text": "".join(pieces)})
    else:
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
