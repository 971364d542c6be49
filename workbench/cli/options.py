"""Arguments and options that several commands share, and what they stand for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.errors import WorkbenchError
from workbench.paths import runs_folder

if TYPE_CHECKING:
    from workbench.runs.store import Store

Runs = Annotated[Path | None, typer.Option("--runs", metavar="DIR", help="Folder of all runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="An id, a name, last or last~1.")]
Timeout = Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="How long to wait for the worker's answer.")]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of data sets that were or will be downloaded.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]
Theme = Annotated[str, typer.Option("--theme", metavar="NAME", help="Of the interface: auto, dark, light, ansi, mono.")]
LowBandwidth = Annotated[bool, typer.Option("--low-bandwidth", help="Draw for a thin link: 16 colours, once a second.")]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")]
RecipePath = Annotated[str, typer.Option("--recipe", metavar="PATH", help="A recipe's file or folder.")]

Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]

Slots = Annotated[
    str, typer.Option("--slots", metavar="DEVICES", help="Devices that runs take in turn: cuda:0,cuda:1, or cpu,cpu for two.")
]
Now = Annotated[bool, typer.Option("--now", help="Do not wait until the device is free.")]

ANSWER_SECONDS = 60.0  # a worker answers between two steps, and a first step waits for torch and the data


def store(context: Any, runs: Path | None) -> Store:
    """The runs that a command works on: `--runs` behind the command, before it, or where runs are by default."""
    from workbench.runs.store import Store  # here: `--help` and `recipes` do without runs

    return Store(runs_folder(runs or context.find_root().params.get("runs")))


def check_step(step: int | None) -> None:
    """Refuse a step that no run has.

    Raises:
        WorkbenchError: it is negative.
    """
    if step is not None and step < 0:
        raise WorkbenchError(f"--step is {step}, expected a whole number at least 0", "steps count from 1; 0 is before the first")


def use_data(folder: Path | None) -> None:
    """Let this process and the workers that it starts look for data sets there."""
    if folder is not None:
        os.environ["WORKBENCH_DATA"] = str(folder.expanduser().absolute())


def use_slots(text: str) -> None:
    """Let this process and the workers that it starts take turns in these slots.

    Raises:
        WorkbenchError: one names no device.
    """
    from workbench.queue import slots

    if text:
        slots.parse(text)
        os.environ[slots.VARIABLE] = text


def wants_ascii(context: Any, given: bool) -> bool:
    """Whether to draw in ASCII: asked for, or all that the locale can show."""
    from workbench.cli import output

    return bool(given or context.find_root().params.get("ascii_only") or output.ascii_only())
