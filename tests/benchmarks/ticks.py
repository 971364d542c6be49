"""What the interface's memory grows by while it watches a run. `python -m tests.benchmarks.ticks [--ticks 10000]`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.builders import append
from tests.tui.runs import interface, live_run, training, until
from workbench.events.types import CheckpointRemoved, CheckpointSaved, Event
from workbench.tui.screens.run.screen import RunScreen

_WARM = 300  # ticks, in which tables of a bounded size fill
_KEPT = 3  # checkpoints, as a worker keeps them
_STEPS = 21  # a tick
_MOST_BYTES = 2e6
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def logged(first: int, last: int) -> list[Event]:
    """Steps as a worker logs them, which saves a checkpoint each 63 steps and removes the oldest."""
    at = time.time() - last / 20
    events = training(first, last, at)
    saved = [event.step for event in events if isinstance(event, CheckpointSaved)]
    return events + [CheckpointRemoved(at=time.time(), step=step - 63 * _KEPT, attempt=1) for step in saved if step > 63 * _KEPT]


async def growth(root: Path, ticks: int, *, warm: int = _WARM) -> int:
    """Bytes of resident memory that so many ticks add: each brings new steps, draws all panels and paints them."""
    folder = live_run(root, steps=420)
    app = interface(root, ascii_only=False, run_id="cnn-9")
    app._poller.seconds = 0.0
    async with app.run_test(size=(120, 40)):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        last, before = 420, 0
        for tick in range(warm + ticks):
            if tick == warm:
                before = resident()
            append(folder, logged(last + 1, last + _STEPS))
            last += _STEPS
            await until(lambda: screen.seen is not None and screen.seen.step >= last)  # noqa: B023 - awaited here
        return resident() - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=10_000)
    ticks = parser.parse_args().ticks
    with tempfile.TemporaryDirectory() as place:
        grown = asyncio.run(growth(Path(place), ticks))
    print(f"{ticks:,} ticks of {_STEPS} steps at 120x40: memory grew by {grown / 1e6:.2f} MB")
    return int(grown > _MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
