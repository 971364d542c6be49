"""The `workbench` command: which commands there are, and where errors are printed."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import workbench
from workbench.cli import usage
from workbench.cli.options import Ascii, LowBandwidth, NoMouse, Runs, Theme
from workbench.errors import ExitCode, WorkbenchError, unknown

# name -> (arguments, what it does); the module of a command is imported only when it is called.
EVERYDAY = {
    "train": ("RECIPE", "Start a run and follow it: workbench train cnn --lr 3e-3"),
    "runs": ("[FILTER]", "List the runs, newest first."),
    "show": ("RUN", "One look at a run: status, charts, newest preview."),
    "attach": ("RUN", "Open the terminal interface on a run."),
    "recipes": ("[NAME]", "What can be trained; recipes new NAME writes one of your own."),
}
OTHERS = {
    "compare": ("RUN RUN...", "What differs, which is better, by how much."),
    "sweep": ("RECIPE NAME=A,B", "Train many runs of one plan: grids, seeds, searches."),
    "pause": ("RUN", "Let a run wait between two steps."),
    "resume": ("RUN", "Let a paused run go on, or continue one that ended."),
    "fork": ("RUN", "A new run from a checkpoint of another, with other settings."),
    "stop": ("RUN", "End a run after this step, with a checkpoint."),
    "save": ("RUN", "Save a checkpoint now."),
    "set": ("RUN NAME=VALUE", "Change a setting while a run trains."),
    "predict": ("RUN INPUT...", "Use a trained model: name images, pronounce words, answer sequences."),
    "sample": ("RUN", "Let a trained model continue a prompt, or draw images."),
    "export": ("RUN --to FORM", "Take a run elsewhere: csv, json, html, tensorboard, onnx, safetensors."),
    "import": ("PATH", "Bring in TensorBoard's event files, or a CSV table, as runs."),
    "label": ("RUN", "Name, tag, note or pin a run."),
    "delete": ("RUN", "Move a run to the trash folder."),
    "restore": ("[ID]", "Bring a deleted run back."),
    "doctor": ("", "Look at this machine: device, terminal, disk, recipes."),
}
COMMANDS = {**EVERYDAY, **OTHERS}
_READ_BY_THEMSELVES = ("train", "resume", "sweep", "fork")  # their flags are settings, which depend on what else was typed
RUN_WORDS = "RUN is an id (cnn-14), a name, last, or last~1 for the one before it."


def main() -> NoReturn:
    """Run what was typed and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code. The only place of the CLI that catches errors."""
    from workbench.cli import output

    output.settle()
    as_json = "--json" in arguments
    try:
        command = root()
        with command.make_context("workbench", list(arguments)) as context:
            code = command.invoke(context)
        sys.stdout.flush()
        return int(code or 0)
    except typer.Exit as left:
        return int(left.exit_code)
    except WorkbenchError as error:
        return output.report(error, as_json=as_json)
    except (KeyboardInterrupt, EOFError, typer.Abort):
        return int(ExitCode.INTERRUPTED)
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EIO):  # `| head` has seen enough, or the terminal is gone
            output.give_up()
            return int(ExitCode.DONE)
        return output.report(_disk_error(error), as_json=as_json)
    except Exception as error:
        translated = usage.translate(error)
        if translated is None:
            raise
        return output.report(translated, as_json=as_json)


def root() -> Any:
    """The command with all others below it."""
    app = typer.Typer(
        name="workbench",
        cls=Root,
        add_completion=False,
        rich_markup_mode=None,
        invoke_without_command=True,
        callback=_alone,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    return typer.main.get_command(app)


class Root(TyperGroup):
    """Commands by name, imported when they are called; help that needs none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            raise unknown("command", cmd_name, COMMANDS, hint="`workbench --help` lists all")
        module = importlib.import_module(f"workbench.cli.commands.{cmd_name}")
        return usage.command(module.command, name=cmd_name, help=module.__doc__)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str, Any, list[str]]:
        name, *rest = args
        if name in _READ_BY_THEMSELVES:
            command, rest = importlib.import_module(f"workbench.cli.commands.{name}").command_for(rest, ctx.params.get("runs"))
            return name, command, rest
        return name, self.get_command(ctx, name), rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage("workbench", "[COMMAND] [ARGUMENTS]")
        formatter.write_paragraph()
        formatter.write_text("Train neural networks and watch them. Alone, it opens the terminal interface.")
        for title, commands in (("Every day", EVERYDAY), ("And", OTHERS)):
            with formatter.section(title):
                formatter.write_dl([(f"{name} {arguments}".strip(), text) for name, (arguments, text) in commands.items()])
        formatter.write_paragraph()
        formatter.write_text(RUN_WORDS)
        usage.write_options(self.get_params(ctx), formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), text) for code, text in usage.EXIT_CODES.items()])


def _alone(
    context: typer.Context,
    runs: Runs = None,
    ascii_only: Ascii = False,
    theme: Theme = "",
    low_bandwidth: LowBandwidth = False,
    no_mouse: NoMouse = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Without a command: the terminal interface."""
    if version:
        print(f"workbench {workbench.__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        open_interface(context, runs)


def open_interface(context: Any, runs: Path | None, *, run_id: str | None = None) -> None:
    """Open the TUI, on a run where one is given; the only place that imports it. How it looks stands before a command or behind it.

    Raises:
        WorkbenchError: there is no terminal that it could draw on.
    """
    from workbench.cli.options import store, wants_ascii

    instead = f"workbench show {run_id}" if run_id else "workbench runs"
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise WorkbenchError("the terminal interface needs a terminal", f"`{instead}` prints; `workbench --help` lists every command")
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise WorkbenchError(
            f"the terminal interface cannot draw with TERM={os.environ.get('TERM') or 'unset'}", f"`{instead}` prints without drawing"
        )
    from workbench.preferences import THEMES
    from workbench.tui.opening import run as show_interface

    before, behind = context.find_root().params, context.params
    theme, low_bandwidth, no_mouse = (behind.get(name) or before[name] for name in ("theme", "low_bandwidth", "no_mouse"))
    if theme and theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    show_interface(
        store(context, runs).root, run_id=run_id, ascii_only=wants_ascii(context, bool(behind.get("ascii_only"))),
        theme=theme, low_bandwidth=low_bandwidth, mouse=not no_mouse,
    )  # fmt: skip


def _disk_error(error: OSError) -> WorkbenchError:
    where = f" {error.filename}" if error.filename else ""
    return WorkbenchError(
        f"cannot use{where}: {error.strerror or error}", "look at the file's mode and the space on its disk", code=ExitCode.WRONG_USE
    )
