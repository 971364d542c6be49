"""Writes the log of a long run and opens it in a process of its own: python -m tests.benchmarks.log [steps]

Prints the CPU seconds and the peak memory of opening it, imports of pydantic included and apart, and the same for the brief
look that a list of runs takes.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.builders import declared, loop, new_run, started
from workbench.events.types import Metrics
from workbench.events.writer import EventWriter
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import read_state, write_summary
from workbench.units import size

STEPS = 1_000_000
GROUP = 50
KEYS = ("train/loss", "train/grad_norm", "train/lr", "train/accuracy")

OPEN = """
import resource, sys, time
from pathlib import Path
from workbench.runs.reading.feed import {name}
from workbench.runs.folder import RunFolder
imported = time.process_time()
begun = time.perf_counter()
feed = {call}
assert feed.state.step == {steps}, feed.state.step
print(time.process_time(), imported, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
WAYS = {
    "whole, with all series": ("open_run", "open_run(RunFolder(Path(sys.argv[1])))"),
    "brief, for a list": ("Feed", "Feed(RunFolder(Path(sys.argv[1])), brief=True).read_all()"),
}


def main(steps: int = STEPS) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = new_run(Path(place))
        _write(folder, steps)
        write_summary(folder, read_state(folder), folder.events.stat().st_size)
        print(f"{steps:,} steps of {len(KEYS)} metrics in groups of {GROUP}: {size(folder.events.stat().st_size)}")
        for way, (name, call) in WAYS.items():
            code = OPEN.format(name=name, call=call, steps=steps)
            cpu, imported, wall, memory = min(_measure(code, folder) for _ in range(3))
            print(
                f"{way:24} {cpu:.2f} s of CPU ({imported:.2f} of them imports), {wall:.2f} s from asking to seeing, {size(memory)} at most"
            )


def _write(folder: RunFolder, steps: int) -> None:
    """Numbers as a recipe logs them: nine digits, noise, a spike now and then."""
    dice = random.Random(0)
    writer = EventWriter(folder.events)
    at = time.time() - steps / 1000
    for event in (started(at=at), declared(at=at)):
        writer.write(event)
    writer.write(loop(at=at, steps_total=steps))
    for first in range(1, steps + 1, GROUP):
        group = range(first, min(first + GROUP, steps + 1))
        values = {key: [float(f"{dice.lognormvariate(-1, 1):.9g}") for _ in group] for key in KEYS}
        writer.write(Metrics(steps=list(group), at=[round(at + step / 1000, 3) for step in group], values=values))
    writer.close()


def _measure(code: str, folder: RunFolder) -> tuple[float, float, float, float]:
    said = subprocess.run([sys.executable, "-c", code, str(folder.path)], check=True, capture_output=True, text=True)
    cpu, imported, wall, memory = map(float, said.stdout.split())
    return cpu, imported, wall, memory


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
