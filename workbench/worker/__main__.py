"""`python -m workbench.worker RUN_FOLDER`: train one attempt of a run. `--standby` waits with torch imported, see answer."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode
from workbench.runs.folder import RunFolder
from workbench.worker import torchrun
from workbench.worker.attempt import work
from workbench.worker.order import Order
from workbench.worker.signals import Signals
from workbench.worker.supervise import tell_supervisor


def main(arguments: list[str]) -> int:
    """Train the run in the folder that is the first argument; the exit code says how it went."""
    if arguments[:1] == ["--standby"]:
        from workbench.worker.answer import standby

        order = standby()
        if order is None:
            return int(ExitCode.DONE)
        arguments = order
    sys.stdout = sys.stderr = io.TextIOWrapper(_LogStream(), "utf-8", "replace", write_through=True)
    os.umask(0o077)
    torchrun.end_with_launcher()
    signals = Signals()
    signals.listen()
    tell_supervisor(**({"pid": os.getpid()} if torchrun.rank() == 0 else {}))
    return work(RunFolder(Path(arguments[0])), Order(**json.loads(arguments[1])) if arguments[1:] else Order(), signals)


class _LogStream(io.RawIOBase):
    """worker.log as standard output and error: on a full disk, a line that a library prints must not end a run."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        with contextlib.suppress(OSError):
            os.write(2, data)
        return len(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
