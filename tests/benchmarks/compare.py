"""Opens a comparison of 20 runs of 100,000 steps in a process of its own: python -m tests.benchmarks.compare [steps] [runs]

Prints the CPU seconds and the peak memory from the start of the interpreter to the rows of the first look, imports included:
every log read with all its series, the comparison, two charts of 20 lines, the table. The logs are written by the real writer:
four metrics a step and three in an evaluation each hundredth of the run.
"""

from __future__ import annotations

import compileall
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.builders import METRICS, declared, ended, loop, new_run, opening
from workbench.events.types import Evaluated, Metrics
from workbench.events.writer import EventWriter
from workbench.runs.folder import RunFolder
from workbench.units import size

STEPS, RUNS = 100_000, 20
GROUP = 50
KEYS = ("train/loss", "train/grad_norm", "train/lr", "train/accuracy")

OPEN = """
import re, sys, time
from pathlib import Path
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.views.comparison import comparing
from workbench.views.plots.curves import ManyWays
imported = time.process_time()
store = Store(Path(sys.argv[1]))
together = comparing.Together.of([open_run(store.folder(name)) for name in store.ids()])
read = time.process_time()
rows = comparing.rows(together, 120, 40, ways=ManyWays(along="examples"), ascii_only=False, apart=True)
assert all(feed.state.step == {steps} for feed in together.feeds) and len(together.feeds) == {runs}
print(time.process_time(), imported, read - imported, 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
"""


def main(steps: int = STEPS, runs: int = RUNS) -> None:
    compileall.compile_dir(Path(__file__).parents[2] / "workbench", quiet=1)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for number in range(1, runs + 1):
            _write(new_run(root, f"cnn-{number}", settings={"lr": 1e-3 * (1 + (number - 1) // 2), "seed": number % 2}), steps, number)
        bytes_all = sum(path.stat().st_size for path in root.glob("*/events.jsonl"))
        print(f"{runs} runs of {steps:,} steps of {len(KEYS)} metrics in groups of {GROUP}: {size(bytes_all)}")
        for _ in range(3):
            cpu, imported, read, memory = _measure(OPEN.format(steps=steps, runs=runs), root)
            print(f"{cpu:.2f} s of CPU ({imported:.2f} imports, {read:.2f} reading), {size(memory)} at most")


def _write(folder: RunFolder, steps: int, seed: int) -> None:
    dice = random.Random(seed)
    writer = EventWriter(folder.events)
    at = time.time() - steps / 1000
    metrics = {**METRICS, **{key: {"goal": "none", "unit": "", "chart": "loss", "help": ""} for key in KEYS if key not in METRICS}}
    for event in (*opening(at=at), declared(at=at, metrics=metrics)):
        writer.write(event)
    writer.write(loop(at=at, steps_total=steps))
    for first in range(1, steps + 1, GROUP):
        group = range(first, min(first + GROUP, steps + 1))
        values = {key: [float(f"{dice.lognormvariate(-1, 1):.9g}") for _ in group] for key in KEYS}
        writer.write(Metrics(steps=list(group), at=[round(at + step / 1000, 3) for step in group], values=values))
        if group[-1] % max(1, steps // 100) == 0:
            found = {"validation/accuracy": 1 - dice.random() / 10, "validation/loss": dice.random(), "validation/f1": dice.random()}
            writer.write(Evaluated(at=at + group[-1] / 1000, step=group[-1], values=found))
    writer.write(ended(step=steps, at=at + steps / 1000))
    writer.close()


def _measure(code: str, root: Path) -> tuple[float, float, float, float]:
    said = subprocess.run([sys.executable, "-c", code, str(root)], check=True, capture_output=True, text=True)
    cpu, imported, read, memory = map(float, said.stdout.split())
    return cpu, imported, read, memory


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
