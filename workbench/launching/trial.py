"""Trying something in a run that is thrown away: started like any other, watched, and gone with all that it wrote. Torch-free."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import Event
from workbench.launching import launch
from workbench.launching.ask import Helper
from workbench.launching.force import force_stop
from workbench.recipe import Recipe
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store
from workbench.schema import Settings
from workbench.trying import plan

_GONE_SECONDS = 10.0  # a worker that was only just started has first to say which process it is
_POLL_SECONDS = 0.05
_STATUS_SECONDS = 0.5


class Trial:
    """One trial, from its start to the end of its folder. Use it as a context, so that nothing is left whatever happens.

    Args:
        root: the runs folder, below which it lies out of sight.
        helper: becomes the worker where it has torch already.

    Raises:
        WorkbenchError: the runs folder cannot be written.
    """

    def __init__(self, root: Path, recipe: Recipe, preset: str, config: Settings, kind: plan.Kind, *, helper: Helper | None = None) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._place = Path(tempfile.mkdtemp(prefix=plan.PREFIX, dir=root))
        except OSError as error:
            raise WorkbenchError(
                f"cannot write the runs folder {root}: {error.strerror or error}", "choose another with --runs DIR"
            ) from error
        self._looked = 0.0
        try:
            self._folder = launch.start(Store(self._place), recipe, preset, config, trying=kind, helper=helper)
        except BaseException:
            shutil.rmtree(self._place, ignore_errors=True)
            raise
        self._feed = Feed(self._folder)

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def poll(self) -> list[Event]:
        """What has happened since the last look."""
        return self._feed.poll()

    def result(self) -> dict[str, Any] | None:
        """What was found, once the trial is over; None before that.

        Raises:
            WorkbenchError: it failed, was stopped, or died.
        """
        if not self._feed.state.ended and time.monotonic() - self._looked > _STATUS_SECONDS:
            self._looked = time.monotonic()
            if self._feed.refresh().state == "died":
                raise WorkbenchError(f"the trial died: {self._feed.status.reason}", self._log(), code=ExitCode.RUN_FAILED)
        ended = self._feed.state.ended
        if ended is None:
            return None
        found = plan.read_result(self._folder.path)
        if found is None or ended.state == "failed":
            code = ExitCode.WRONG_USE if ended.exit_code == ExitCode.WRONG_USE else ExitCode.RUN_FAILED
            raise WorkbenchError(ended.reason, ended.advice or self._log(), code=code)
        return found

    def close(self) -> None:
        """End the worker if it still works, and remove everything that the trial wrote."""
        deadline = time.monotonic() + _GONE_SECONDS
        try:
            while self._is_there() and time.monotonic() < deadline:
                self._feed.poll()
                if self._feed.state.pid and not self._feed.state.ended:
                    with contextlib.suppress(WorkbenchError):
                        force_stop(self._folder, self._feed)
                time.sleep(_POLL_SECONDS)
        finally:  # a second Ctrl-C waits no longer
            shutil.rmtree(self._place, ignore_errors=True)

    def _is_there(self) -> bool:
        """Whether a worker or its supervisor may still write: the supervisor's exit file is the last that is written."""
        return self._place.exists() and not self._folder.exit_file(1).exists()

    def _log(self) -> str:
        tail = [line for line in self._folder.worker_log_tail(3) if line.strip()]
        return f"its log ends with: {tail[-1]}" if tail else ""
