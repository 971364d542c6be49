"""Start a run and follow it. Its worker trains by itself: closing this terminal does not touch it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench import config_file
from workbench.clean import clean
from workbench.cli import asking, consent, flags, follow, options, output, trials, usage
from workbench.cli.options import Data, Json, Now, Runs, Slots
from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.finding import find_recipe, find_recipes, is_named, looks_like_path
from workbench.launching import launch
from workbench.launching.cluster import torchrun_line
from workbench.paths import runs_folder, short
from workbench.recipe import Preset, Recipe
from workbench.runs.folder import RunRecord
from workbench.runs.reading.feed import Feed
from workbench.runs.repeating import differences, repeated
from workbench.runs.store import Store
from workbench.schema import Setting, Settings, Value, build, describe, flat
from workbench.settings import NO_END, ends, ordered
from workbench.trying.plan import Kind

_VALUED = ("--preset", "--name", "--tag", "--from", "--config", "--runs", "--data", "--find", "--slots")
_HELP = ("-h", "--help")


def command_for(arguments: list[str], runs: Path | None = None) -> tuple[Any, list[str]]:
    """The command of the recipe that was typed, or of `--from RUN`, with a flag for each of its settings, and what else was typed.

    Args:
        runs: the folder of all runs, where it was typed before the command.

    Raises:
        WorkbenchError: there is no such recipe, or none was named.
    """
    named, rest = _recipe_among(arguments)
    if not named and (other := _value_of("--from", arguments)):
        named = _recipe_of(Store(runs_folder(_value_of("--runs", arguments) or runs)).find(other).record())
    if not named and any(argument in _HELP for argument in arguments):
        return usage.command(_without_recipe, name="train", help=_general_help()), ["--help"]
    if not named:
        known = list(find_recipes())
        raise WorkbenchError(
            "`workbench train` needs a recipe, or a run to take it from",
            f"there is {', '.join(known)}: workbench train {known[0]}; or workbench train --from RUN",
        )
    recipe = find_recipe(named)
    settings = describe(recipe.config)
    command = usage.command(
        flags.with_flags(_starter(recipe, settings), settings),
        name="train",
        help=f"{__doc__}\n\n{recipe.name}: {recipe.summary}. Presets: {', '.join(preset.name for preset in recipe.presets)}.",
        cls=flags.SettingsCommand,
    )
    command.recipe_name, command.settings = named, settings
    return command, rest


def settings_for(
    recipe: Recipe, preset: Preset, parent: RunRecord | None, config: Mapping[str, Value], typed: Mapping[str, Value]
) -> dict[str, Value]:
    """Settings by name: the preset's, over them those of `--from`, of `--config`, and of flags, whatever was typed first.

    Raises:
        WorkbenchError: the other run is of another recipe.
    """
    if parent is not None and parent.recipe != recipe.name:
        raise WorkbenchError(f"{parent.id} is a run of `{parent.recipe}`, not of `{recipe.name}`", "--from takes a run of the same recipe")
    return {**preset.settings, **(parent.settings if parent is not None else {}), **config, **typed}


def difference(other: Feed, settings: Sequence[Setting], wanted: Mapping[str, Value]) -> str:
    """`differs from cnn-3: seed 0 -> 1, lr 3e-4 (since step 500) -> 1e-3`."""
    known = {setting.name: setting for setting in settings}
    found = differences(other, wanted)
    words = [
        f"{name} {before}{f' ({since})' if since else ''} -> {now}"
        for name, (there, here, since) in found.items()
        for before, now in [known[name].texts(there, here)]
    ]
    return f"differs from {other.folder.id}: {', '.join(words)}" if words else f"the same settings as {other.folder.id}"


def _starter(recipe: Recipe, settings: Sequence[Setting]) -> Callable[..., int]:
    def start(
        context: typer.Context,
        preset: Annotated[str, typer.Option("--preset", metavar="NAME", help="Settings for one task; flags change some of them.")] = "",
        name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What to call the run.")] = "",
        tags: Annotated[list[str] | None, typer.Option("--tag", metavar="TEXT", help="A word to find it by; may be given again.")] = None,
        from_run: Annotated[str, typer.Option("--from", metavar="RUN", help="Begin with the settings of another run.")] = "",
        weights: Annotated[bool, typer.Option("--weights", help="Begin with the best weights of that run, too: fine-tuning.")] = False,
        config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings in a TOML file.")] = None,
        print_config: Annotated[bool, typer.Option("--print-config", help="Print the settings as such a file; start nothing.")] = False,
        show_command: Annotated[
            bool, typer.Option("--show-command", help="Claim a run and print the torchrun line that trains it on a cluster; start nothing.")
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="A few steps of everything: times, memory, checkpoint, estimated total.")
        ] = False,
        find: Annotated[
            str, typer.Option("--find", metavar="WHAT", help="lr: the loss over a rising rate. batch_size: which fits, which is fastest.")
        ] = "",
        detach: Annotated[bool, typer.Option("--detach", help="Return after the first step; print the id and nothing else.")] = False,
        now: Now = False,
        slots: Slots = "",
        runs: Runs = None,
        data: Data = None,
        as_json: Json = False,
        **given: Any,
    ) -> int:
        store = options.store(context, runs)
        options.use_data(data)
        options.use_slots(slots)
        if weights and not from_run:
            raise WorkbenchError("--weights needs a run to take them from", f"workbench train {recipe.name} --from RUN --weights")
        other = asking.find(store, from_run) if from_run else None
        parent = repeated(other) if other else None
        read = config_file.read(config, settings, recipe=recipe.name) if config else config_file.ConfigFile({})
        chosen = _preset(recipe, preset, read.preset, parent)
        values = settings_for(recipe, chosen, parent, read.values, flags.read(settings, given))
        if print_config:
            output.emit_text(_as_file(recipe, chosen, settings, values))
            return int(ExitCode.DONE)
        wanted = consent.settled(build(recipe.config, values, recipe=recipe.name))
        if kind := trials.kind_of(dry_run, find):
            return _try(context, store.root, recipe, chosen, wanted, kind, as_json=as_json, weights=weights)
        tell = output.say if as_json or detach else output.emit
        if other:
            tell(difference(other, settings, flat(wanted)))
        if not ends(flat(wanted)):
            output.say(f"this run ends only when it is stopped: {NO_END} are off")
        folder = launch.start(
            store,
            recipe,
            chosen.name,
            wanted,
            name=asking.label(name),
            tags=tuple(clean(tag) for tag in tags or ()),
            parent=parent.id if parent else None,
            weights=weights,
            command_line=["workbench", *(clean(argument) for argument in sys.argv[1:])],
            queue=not now,
            begins=not show_command,
        )
        if show_command:
            output.emit_text(torchrun_line(folder))
            return int(ExitCode.DONE)
        if detach:
            return follow.detach(folder, as_json=as_json)
        tell(f"{folder.id}  {recipe.name}/{chosen.name}  in {short(folder.path)}")
        return follow.follow(folder, as_json=as_json)

    return start


def _try(context: Any, root: Path, recipe: Recipe, preset: Preset, config: Settings, kind: Kind, *, as_json: bool, weights: bool) -> int:
    if weights:
        raise WorkbenchError("a trial begins with weights of its own", "leave --weights out: times and memory are the same")
    return trials.run(root, recipe, preset.name, config, kind, as_json=as_json, ascii_only=options.wants_ascii(context, False))


def _as_file(recipe: Recipe, preset: Preset, settings: Sequence[Setting], values: Mapping[str, Value]) -> str:
    now, base = (flat(build(recipe.config, each, recipe=recipe.name)) for each in (values, preset.settings))
    return config_file.written(recipe.name, preset.name, ordered(settings), now, base).rstrip("\n")


def _preset(recipe: Recipe, typed: str, read: str, parent: RunRecord | None) -> Preset:
    """The preset that was typed, else the one of the file of settings, of `--from`, or the recipe's first.

    Raises:
        WorkbenchError: there is none of that name, or two are meant.
    """
    if parent and typed not in ("", parent.preset):
        raise WorkbenchError(
            f"--from {parent.id} and --preset {typed} both bring all settings",
            f"leave one out, or type the settings of {typed} that you want",
        )
    name = typed or read or (parent.preset if parent and parent.recipe == recipe.name else "")
    known = {preset.name: preset for preset in recipe.presets}
    if not name:
        return recipe.presets[0]
    if name not in known:
        raise unknown("preset", name, known, where=f"of recipe `{recipe.name}`")
    return known[name]


def _recipe_among(arguments: list[str]) -> tuple[str, list[str]]:
    """The recipe's name or path, and the other arguments: the first one, else one that is a known recipe or a path."""
    if arguments and not arguments[0].startswith("-"):
        return arguments[0], arguments[1:]
    for place, argument in enumerate(arguments):
        before = arguments[place - 1] if place else ""
        if before == "--recipe" and argument:
            return argument, [*arguments[: place - 1], *arguments[place + 1 :]]
        if argument.startswith("--recipe="):
            return argument.partition("=")[2], [*arguments[:place], *arguments[place + 1 :]]
    known = find_recipes() if arguments else {}
    for place, argument in enumerate(arguments):
        before = arguments[place - 1] if place else ""
        if before not in _VALUED and (argument in known or (not argument.startswith("-") and looks_like_path(argument))):
            return argument, [*arguments[:place], *arguments[place + 1 :]]
    return "", arguments


