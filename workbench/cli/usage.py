"""How a command line is read, in the workbench's own words: commands from functions, help, and errors of use.

Typer carries its own copy of click, which is private: its errors are told apart by the names of their classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand

from workbench.errors import ExitCode, WorkbenchError, nearest

EXIT_CODES = {
    ExitCode.DONE: "done",
    ExitCode.RUN_FAILED: "the run failed, or part of what was asked for",
    ExitCode.WRONG_USE: "wrong use: settings, names, no terminal",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.NO_ANSWER: "the worker did not answer in time",
    ExitCode.INTERRUPTED: "interrupted",
}

_EXPECTED = {  # by pydantic's kinds of errors; a limit stands behind the words
    "greater_than_equal": "a number at least", "greater_than": "a number above", "less_than_equal": "a number at most",
    "less_than": "a number below", "int_parsing": "a whole number", "float_parsing": "a number",
}  # fmt: skip


def command(function: Callable[..., Any], *, name: str, help: str | None = None, cls: type[TyperCommand] | None = None) -> Any:
    """The command that calls `function` with what its signature asks for."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {"help_option_names": ["-h", "--help"]}
    app.command(name, cls=cls or Command, help=help.strip() if help else None, context_settings=settings)(function)
    return typer.main.get_command(app)


class Command(TyperCommand):
    """A command whose help is one plain list: arguments, then options."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        words = [label(parameter) for parameter in self.get_params(ctx) if parameter.param_type_name == "argument"]
        formatter.write_usage(ctx.command_path, " ".join([*words, "[OPTIONS]"]))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_options(self.get_params(ctx), formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        formatter.write_paragraph()
        formatter.write_text("Exit codes: " + "; ".join(f"{code:d} {text}" for code, text in EXIT_CODES.items()))


def write_options(parameters: Iterable[Any], formatter: Any, *, title: str = "Options") -> None:
    """Arguments and options as a section of help; nothing where there are none."""
    records = [(_written(parameter), _explained(parameter)) for parameter in parameters if not getattr(parameter, "hidden", False)]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)


def translate(error: Exception) -> WorkbenchError | None:
    """An error of use in the workbench's form; None for anything else."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    if "UsageError" not in kinds:
        return None
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "workbench"
    help_hint = f"`{path} --help` lists what there is"
    if "NoSuchOption" in kinds:
        return _unknown_option(str(getattr(error, "option_name", "")), context, help_hint)
    if "MissingParameter" in kinds:
        parameter: Any = getattr(error, "param", None)
        return WorkbenchError(f"`{path}` needs {label(parameter)}", help_hint)
    text = str(getattr(error, "message", error)).rstrip(".")
    if "BadOptionUsage" in kinds:
        return WorkbenchError(f"`{getattr(error, 'option_name', '')}` needs a value", help_hint)
    if "BadParameter" in kinds and getattr(error, "param", None) is not None:
        said = _expected(error.__cause__) or f": {text}"
        return WorkbenchError(f"{label(error.param)}{said}", help_hint)  # type: ignore[attr-defined]
    extra = re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text)
    return WorkbenchError(f"unexpected `{extra[1]}`" if extra else f"{text[:1].lower()}{text[1:]}", help_hint)


def _expected(cause: Any) -> str:
    """` is `-1`, expected a number at least 0`, of what pydantic says of one value; empty where it is another kind of mistake."""
    found: Any = cause.errors()[0] if hasattr(cause, "errors") else {}
    words = _EXPECTED.get(found.get("type", ""))
    limits = found.get("ctx", {}).values()
    return f" is `{found['input']}`, expected {words}{''.join(f' {limit:g}' for limit in limits)}" if words else ""


def _unknown_option(option: str, context: Any, hint: str) -> WorkbenchError:
    owner: Any = context.command if context is not None else None
    recipe = getattr(owner, "recipe_name", "")
    flags = [
        flag for parameter in getattr(owner, "params", ()) for flag in (*parameter.opts, *parameter.secondary_opts) if flag.startswith("--")
    ]
    close = nearest(option.lstrip("-").replace("_", "-"), [flag.removeprefix("--") for flag in flags])
    guess = f"did you mean `--{close}`? " if close else ""
    if recipe:
        return WorkbenchError(
            f"unknown setting `{option}` for recipe `{recipe}`", f"{guess}`workbench recipes {recipe}` lists every setting"
        )
    return WorkbenchError(f"unknown option `{option}`", f"{guess}{hint}")


def label(parameter: Any) -> str:
    """What a parameter is called in help and errors: `RUN`, `--lr`."""
    if parameter is None:
        return "an argument"
    if parameter.param_type_name == "option":
        return f"`{max(parameter.opts, key=len)}`"
    return str(parameter.metavar or parameter.name.upper())


def _explained(parameter: Any) -> str:
    """The help of a parameter, with its default where that is a number or a word."""
    default, text = parameter.default, str(parameter.help or "")
    if isinstance(default, bool) or not isinstance(default, (int, float, str)) or default == "":
        return text
    return f"{text} [default {default if isinstance(default, str) else format(default, 'g')}]"


def _written(parameter: Any) -> str:
    if parameter.param_type_name != "option":
        return label(parameter)
    names = ", ".join(sorted(parameter.opts, key=len))
    if parameter.secondary_opts:
        return f"{names}/{parameter.secondary_opts[0]}"
    return names if parameter.is_flag else f"{names} {parameter.metavar or 'VALUE'}"
