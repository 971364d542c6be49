"""Figures of the interface in a real terminal: first paint, bytes and CPU while a run trains. `python -m tests.benchmarks.interface`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.builders import append
from tests.tui.runs import cnn_run, live_run, training
from tests.tui.terminal import Terminal

ROOT = Path(__file__).parents[2]
_WARM_SECONDS, _SECONDS = 4.0, 10.0
_STEPS_PER_SECOND = 100


def main() -> None:
    """Print each figure with its conditions."""
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        cnn_run(runs, "cnn-1")
        paints = [first_paint(runs) for _ in range(5)]
        print(f"first paint, 80x24: median {1000 * statistics.median(paints):.0f} ms of {[round(1000 * paint) for paint in paints]}")
        print(
            f"  of it importing textual alone: {1000 * imported('textual.app'):.0f} ms; an empty Textual app: {1000 * empty_app():.0f} ms"
        )
    for size, environment, hertz in (((80, 24), {"SSH_CONNECTION": "x"}, 2), ((120, 40), {}, 4), ((200, 60), {}, 4)):
        sent, cpu = watching(size, environment)
        conditions = f"{size[0]}x{size[1]}, {hertz} Hz, {_STEPS_PER_SECOND} steps/s"
        print(f"watching a live run, {conditions}: {sent / 1000:.1f} kB/s, {100 * cpu:.1f} % of a core")


def interface(runs: Path, run_id: str | None, size: tuple[int, int], environment: dict[str, str]) -> Terminal:
    code = f"from pathlib import Path; from workbench.tui.app import run; run(Path({str(runs)!r}), run_id={run_id!r})"
    return Terminal([sys.executable, "-c", code], size=size, environment={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **environment})


def first_paint(runs: Path) -> float:
    with interface(runs, None, (80, 24), {}) as terminal:
        seconds = terminal.wait_for("q leave", 20)
        terminal.wait_for("ready:", 20)
    return seconds


def imported(module: str) -> float:
    with Terminal([sys.executable, "-c", f"import {module}; print('done')"]) as terminal:
        return terminal.wait_for("done", 20)


EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("done")
Empty().run()
"""


def empty_app() -> float:
    with Terminal([sys.executable, "-c", EMPTY]) as terminal:
        return terminal.wait_for("done", 20)


def watching(size: tuple[int, int], environment: dict[str, str]) -> tuple[float, float]:
    """Bytes a second and the share of a core while a run logs."""
    with tempfile.TemporaryDirectory() as place:
        folder = live_run(Path(place), steps=400)
        over = threading.Event()

        def train() -> None:
            begun, step = time.time(), 400
            while not over.wait(0.25):
                last = 400 + int((time.time() - begun) * _STEPS_PER_SECOND)
                append(folder, training(step + 1, last, begun - 400 / _STEPS_PER_SECOND, _STEPS_PER_SECOND))
                step = last

        thread = threading.Thread(target=train)
        thread.start()
        try:
            with interface(Path(place), "cnn-9", size, environment) as terminal:
                terminal.wait_for("RUNNING", 20)
                terminal.read(_WARM_SECONDS)
                cpu, begun = terminal.cpu_seconds, time.monotonic()
                sent = terminal.read(_SECONDS)
                took = time.monotonic() - begun
                return sent / took, (terminal.cpu_seconds - cpu) / took
        finally:
            over.set()
            thread.join()


if __name__ == "__main__":
    main()
