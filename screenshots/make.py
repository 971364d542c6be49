"""Makes the pictures of this folder from real runs in a real terminal: `python screenshots/make.py`, a few minutes.

Each run is trained by the interface's own keys, so that a picture shows what a user sees; nothing in them is drawn by hand.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.tui.terminal import Terminal  # noqa: E402

SIZES = ((80, 24), (120, 40), (200, 60))
_LONG = 600.0  # seconds that a run may take


def open_interface(home: Path, size: tuple[int, int], *arguments: str, **environment: str) -> Terminal:
    """`workbench` in an empty home."""
    variables = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PYTHONPATH": str(HERE.parent), "LC_ALL": "C.UTF-8", **environment}
    return Terminal([sys.executable, "-m", "workbench", *arguments], size=size, environment=variables)


def keep(terminal: Terminal, name: str) -> None:
    """Write the screen as it is now."""
    terminal.read(1.0)
    terminal.picture(HERE / f"{name}.png")
    print(f"{name}.png", flush=True)


def main() -> None:
    """Train two runs and look at them."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        os.chdir(home)
        first_run(home)
        second_run(home)
        for size in SIZES:
            with open_interface(home, size, "attach", "cnn-2") as terminal:
                terminal.wait_for("FINISHED", 30)
                terminal.wait_for("worst", 30)
                keep(terminal, f"run-{size[0]}x{size[1]}")
        with open_interface(home, (80, 24), "--ascii") as terminal:
            terminal.wait_for("parameters", 60)
            keep(terminal, "bench-ascii")


def first_run(home: Path) -> None:
    """Two keys from an empty home to a learning network."""
    with open_interface(home, (80, 24)) as terminal:
        terminal.wait_for("parameters", 60)
        keep(terminal, "bench-empty")
        terminal.send("s")
        terminal.wait_for("RUNNING", 60)
        terminal.wait_for("25 %", _LONG)
        keep(terminal, "run-live")
        terminal.wait_for("FINISHED", _LONG)


def second_run(home: Path) -> None:
    """Another learning rate, chosen with the arrows; a batch, a chart on the whole screen, the notes."""
    with open_interface(home, (120, 40)) as terminal:
        terminal.wait_for("parameters", 60)
        for key in ("\t", "\x1b[B", "\x1b[B", "\x1b[B", "\x1b[D"):
            terminal.send(key)
            terminal.read(0.2)
        terminal.wait_for("--lr", 10)
        keep(terminal, "bench-120x40")
        terminal.send("b")
        terminal.wait_for("as the model sees", 60)
        keep(terminal, "batch")
        terminal.send("\x1b")
        terminal.read(0.5)
        terminal.send("s")
        terminal.wait_for("RUNNING", 60)
        terminal.wait_for("FINISHED", _LONG)
        terminal.send("\r")
        terminal.read(1.0)
        terminal.send("\x1b[C")
        terminal.wait_for("step ", 10)
        keep(terminal, "zoom")


if __name__ == "__main__":
    main()
