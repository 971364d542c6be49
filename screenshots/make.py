"""Makes the pictures of this folder from real runs in a real terminal: `python screenshots/make.py`, about ten minutes.

Runs are trained by the interface's own keys or by `workbench train`, so that a picture shows what a user sees; nothing in them is
drawn by hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.tui.terminal import Terminal  # noqa: E402

SIZES = ((80, 24), (120, 40))
RECIPES = {"rnn": "text", "attention": "pronounce", "gan": "digits"}  # what is trained besides cnn
_LONG = 900.0  # seconds that a run may take
_FRAME_SECONDS = 0.5  # between two frames of the animated picture
_LETTERS = 11  # height of its letters, in pixels
_ENTER, _ESCAPE, _TAB, _DOWN, _LEFT, _RIGHT = "\r", "\x1b", "\t", "\x1b[B", "\x1b[D", "\x1b[C"


def surroundings(home: Path) -> dict[str, str]:
    """An empty home."""
    return {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PYTHONPATH": str(HERE.parent), "LC_ALL": "C.UTF-8"}


def open_interface(home: Path, size: tuple[int, int], *arguments: str) -> Terminal:
    return Terminal([sys.executable, "-m", "workbench", *arguments], size=size, environment=surroundings(home))


def train(home: Path, *arguments: str) -> None:
    """A run without the interface."""
    environment = {**os.environ, **surroundings(home)}
    subprocess.run([sys.executable, "-m", "workbench", "train", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def keep(terminal: Terminal, name: str) -> None:
    """Write the screen as it is once it stands still."""
    terminal.read(1.5)
    terminal.picture(HERE / f"{name}.png")
    print(f"{name}.png", flush=True)


def press(terminal: Terminal, *keys: str) -> None:
    """Keys at the pace of a hand."""
    for key in keys:
        terminal.send(key)
        terminal.read(0.2)


def main() -> None:
    """Train runs of all recipes and look at them."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        os.chdir(home)
        first_run(home)
        second_run(home)
        for recipe, preset in RECIPES.items():
            train(home, recipe, "--preset", preset)
        for run in ("cnn-2", *(f"{recipe}-1" for recipe in RECIPES)):
            each_size(home, run)
        comparison(home)
        diagnosis(home)
        with open_interface(home, (80, 24), "--ascii") as terminal:
            terminal.wait_for("parameters", 60)
            keep(terminal, "bench-ascii")


def first_run(home: Path) -> None:
    """Two keys from an empty home to a learning network, filmed until it is done."""
    frames: list[Any] = []
    with open_interface(home, (80, 24)) as terminal:
        terminal.wait_for("parameters", 60)
        keep(terminal, "bench-empty")
        frames.append(terminal.frame(_LETTERS))
        terminal.send("s")
        while "FINISHED" not in terminal.text:
            terminal.read(_FRAME_SECONDS)
            frames.append(terminal.frame(_LETTERS))
        keep(terminal, "run-80x24")
    few = [frame.quantize(32) for frame in frames if frame.tobytes() != frames[0].tobytes() or frame is frames[0]]
    few[0].save(HERE / "run.gif", save_all=True, append_images=few[1:], duration=250, loop=0, optimize=True)
    print("run.gif", flush=True)


def second_run(home: Path) -> None:
    """Another learning rate, chosen with the arrows; a batch, a chart on the whole screen."""
    with open_interface(home, (120, 40)) as terminal:
        terminal.wait_for("parameters", 60)
        press(terminal, _TAB, _DOWN, _DOWN, _DOWN, _LEFT)
        terminal.wait_for("--lr", 10)
        keep(terminal, "bench-120x40")
        terminal.send("b")
        terminal.wait_for("as the model sees", 60)
        keep(terminal, "batch")
        press(terminal, _ESCAPE, "s")
        terminal.wait_for("FINISHED", _LONG)
        press(terminal, _ENTER, _RIGHT)
        terminal.wait_for("step ", 10)
        keep(terminal, "zoom")


def each_size(home: Path, run: str) -> None:
    for size in SIZES:
        with open_interface(home, size, "attach", run) as terminal:
            terminal.wait_for("FINISHED", 30)
            terminal.wait_for(lambda: "opening" not in terminal.text, 30)
            keep(terminal, f"{run.partition('-')[0]}-{size[0]}x{size[1]}")


def comparison(home: Path) -> None:
    """The two runs of cnn beside each other."""
    with open_interface(home, (120, 40)) as terminal:
        terminal.wait_for("parameters", 60)
        press(terminal, _TAB, _TAB, "/", *"recipe:cnn", _ENTER, "C")
        terminal.wait_for("baseline", 30)
        keep(terminal, "compare")


def diagnosis(home: Path) -> None:
    """What is said of a run that fails on purpose."""
    train(home, "gan", "--preset", "collapse")
    with open_interface(home, (80, 24), "attach", "last") as terminal:
        terminal.wait_for("FINISHED", 30)
        press(terminal, "h")
        terminal.wait_for("HEALTH", 10)
        keep(terminal, "health")


if __name__ == "__main__":
    main()
