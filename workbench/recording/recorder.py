"""The handle that a script of somebody's own logs through. Whatever goes wrong here, the script never hears of it as an exception."""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import shutil
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from workbench.clean import clean
from workbench.errors import WorkbenchError
from workbench.paths import runs_folder
from workbench.recipe import Goal
from workbench.recording.charting import goals_of
from workbench.recording.given import count_of, tags_of, text_of
from workbench.recording.place import place_in_script
from workbench.recording.scribe import MOST_WAITING, Scribe, number
from workbench.recording.settings import flattened
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.store import Store

STEM = "script"  # ids are script-1, script-2: a name is data, and never part of a path
_LONGEST_DETAIL = 8000
_LONGEST_REASON = 500

_open: weakref.WeakSet[Recorder] = weakref.WeakSet()  # what this process records now; its end is theirs
_hooked = False


def record(
    name: str, settings: object, goals: Mapping[str, Goal] | None, steps_total: int | None, steps_per_epoch: int,
    tags: tuple[str, ...], runs: str | Path | None,
) -> Recorder:  # fmt: skip
    """Begin a run; see `workbench.record`. Where none can be begun, says so on stderr and returns a handle that records nothing."""
    folder = None
    try:
        goals, wrong = goals_of({} if goals is None else goals)
        labels = Labels(name=text_of(name), tags=tags_of(tags, wrong))
        total, per_epoch = count_of("steps_total", steps_total, wrong), count_of("steps_per_epoch", steps_per_epoch, wrong)
        folder = Store(runs_folder(runs)).claim(STEM)
        about = RunRecord(
            id=folder.id, recipe=STEM, source="script", settings=flattened(settings), created_at=time.time(), host=platform.node(),
            versions={"python": platform.python_version()}, command_line=list(sys.argv),
        )  # fmt: skip
        folder.prepare(about, labels)
        scribe = Scribe(folder, goals, steps_total=total, steps_per_epoch=per_epoch or 0)
    except Exception as error:  # noqa: BLE001  a script trains whether or not it can be watched
        with contextlib.suppress(Exception):
            if folder is not None:
                shutil.rmtree(folder.path, ignore_errors=True)
            reason = error.message if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
            print(f"workbench: `{text_of(name)}` is not recorded: {text_of(reason, _LONGEST_REASON)}", file=sys.stderr)
        return Recorder(None, None)
    recorder = Recorder(folder, scribe)
    for each in wrong:
        recorder._leave_out(each)
        print(f"workbench: {folder.id}: {each}", file=sys.stderr)
    _watch(recorder)
    return recorder


class Recorder:
    """One run that a script trains by itself. Use it in a `with` block, or call `finish`; a script that ends does so, too."""

    def __init__(self, folder: RunFolder | None, scribe: Scribe | None) -> None:
        self._folder = folder
        self._scribe = scribe
        self._rows = scribe.rows if scribe else None

    @property
    def id(self) -> str:
        """What `workbench show` knows it by; empty where nothing is recorded."""
        return self._folder.id if self._folder else ""

    @property
    def path(self) -> Path | None:
        """Its folder; None where nothing is recorded."""
        return self._folder.path if self._folder else None

    def log(self, step: int, values: Mapping[str, Any] | None = None) -> None:
        """Numbers of one step: floats, or what `float` makes one of. They are written in groups, by another thread."""
        rows = self._rows
        if rows is None:
            return
        try:
            if values is None:
                self._leave_out(f"a call of log without values: {step!r:.40}")
                return
            row = {key: value if type(value) is float else number(value) for key, value in values.items()}
            if NotImplemented in row.values():
                row = self._numbers(row)
            if len(rows) < MOST_WAITING:
                rows.append((time.time(), step if type(step) is int else int(step), row))
            else:
                self._leave_out(f"a step, while {MOST_WAITING:,} others waited to be written")
        except Exception as error:  # noqa: BLE001  see the module
            self._leave_out(f"{type(error).__name__}: {error}")

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop (`workbench stop`); while it is paused, this waits. Ask once a step."""
        return self._scribe.talk.should_stop() if self._scribe else False

    def finish(self, reason: str = "its script is done") -> None:
        """The run is complete, or stopped where that was asked for. Logging does nothing from here on."""
        by = self._scribe.talk.stopped_by if self._scribe else ""
        self._end("stopped" if by else "finished", f"stopped by {by}" if by else reason)

    def fail(self, error: BaseException) -> None:
        """The run failed with this error."""
        with contextlib.suppress(Exception):
            detail = "".join(traceback.format_exception(error))[-_LONGEST_DETAIL:]
            self._end("failed", f"{type(error).__name__}: {error}{place_in_script(error)}", detail=detail, exit_code=1)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.finish()
        elif isinstance(error, KeyboardInterrupt):
            self._end("stopped", "stopped by Ctrl-C")
        else:
            self.fail(error)

    def __del__(self) -> None:
        """Nobody can log through it any more, as where a cell of a notebook begins the same run anew."""
        if self._scribe is not None and not self._scribe.is_mine(threading.current_thread()):
            self.finish("its script is done with it")

    def _end(self, state: Literal["finished", "stopped", "failed"], reason: str, *, detail: str = "", exit_code: int = 0) -> None:
        scribe, self._scribe, self._rows = self._scribe, None, None
        _open.discard(self)
        if scribe is not None:
            with contextlib.suppress(Exception):
                scribe.end(state, clean(reason), detail=detail, exit_code=exit_code)

    def _numbers(self, row: dict[str, Any]) -> dict[str, Any]:
        for key, value in row.items():
            if value is NotImplemented:
                self._leave_out(f"{key} was no number")
        return {key: value for key, value in row.items() if value is not NotImplemented}

    def _leave_out(self, why: str) -> None:
        scribe = self._scribe
        if scribe is not None and len(scribe.left_out) < 100:
            scribe.left_out[why] = scribe.left_out.get(why, 0) + 1

    def _forget(self) -> None:
        """In a child process: the run is its parent's."""
        self._scribe = self._rows = self._folder = None


def _watch(recorder: Recorder) -> None:
    """End the run with the process: by its error where it has one. A killed process leaves no word, and shows as died."""
    global _hooked
    _open.add(recorder)
    if "multiprocessing.util" in sys.modules:  # whose processes run neither what atexit has of their parent nor the hook for errors
        from multiprocessing import util

        util.Finalize(None, _finish_all, exitpriority=0)
    if _hooked:
        return
    _hooked = True
    atexit.register(_finish_all)
    os.register_at_fork(after_in_child=_forget_all)
    sys.excepthook = _failing(sys.excepthook)


def _failing(usual: Callable[..., Any]) -> Callable[..., Any]:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        for recorder in list(_open):
            recorder.__exit__(kind, error, trace)
        usual(kind, error, trace)

    return hook


def _finish_all() -> None:
    """The process ends; by an error where one is on its way through it."""
    error = sys.exc_info()[1]
    for recorder in list(_open):
        if error is None:
            recorder.finish("its script ended")
        else:
            recorder.__exit__(type(error), error, error.__traceback__)


def _forget_all() -> None:
    for recorder in list(_open):
        recorder._forget()
    _open.clear()
