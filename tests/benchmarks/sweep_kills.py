"""A sweep of 12 runs whose process is killed at random moments: is each run finished exactly once, with the results of a quiet one?

    python -m tests.benchmarks.sweep_kills [--times 10] [--search]

The same sweep is made twice, in two folders: once left alone, once with `kill -9` of the process that drives it, each followed
by `sweep resume`. Then: 12 runs in each, one for each number, every one finished in one attempt; the same validation accuracies,
to the last bit; no other run. With --search, Optuna chooses the settings.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from tests.training_runs import wait_for
from workbench.finding import find_recipe
from workbench.launching import launch
from workbench.locks import lock_holder
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.sweeps.folder import SweepFolder, create, host
from workbench.sweeps.plan import make_plan
from workbench.sweeps.progress import Look

_MOST_SECONDS = 480.0


def begin(root: Path, *, search: bool) -> SweepFolder:
    fixed = {"max_steps": "40", "device": "cpu"}
    varied = {"lr": "log:1e-4..1e-1", "width": "8,16"} if search else {"lr": "1e-3,3e-3,1e-2", "width": "8,16"}
    plan = make_plan("s", [(find_recipe("cnn"), "digits")], fixed, varied, trials=12 if search else 0, seeds=1 if search else 2)
    folder = create(root, plan)
    launch.drive(folder.path, root)
    return folder


def results(root: Path, folder: SweepFolder) -> dict[int, float | None]:
    """The best of each number, once all have ended; fails where one was made twice or not at all."""
    look = Look(folder, Store(root))
    wait_for(lambda: (now := look.now()).done == now.plan.total and now.state == "finished", _MOST_SECONDS)
    now = look.now()
    assert len(Store(root).ids()) == 12, f"{len(Store(root).ids())} runs instead of 12"
    assert len({entry.run for entry in now.entries}) == 12
    for entry in now.entries:
        run = open_run(Store(root).folder(entry.run))
        assert run.status.state in ("finished", "stopped"), (entry.run, run.status)
        assert len(run.state.attempts) == 1, f"{entry.run} was begun {len(run.state.attempts)} times"
    return {entry.number: entry.best for entry in now.entries}


def driver_of(folder: SweepFolder) -> int | None:
    return lock_holder(folder.lock(host()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--search", action="store_true")
    given = parser.parse_args()
    moment = random.Random(0)
    with tempfile.TemporaryDirectory() as quiet, tempfile.TemporaryDirectory() as loud:
        os.environ["XDG_STATE_HOME"] = quiet  # a line of its own: nothing else that trains here is waited for
        folder = begin(Path(quiet), search=given.search)
        wait_for(lambda: driver_of(folder), 30)
        expected = results(Path(quiet), folder)
        print(f"left alone: {len(expected)} runs", flush=True)
        os.environ["XDG_STATE_HOME"] = loud
        folder = begin(Path(loud), search=given.search)
        killed = 0
        while killed < given.times:
            pid = wait_for(lambda: driver_of(folder), 30)
            time.sleep(moment.choice((moment.uniform(0, 0.5), moment.uniform(0, 20.0))))
            done = Look(folder, Store(Path(loud))).now().done
            os.kill(pid, signal.SIGKILL)
            killed += 1
            print(f"{killed:3} killed with {done} runs done", flush=True)
            wait_for(lambda: driver_of(folder) is None, 10)
            launch.drive(folder.path, Path(loud))
        found = results(Path(loud), folder)
    differing = {number: (expected[number], found[number]) for number in expected if expected[number] != found[number]}
    assert not differing, f"other results than without kills: {differing}"
    print(f"{killed} kills: 12 of 12 runs finished exactly once, in one attempt each, with the same results to the last bit")


if __name__ == "__main__":
    main()
