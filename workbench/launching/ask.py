"""The torch-free side of the one helper process that answers for a user interface, and that becomes the next worker."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode, WorkbenchError
from workbench.launching.spawn import spawn

_CLOSE_SECONDS = 2.0


class Helper:
    """A process that imports torch once and answers questions, one at a time; each call waits for its answer.

    It leaves when its user goes away, and after five idle minutes; asking again then starts another.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._talking = threading.Lock()
        self.ready = False  # whether it has torch by now, as far as an answer has shown

    def start(self) -> None:
        """Start the process; returns at once, long before torch is imported there."""
        self.ready = False
        self._process = spawn(["--standby"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """Ask `layers`, `cost`, `contents`, `batch`, `device` or `use`; waits, also for the import of torch.

        Raises:
            WorkbenchError: the question makes no sense, or the helper went away.
        """
        with self._talking:
            answer = self._say({"ask": kind, **arguments})
            if answer is None:
                self.start()
                answer = self._say({"ask": kind, **arguments})
        if answer is None:
            raise WorkbenchError("the helper that knows torch went away", "`workbench doctor` tests torch", code=ExitCode.NO_ANSWER)
        self.ready = True
        if "error" in answer:
            code = ExitCode(answer.get("code", ExitCode.WRONG_USE))
            raise WorkbenchError(str(answer["error"]), str(answer.get("hint", "")), code=code)
        return answer

    def become_worker(self, arguments: list[str], log: Path) -> bool:
        """Turn the helper into a worker; False when it cannot be, and one has to be started."""
        with self._talking:
            if self._process is None or self._process.poll() is not None:
                return False
            answer = self._say({"ask": "train", "arguments": arguments, "log": str(log)})
            if answer is None or not answer.get("training"):
                return False
            process, self._process, self.ready = self._process, None, False
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        return True

    def close(self) -> None:
        """Let the helper go; one that became a worker is not touched."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_CLOSE_SECONDS)

    def _say(self, message: dict[str, Any]) -> dict[str, Any] | None:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            answer = json.loads(line) if line else None
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None
