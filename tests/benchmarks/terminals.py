"""The interface killed, its pane closed, the tmux server killed while a run trains: does every worker train on?

python -m tests.benchmarks.terminals [--times 20]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.training_runs import kill, wait_for
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.store import Store

SOCKET = "workbench-benchmark"
ENDS = ("interface killed", "pane closed", "tmux server killed")


def tmux(*arguments: str) -> str:
    return subprocess.run(["tmux", "-L", SOCKET, *arguments], capture_output=True, text=True, check=False).stdout


def open_and_start(runs: Path) -> None:
    """The interface in a terminal of its own, and the key that starts a run."""
    command = f"env WORKBENCH_RUNS={runs} PYTHONPATH={Path.cwd()} {sys.executable} -m workbench"
    tmux("new-session", "-d", "-x", "80", "-y", "24", "-s", "w", command)
    wait_for(lambda: "s start" in tmux("capture-pane", "-p", "-t", "w"), 30)
    tmux("send-keys", "-t", "w", "s")


def end(how: str) -> None:
    if how == "interface killed":
        os.kill(int(tmux("list-panes", "-t", "w", "-F", "#{pane_pid}")), signal.SIGKILL)
        tmux("kill-server")
    elif how == "pane closed":
        tmux("kill-pane", "-t", "w")
    else:
        tmux("kill-server")


def newest(store: Store, count: int) -> Feed | None:
    ids = store.ids()
    feed = open_run(store.folder(ids[-1])) if len(ids) == count else None
    return feed if feed and feed.state.step > 3 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    survived = 0
    with tempfile.TemporaryDirectory() as root:
        store = Store(Path(root))
        for number in range(1, times + 1):
            how = ENDS[number % len(ENDS)]
            open_and_start(Path(root))
            feed = wait_for(lambda number=number: newest(store, number), 90)
            end(how)
            before = feed.read_all().state.step
            time.sleep(2)
            feed.read_all()
            alive = feed.status.state == "finished" or (feed.status.state == "running" and feed.state.step > before)
            survived += alive
            print(f"{number:3} {how}: step {before} -> {feed.state.step}, {feed.status.state}", flush=True)
            if feed.status.is_live:
                kill(feed)
    tmux("kill-server")
    print(f"{survived} of {times} workers trained on")


if __name__ == "__main__":
    main()
