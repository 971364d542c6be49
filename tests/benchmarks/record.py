"""What `workbench.record` costs a script: CPU time of a call of `log`, and of the whole process, its writing thread included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap

_CALLS = 100_000
_LOOP = """
    import json, os, resource, sys, time
    import workbench
    full, calls, work = sys.argv[1] == "full", int(sys.argv[2]), float(sys.argv[3])
    run = workbench.record("benchmark", {"lr": 1e-3})
    if full:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    errors, inside, slowest = 0, 0.0, 0.0
    began = time.process_time()
    for step in range(calls):
        values = {"train/loss": 1 / (step + 1), "train/accuracy": 0.5, "train/lr": 1e-3, "train/grad_norm": 2.5}
        if work:
            until = time.thread_time() + work
            while time.thread_time() < until:
                pass
        before, began_at = time.thread_time(), time.perf_counter()
        try:
            run.log(step, values)
            run.should_stop()
        except Exception:
            errors += 1
        inside += time.thread_time() - before
        slowest = max(slowest, time.perf_counter() - began_at)
    run.finish()
    cpu = time.process_time() - began
    print(json.dumps({"call": inside / calls * 1e6, "cpu": (cpu - calls * work) / calls * 1e6, "slowest": slowest * 1e3, "errors": errors}))
"""


def main() -> None:
    """Print microseconds a call of `log` and `should_stop` with four numbers: in calls back to back, in a loop of 1 ms steps, disk full."""
    for name, disk, calls, work in (
        ("back to back", "room", _CALLS, 0.0), ("in steps of 1 ms", "room", 20_000, 1e-3), ("disk full", "full", _CALLS, 0.0),
    ):  # fmt: skip
        found = _measure(disk, calls, work)
        print(
            f"{name:<18} {found['call']:6.1f} us of CPU a call, {found['cpu']:6.1f} us with the writing thread, "
            f"slowest {found['slowest']:.1f} ms, {found['errors']} exceptions in {calls:,} calls"
        )


def _measure(disk: str, calls: int, work: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as runs:
        environment = {**os.environ, "WORKBENCH_RUNS": runs}
        command = [sys.executable, "-c", textwrap.dedent(_LOOP), disk, str(calls), str(work)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
