"""Figures of the interface in a real terminal: first paint, bytes and CPU while a run trains. `python -m tests.benchmarks.interface`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.commands import compile_sources
from tests.builders import append
from tests.tui.runs import cnn_run, live_run, training
from tests.tui.terminal import Terminal

ROOT = Path(__file__).parents[2]
_WARM_SECONDS, _SECONDS = 4.0, 10.0
_TIMES, _REST_SECONDS = 7, 1.5
_STEPS_PER_SECOND = 100


def main() -> None:
    """Print each figure with its conditions."""
    compile_sources()
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        cnn_run(runs, "cnn-1")
        for size in ((80, 24), (120, 40)):
            pairs = [(first_paint(runs, size), empty_app(size)) for _ in range(_TIMES)]
            ours, empty = (sorted(1000 * seconds for seconds in column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(ours) / statistics.median(empty)
            print(
                f"first paint, {size[0]}x{size[1]}: median {statistics.median(ours):.0f} ms (least {ours[0]:.0f}), "
                f"{ratio:.2f} times an empty Textual app ({statistics.median(empty):.0f} ms, least {empty[0]:.0f})"
            )
    watched()


def watched() -> None:
    """Bytes and CPU while a run trains, and while nothing happens."""
    ssh = {"SSH_CONNECTION": "x"}
    for size, environment, hertz, thin in (
        ((80, 24), ssh, "2 Hz", False),
        ((80, 24), ssh, "1 Hz, --low-bandwidth", True),
        ((120, 40), {}, "4 Hz", False),
        ((200, 60), {}, "4 Hz", False),
    ):
        sent, cpu = watching(size, environment, thin=thin)
        conditions = f"{size[0]}x{size[1]}, {hertz}, {_STEPS_PER_SECOND} steps/s"
        print(f"watching a live run, {conditions}: {sent / 1000:.1f} kB/s, {100 * cpu:.1f} % of a core")
    sent, cpu = watching((80, 24), ssh, is_quiet=True)
    print(f"watching a finished run, 80x24, 2 Hz: {sent:.0f} bytes/s, {100 * cpu:.1f} % of a core")


def interface(
    runs: Path, run_id: str | None, size: tuple[int, int], environment: dict[str, str], *, thin: bool = False, ascii_only: bool = False
) -> Terminal:
    shown = f"run_id={run_id!r}, low_bandwidth={thin}, ascii_only={ascii_only}"
    code = f"from pathlib import Path; from workbench.tui.opening import run; run(Path({str(runs)!r}), {shown})"
    return Terminal([sys.executable, "-c", code], size=size, environment={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **environment})


def first_paint(runs: Path, size: tuple[int, int]) -> float:
    """Seconds from the start of the process until the screen of a run is there."""
    with interface(runs, "cnn-1", size, {}) as terminal:
        seconds = terminal.wait_for("leave", 20)
    time.sleep(_REST_SECONDS)  # the processes that it started are gone then
    return seconds


EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("done")
Empty().run()
"""


def empty_app(size: tuple[int, int]) -> float:
    with Terminal([sys.executable, "-c", EMPTY], size=size) as terminal:
        seconds = terminal.wait_for("done", 20)
    time.sleep(_REST_SECONDS)
    return seconds


@contextmanager
def training_run(place: Path) -> Iterator[None]:
    """`cnn-9` logs steps as a fast worker does, until the block ends."""
    folder = live_run(place, steps=400)
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
        yield
    finally:
        over.set()
        thread.join()


def watching(size: tuple[int, int], environment: dict[str, str], *, thin: bool = False, is_quiet: bool = False) -> tuple[float, float]:
    """Bytes a second and the share of a core while a run logs, or while it is over."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as training_on:
        if is_quiet:
            cnn_run(Path(place), "cnn-9")
        else:
            training_on.enter_context(training_run(Path(place)))
        with interface(Path(place), "cnn-9", size, environment, thin=thin) as terminal:
            terminal.wait_for("FINISHED" if is_quiet else "RUNNING", 20)
            terminal.read(_WARM_SECONDS)
            cpu, begun = terminal.cpu_seconds, time.monotonic()
            sent = terminal.read(_SECONDS)
            took = time.monotonic() - begun
            return sent / took, (terminal.cpu_seconds - cpu) / took


if __name__ == "__main__":
    main()
