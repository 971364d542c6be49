"""Resizes to any size while each screen is shown: does one raise? `python -m tests.benchmarks.sizes [--times 1000]`."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from textual._context import active_app
from textual.pilot import Pilot

from tests.tui.runs import cnn_run, interface, shows
from workbench.tui.widgets import painted

SCREENS: dict[str, tuple[str, ...]] = {
    "bench": (), "runs": ("tab", "tab"), "run": ("tab", "tab", "enter"), "zoom": ("tab", "tab", "enter", "enter"),
    "preview": ("tab", "tab", "enter", "enter", "v", "v", "v"), "log": ("tab", "tab", "enter", "l"), "notes": ("i",), "batch": ("b",),
    "help": ("question_mark",),
}  # fmt: skip
SMALLEST, LARGEST = (1, 1), (300, 100)


async def survive(root: Path, screen: str, sizes: Sequence[tuple[int, int]]) -> int:
    """Show a screen at each size; returns how many panels became a card of an error. An exception ends it."""
    cards = 0
    card = painted.card

    def counted(*about: object) -> object:
        nonlocal cards
        cards += 1
        return card(*about)  # type: ignore[arg-type]

    app = interface(root, ascii_only=False)
    with patch.object(painted, "card", counted), patch("workbench.tui.polling.looking.card", counted):
        async with app.run_test(size=(80, 24)) as pilot:
            await shows(app, "cnn-1")
            await shows(app, "37,770 parameters")
            for key in SCREENS[screen]:
                await pilot.press(key)
                await pilot.pause()
            for size in sizes:
                await pilot.resize_terminal(*size)
            await pilot.resize_terminal(80, 24)
            await shows(app, "leave" if screen != "batch" else "4 of a batch")
    return cards


def any_sizes(count: int, seed: int) -> list[tuple[int, int]]:
    """Sizes with the extremes among them; small ones, where things break, as often as large ones."""
    dice = random.Random(seed)
    corners = [SMALLEST, LARGEST, (1, 100), (300, 1), (40, 12), (39, 12), (40, 9)]
    spread = [(round(300 ** dice.random()), round(100 ** dice.random())) for _ in range(count - len(corners))]
    return [*corners, *spread]


async def settle(*_: float) -> None:
    """In place of Textual's wait for an idle process, which one with a polling thread never is."""
    pilot: Pilot[None] = Pilot(active_app.get())
    await pilot._wait_for_screen()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    times = parser.parse_args().times
    cards = 0
    with tempfile.TemporaryDirectory() as place, patch("textual.pilot.wait_for_idle", settle), patch("textual.app.wait_for_idle", settle):
        cnn_run(Path(place))
        for number, screen in enumerate(SCREENS):
            cards += asyncio.run(survive(Path(place), screen, any_sizes(-(-times // len(SCREENS)), number)))
            print(f"{screen}: shown at {-(-times // len(SCREENS))} sizes", flush=True)
    print(f"{times} resizes from 1x1 to 300x100 on {len(SCREENS)} screens: no exception, {cards} panels with an error")
    return int(cards > 0)


if __name__ == "__main__":
    sys.exit(main())