def _value_of(flag: str, arguments: Sequence[str]) -> str:
    """What was typed behind a flag, or after its `=`."""
    for place, argument in enumerate(arguments):
        if argument == flag and arguments[place + 1 :]:
            return arguments[place + 1]
        if argument.startswith(f"{flag}="):
            return argument.partition("=")[2]
    return ""


def _recipe_of(record: RunRecord) -> str:
    """The recipe that trained a run.

    Raises:
        WorkbenchError: it lies at a path, which nothing in a run's folder may choose, or there was none.
    """
    if record.recipe_path and is_named(record.recipe_path):
        return record.recipe_path
    if record.recipe_path:
        raise WorkbenchError(
            f"{record.id} was trained by the recipe at {record.recipe_path}",
            f"say that it may run again: workbench train {record.recipe_path} --from {record.id}",
        )
    if record.source != "recipe":
        raise WorkbenchError(f"{record.id} was not trained by a recipe", "`workbench recipes` lists those there are")
    return record.recipe


def _without_recipe() -> None:
    """Only its help is shown."""


def _general_help() -> str:
    lines = [f"  {recipe.name:<12} {recipe.summary}" for recipe in find_recipes().values()]
    return (
        f"{__doc__}\n\n\b\nRecipes:\n" + "\n".join(lines) + "\n\n\b\n  workbench train RECIPE --help        lists its settings"
        "\n  workbench train ./my_recipe.py       trains a recipe of your own"
        "\n  workbench train cnn --dry-run        a few steps of everything: times, memory, estimated total"
        "\n  workbench train cnn --find lr        the loss over a rising rate, and a value to begin with"
        "\n  workbench train cnn --find batch_size  which sizes fit, and which is the fastest"
    )
