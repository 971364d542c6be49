"""`kill -9` of the worker at random moments: is anything lost that was acknowledged, and does every run go on?

    python -m tests.benchmarks.kills [--times 100]

Each round waits a random moment, asks for a checkpoint in every other one, kills, and then demands: the run is shown as
died within two seconds; everything that was read before is still in the log, in order; each acknowledged checkpoint, or
a newer one, is there and verified; the run resumes behind it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import tempfile
import time
from pathlib import Path

from tests.training_runs import configure, events_of, kill
from workbench.events.types import CheckpointSaved, Metrics
from workbench.finding import find_recipe
from workbench.launching.ask import Helper
from workbench.launching.awaiting import await_start
from workbench.launching.launch import resume, start
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store


def warm() -> Helper:
    """A helper that has torch, so that a round does not wait for its import."""
    helper = Helper()
    helper.ask("layers", recipe="cnn", settings={})
    return helper


def strike(folder: RunFolder, moment: random.Random, *, ask: bool) -> tuple[float, int]:
    """Kill the worker; returns the seconds until it was shown as died, and the step that an acknowledged checkpoint had."""
    time.sleep(moment.uniform(0, 1.0))
    saved = 0
    if ask:
        offset = control.log_size(folder)
        saved = control.wait(folder, control.ask(folder, "save", by="benchmark"), seconds=30, offset=offset).step
        time.sleep(moment.uniform(0, 0.1))
    before = events_of(folder)
    feed = open_run(folder)
    os.kill(feed.state.pid, signal.SIGKILL)
    begun = time.monotonic()
    while feed.read_all().status.state != "died":
        assert time.monotonic() - begun < 2, f"after 2 s it is shown as {feed.status}"
        time.sleep(0.005)
    seen = time.monotonic() - begun
    after = events_of(folder)
    assert after[: len(before)] == before, "an event that had been read is gone or changed"
    newest = max((point.step for point in folder.saved_checkpoints(verify=True) if point.verified), default=0)
    assert newest >= saved, f"checkpoint {saved} is gone, and none came after it"
    announced = {(event.step, event.attempt) for event in after if isinstance(event, CheckpointSaved)}
    assert all(point.verified for point in folder.saved_checkpoints(verify=True) if (point.step, point.attempt) in announced)
    return seen, saved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", threads=1, epochs=100000, checkpoint_every=7)
    moment = random.Random(0)
    delays: list[float] = []
    with tempfile.TemporaryDirectory() as root:
        folder = start(Store(Path(root)), recipe, "digits", config, helper=warm())
        await_start(folder)
        for number in range(1, times + 1):
            helper = warm()
            seen, saved = strike(folder, moment, ask=number % 2 == 0)
            delays.append(seen)
            feed = await_start(folder, after=resume(folder, helper=helper))
            assert (feed.state.attempts[-1].step or 0) >= saved, "it went on from before an acknowledged checkpoint"
            print(f"{number:4} killed at step {feed.state.attempts[-1].step}+, seen after {1000 * seen:.0f} ms, resumed", flush=True)
        kill(open_run(folder))
        steps = [step for event in events_of(folder) if isinstance(event, Metrics) for step in event.steps]
    print(f"{times} kills: 0 acknowledged events lost, {times} of {times} shown as died after {1000 * statistics.median(delays):.0f} ms "
          f"(median; at most {1000 * max(delays):.0f}), {times} of {times} resumed, {max(steps)} steps")  # fmt: skip


if __name__ == "__main__":
    main()
