"""Flags that follow from a recipe's settings: their signature for Typer, their help in groups, and their values read back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, get_type_hints

import typer

from workbench.cli import usage
from workbench.errors import WorkbenchError
from workbench.finding import find_recipes
from workbench.schema import NO, YES, Setting, Value, describe
from workbench.settings import Common

_METAVARS = {"number": "NUMBER", "whole": "COUNT", "text": "TEXT"}


class SettingsCommand(usage.Command):
    """A command of one recipe, whose help shows its settings in their groups."""

    recipe_name = ""
    settings: Sequence[Setting] = ()

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, f"{self.recipe_name} [--SETTING VALUE ...] [OPTIONS]")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        parameters = {parameter.name: parameter for parameter in self.get_params(ctx)}
        groups: dict[str, list[Any]] = {}
        for setting in self.settings:
            groups.setdefault(setting.group, []).append(parameters.pop(setting.name))
        usage.write_options(parameters.values(), formatter)
        for group in sorted(groups, key=lambda group: group in Common.model_fields):  # what only this recipe has comes first
            usage.write_options(groups[group], formatter, title=f"Settings: {group}")


def with_flags(function: Callable[..., Any], settings: Sequence[Setting]) -> Callable[..., Any]:
    """`function`, which takes settings as `**given`, with one flag for each in its signature. Flags not typed are None.

    Values stay text here, so that a wrong one is refused in the words of its setting rather than Typer's.

    Raises:
        WorkbenchError: a setting has the name of one of the function's own options.
    """
    taken = inspect.signature(function).parameters
    if clashing := [setting.name for setting in settings if setting.name in taken]:
        clash = f"the recipe has a setting `{clashing[0]}`, which is an option of `train` itself"
        raise WorkbenchError(clash, "give the setting another name")
    hints = get_type_hints(function, include_extras=True)
    parameters = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    flags = [
        inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_flag(setting)) for setting in settings
    ]

    def call(*arguments: Any, **given: Any) -> Any:
        return function(*arguments, **given)

    call.__signature__ = inspect.Signature([*parameters, *flags])  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in (*parameters, *flags)}
    return call


def read(settings: Sequence[Setting], given: Mapping[str, str | bool | None]) -> dict[str, Value]:
    """The values of the flags that were typed.

    Raises:
        WorkbenchError: one is not what its setting expects.
    """
    known = {setting.name: setting for setting in settings}
    typed = {name: value for name, value in given.items() if value is not None}
    return {name: value if isinstance(value, bool) else known[name].parse(value) for name, value in typed.items()}


def as_changes(arguments: Sequence[str], own: Collection[str]) -> list[str]:
    """Arguments with flags of settings as changes: `--epochs 40` as `epochs=40`, `--no-nesterov` as `nesterov=no`.

    Args:
        own: the flags of the command itself, which stay.
    """
    rest: list[str] = []
    place = 0
    while place < len(arguments):
        argument = arguments[place]
        if not argument.startswith("--") or argument.partition("=")[0] in own:
            rest.append(argument)
            place += 1
        else:
            change, taken = as_change(arguments[place:])
            rest.append(change)
            place += taken
    return rest


def as_change(arguments: Sequence[str]) -> tuple[str, int]:
    """The flag of a setting that stands first as NAME=VALUE, and how many arguments it takes; a switch alone means yes.

    Raises:
        WorkbenchError: it needs a value and has none.
    """
    flag, equals, value = arguments[0].partition("=")
    name = flag.lstrip("-")
    if equals:
        return f"{name}={value}", 1
    if name.startswith("no-"):
        return f"{name[3:]}=no", 1
    known = {setting.flag: setting for recipe in find_recipes().values() for setting in describe(recipe.config)}
    following = arguments[1] if arguments[1:] else ""
    if flag in known and known[flag].kind == "switch" and following.lower() not in YES + NO:
        return f"{name}=yes", 1
    if not following or following.startswith("--"):
        raise WorkbenchError(f"{flag} needs a value", f"{flag} takes {known[flag].expected}" if flag in known else f"for example {flag}=3")
    return f"{name}={following}", 2


def _flag(setting: Setting) -> Any:
    if setting.kind == "switch":
        return Annotated[bool | None, typer.Option(f"{setting.flag}/--no-{setting.flag[2:]}", help=_note(setting))]
    return Annotated[str | None, typer.Option(setting.flag, metavar=_METAVARS.get(setting.kind, "NAME"), help=_note(setting))]


def _note(setting: Setting) -> str:
    """What the setting does, what it may be, and what it is by default."""
    expected = setting.expected.removeprefix("a number ").removeprefix("a whole number ")
    bounds = f"{expected}; " if setting.kind in ("number", "whole", "choice") else ""
    return f"{setting.help} [{bounds}default {setting.text(setting.default)}]"
