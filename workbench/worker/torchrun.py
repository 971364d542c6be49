"""Several processes for one run, through torchrun's own launcher: started, watched, and ended together.

Here the worker itself becomes that launcher, below its supervisor; on a cluster torchrun is called by the line that
`workbench train --show-command` prints, with the worker below it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode, WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.worker.supervise import PIPE, tell_supervisor

_LOST = 75  # the exit code of a process that ends because another one has gone
_LEAVE_SECONDS = 5.0  # for the launcher to see which process went first
_GRACE_SECONDS = 60  # for rank 0 to write down how the run ended
_RETRY_SECONDS = 0.2
_LOOK_SECONDS = 1.0
_LAUNCHER = "WORKBENCH_LAUNCHER"  # its process id
_SIGNAL_AT_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def rank() -> int:
    """Which of several processes this is; 0 where it is the only one."""
    return int(os.environ.get("RANK", "0")) if is_inside() else 0


def is_inside() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def device(wanted: str) -> dict[str, Any]:
    """The device of this process as a setting, where each has a GPU of its own; nothing where the settings say all.

    Raises:
        WorkbenchError: there are fewer GPUs here than processes that are to have one.
    """
    if not is_inside() or not wanted.startswith(("auto", "cuda")):
        return {}
    import torch

    here, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    if wanted.startswith("cuda:"):
        if here > 1:
            raise WorkbenchError(f"{here} processes cannot share {wanted}", "say --device cuda: each takes a GPU", code=ExitCode.WRONG_USE)
        return {}
    if wanted == "cuda" and 0 < gpus < here:
        hint = f"say --processes {gpus}, or --device cpu"
        raise WorkbenchError(f"{here} processes need a GPU each; this machine has {gpus}", hint, code=ExitCode.WRONG_USE)
    if gpus < here:  # with auto the CPU for all: a GPU and a CPU have no way to add up
        return {"device": "cpu"} if wanted == "auto" else {}
    return {"device": f"cuda:{os.environ.get('LOCAL_RANK', '0')}"}


def end_with_launcher() -> None:
    """Let this process be killed where its launcher is: that one holds the run's lock, without which nobody may write its log."""
    launcher = int(os.environ.get(_LAUNCHER, "0"))
    if not launcher:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SIGNAL_AT_DEATH_OF_PARENT, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(launcher,), daemon=True).start()
    _leave_without(launcher)


def said_by(number: int) -> str:
    """Under which name a process tells why it failed."""
    return f"rank {number}"


def launch(folder: RunFolder, order: Mapping[str, Any], processes: int) -> int:
    """Train the run in several processes on this machine; returns the exit code when all have ended."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, launch_agent

    with tempfile.TemporaryDirectory(prefix="workbench-") as scratch:
        told = Path(scratch) / "told"
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, _Handed(told))
        above = os.environ.get(PIPE)
        os.environ |= {PIPE: str(told), _LAUNCHER: str(os.getpid()), "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", "lo")}
        config = LaunchConfig(
            min_nodes=1, max_nodes=1, nproc_per_node=processes, run_id=f"{folder.id}-{os.getpid()}", rdzv_backend="c10d",
            rdzv_endpoint="localhost:0", max_restarts=0, logs_specs=DefaultLogsSpecs(log_dir=scratch), signals_to_handle="SIGQUIT",
            shutdown_timeout=_GRACE_SECONDS,
        )  # fmt: skip
        failures: Mapping[int, Any] = {}
        try:
            launch_agent(config, sys.executable, ["-P", "-m", "workbench.worker", str(folder.path), json.dumps(order)])
        except ChildFailedError as error:
            failures = error.failures
        facts = _read(told)
        os.environ.pop(PIPE)
        if above:
            os.environ[PIPE] = above
    return _hand_on(facts, failures, processes)


def leave(signals: Any) -> int:
    """End behind the process that was lost, so that the launcher sees it first."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    while time.monotonic() < deadline and not signals.name:
        time.sleep(0.05)
    return _LOST


def _hand_on(facts: Mapping[str, Any], failures: Mapping[int, Any], processes: int) -> int:
    """Tell the supervisor how the run ended: as rank 0 said or, where it could not, by which process and how."""
    if state := facts.get("state"):
        tell_supervisor(state=state, reason=facts.get("reason", ""))
        return int(ExitCode.RUN_FAILED if state == "failed" else ExitCode.DONE)
    first = min(failures, key=lambda number: (failures[number].exitcode in (_LOST, -signal.SIGTERM), number), default=None)
    if first is None:
        tell_supervisor(state="failed", reason="its processes ended without a word; worker.log may say why")
        return int(ExitCode.RUN_FAILED)
    code, who = failures[first].exitcode, f"process {first} of {processes}"
    if code < 0:
        tell_supervisor(state="died", reason=f"{who} (rank {first}) was killed by {signal.Signals(-code).name}")
    else:
        why = facts.get(said_by(first)) or f"it left with exit code {code}; worker.log may say why"
        tell_supervisor(state="failed", reason=f"{who} (rank {first}) failed: {why}")
    return int(ExitCode.RUN_FAILED)


def _watch(launcher: int) -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        _leave_without(launcher)


def _leave_without(launcher: int) -> None:
    if os.getppid() != launcher:
        os.kill(os.getpid(), signal.SIGKILL)


class _Handed:
    """A signal handler that hands TERM and INT on to rank 0, whose decision to stop all others follow."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def __call__(self, number: int, _: object) -> None:
        pid = _read(self._told).get("pid")
        if pid is None:  # it has not begun yet
            signal.setitimer(signal.ITIMER_REAL, _RETRY_SECONDS)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM if number == signal.SIGALRM else number)


def _read(told: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    with contextlib.suppress(OSError):
        for line in told.read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                facts.update(json.loads(line))
    return facts
