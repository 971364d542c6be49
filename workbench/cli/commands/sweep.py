"""Train many runs of one plan, one after the other, and see what mattered.

\b
  workbench sweep cnn lr=1e-3,3e-3 batch_size=32,64 --seeds 3     a grid: every combination
  workbench sweep rnn --preset rows cell=rnn,lstm,gru --epochs 5
  workbench sweep cnn,rnn,attention --dataset digits --max-seconds 30
  workbench sweep cnn --trials 20 --search lr=log:1e-4..1e-1 batch_size=16,32,64
  workbench sweep cnn --trials 9 --search lr=log:1e-4..1e-1 --sampler random --pruner off

\b
  workbench sweep                lists the sweeps
  workbench sweep show NAME      one look: its runs, the best, what mattered
  workbench sweep stop NAME      stops what trains, with checkpoints, and begins nothing more
  workbench sweep resume NAME    goes on after a stop, a crash or a reboot; what has finished is not repeated
  workbench sweep join NAME      works at it from this machine, too: the runs folder is a shared one

RECIPE may be RECIPE:PRESET. Flags of settings (--epochs 5) are for all runs; of several recipes with a limit (--max-seconds,
--max-steps, --epochs) no other limit counts. Runs use one CPU thread unless --threads says otherwise. The sweep goes on by
itself when this terminal is closed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import asking, flags, options, sweeping, usage
from workbench.cli.options import Ascii, Data, Json, RecipePath, Runs, Slots
from workbench.errors import WorkbenchError, nearest
from workbench.finding import find_recipe, find_recipes, looks_like_path
from workbench.launching import launch
from workbench.launching import sweep as driving
from workbench.recipe import Recipe
from workbench.runs.store import Store
from workbench.sweeps import folder as sweeps
from workbench.sweeps.folder import SweepFolder
from workbench.sweeps.plan import VERBS, make_plan
from workbench.worker import study

_OWN = ("--preset", "--name", "--seeds", "--trials", "--search", "--sampler", "--pruner", "--slots", "--recipe", "--runs", "--data")
_SWITCHES = ("--detach", "--json", "--ascii", "--help", "-h")


def command_for(arguments: list[str], runs: Path | None = None) -> tuple[Any, list[str]]:
    """The command, and its arguments with flags of settings (`--epochs 5`) as `--set epochs=5`."""
    rest: list[str] = []
    place = 0
    while place < len(arguments):
        flag, equals, _ = arguments[place].partition("=")
        taken = 2 if flag in _OWN and not equals else 1
        if not flag.startswith("-") or flag in _SWITCHES or flag in _OWN:
            rest += arguments[place : place + taken]
        else:
            change, taken = flags.as_change(arguments[place:])
            rest += ["--set", change]
        place += taken
    return usage.command(command, name="sweep", help=__doc__), rest


def command(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="RECIPE[,RECIPE] NAME=VALUE,VALUE...", help="Or show, stop, resume, join NAME.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="COUNT", help="Repeat each combination with so many seeds.")] = 1,
    trials: Annotated[int, typer.Option("--trials", metavar="COUNT", help="Search with so many runs instead of a grid (Optuna).")] = 0,
    search: Annotated[list[str] | None, typer.Option("--search", metavar="NAME=SPACE", help="log:1e-4..1e-1, 0..0.5, or choices.")] = None,
    sampler: Annotated[
        str, typer.Option("--sampler", metavar="NAME", help="Of a search: tpe (learns from the runs before), random, or grid (of values).")
    ] = "",
    pruner: Annotated[
        str,
        typer.Option(
            "--pruner", metavar="NAME", help="Of a search, what gives runs up: median (worse than half), halving (best third), off."
        ),
    ] = "",
    fixed: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of all runs; --NAME VALUE is the same.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", metavar="NAME", help="Settings for one task, of one recipe.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What to call the sweep.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Print its name and return.")] = False,
    slots: Slots = "",
    recipe: RecipePath = "",
    runs: Runs = None,
    data: Data = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> int:
    store = options.store(context, runs)
    options.use_data(data)
    options.use_slots(slots)
    look = sweeping.Look(store, ascii_only=options.wants_ascii(context, ascii_only), as_json=as_json)
    typed = list(words or ())
    if not typed and not recipe:
        return look.at_all(sweeps.all_of(store.root))
    if typed and typed[0] in VERBS:
        if typed[2:]:
            raise WorkbenchError(f"unexpected `{typed[2]}`", f"workbench sweep {typed[0]} NAME takes one name")
        folder = sweeps.find(store.root, typed[1] if typed[1:] else "last")
        return _act(typed[0], folder, store, look, recipe_path=recipe, detach=detach)
    names = [recipe] if recipe else typed.pop(0).split(",")
    if preset and len(names) > 1:
        raise WorkbenchError("--preset is of one recipe", f"name each with its own: {','.join(f'{each}:PRESET' for each in names)}")
    chosen = [_recipe(each, preset) for each in names]
    varied = asking.pairs([*(search or []), *typed])
    if search and not trials:
        raise WorkbenchError(
            "--search needs to know how many runs it has", f"add --trials 20: workbench sweep {names[0]} --trials 20 --search ..."
        )
    if trials:
        study.require_optuna()
    plan = make_plan(
        name, chosen, asking.pairs(fixed or []), varied,
        seeds=seeds, trials=trials, sampler=sampler, pruner=pruner, created_at=time.time(),
    )  # fmt: skip
    folder = sweeps.create(store.root, plan)
    paths = [each.path for each, _ in chosen if each.path]
    launch.drive(folder.path, store.root, recipe_path=paths[0] if paths else "")
    return look.follow(folder, detach=detach, is_new=True)


def _act(verb: str, folder: SweepFolder, store: Store, look: sweeping.Look, *, recipe_path: str, detach: bool) -> int:
    if verb == "show":
        return look.once(folder)
    if verb == "stop":
        return look.stop(folder)
    if folder.plan().trials:
        study.require_optuna()
    driving.resume(folder, store.root, recipe_path=recipe_path)
    return look.follow(folder, detach=detach)


def _recipe(typed: str, preset: str) -> tuple[Recipe, str]:
    """A recipe and the preset named with it: `rnn:rows`, a path, or a name."""
    name, colon, own = typed.rpartition(":")
    known = find_recipes()
    if colon and name in known:
        if preset not in ("", own):
            raise WorkbenchError(f"`{typed}` and --preset {preset} name two presets", "leave one of them out")
        return find_recipe(name), own
    if typed not in known and not looks_like_path(typed) and (meant := nearest(typed, [*known, *VERBS])) in VERBS:
        raise WorkbenchError(f"unknown recipe `{typed}`", f"did you mean `workbench sweep {meant}`?")
    return find_recipe(typed), preset
