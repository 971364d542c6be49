"""Opening the interface, and what is said when it has closed."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path

from workbench.tui import terminal
from workbench.tui.app import Workbench
from workbench.tui.polling.poller import THIN_SECONDS
from workbench.views.terminal import has_mouse


def run(
    runs: Path,
    *,
    run_id: str | None = None,
    ascii_only: bool = False,
    theme: str = "",
    low_bandwidth: bool = False,
    mouse: bool = True,
) -> None:
    """Open the interface, on a run where one is given, and say at the end which runs go on.

    Raises:
        WorkbenchError: the settings file says what it may not.
    """
    from workbench.preferences import preferences

    gc.disable()  # until the first paint: collecting while modules load costs 20 ms
    terminal.ask_for_its_size()
    wanted = preferences()
    if wanted.keys or wanted.device_slots:
        from workbench.tui.checking import check

        check(wanted)
    thin = low_bandwidth or wanted.low_bandwidth or terminal.is_thin()
    look = terminal.look(theme or wanted.theme, ascii_only=ascii_only or wanted.ascii, thin=thin)
    seconds = 1 / wanted.refresh if wanted.refresh else THIN_SECONDS if thin else None
    app = Workbench(runs, look, run_id=run_id, seconds=seconds, keys=wanted.keys, bell=wanted.bell, slots=wanted.slots)
    app.run(mouse=mouse and wanted.mouse and has_mouse(os.environ, thin=thin))
    for line in farewell(app.finish(), runs):
        print(line, flush=True)
    if app.is_waiting:
        os._exit(app.return_code or 0)  # a thread that reads from the helper would hold up the interpreter's end


def farewell(live: Sequence[str], root: Path) -> list[str]:
    """What is printed when the interface has left: which runs go on, and how to see them again."""
    from workbench.paths import runs_folder, short

    where = "" if root == runs_folder() else f" --runs {short(root)}"
    return [f"{run_id} goes on training. See it again: workbench attach {run_id}{where}" for run_id in live]
