"""How every process that knows torch is started: a session of its own, a supervisor above it, and nothing inherited.

Of six ways to start one, only a new session with all three standard streams redirected survived closing the terminal,
`kill -9` of its parent, Ctrl-C, TERM to the group and the end of tmux.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import workbench


def spawn(
    arguments: Sequence[str], *, stdin: int, stdout: int | IO[bytes], stderr: int | IO[bytes], module: str = "workbench.worker.supervise"
) -> subprocess.Popen[bytes]:
    """Start a worker below its supervisor, or another module; the process that is returned is the supervisor.

    `-P`: nothing that lies in the current folder can stand in for a module.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True, env=_environment(), close_fds=True)


def _environment() -> dict[str, str]:
    """The same packages as here, and threads that do not spin for long while they wait.

    Idle OpenMP threads spin; beside another process that cost 3 to 27 times the speed. A short spin costs an idle machine nothing.
    """
    places = [str(Path(workbench.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {"GOMP_SPINCOUNT": "1000", **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONUNBUFFERED": "1"}
