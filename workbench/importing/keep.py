"""Writing a foreign run into a run folder, as a worker would have left it that finished long ago."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from workbench import __version__
from workbench.clean import clean
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import LoopStarted, RunEnded, RunStarted
from workbench.events.writer import EventWriter
from workbench.importing import csv_table, event_files
from workbench.importing.foreign import Foreign
from workbench.recipe import Goal
from workbench.recording.charting import LONGEST_KEY, MOST_KEYS, declare
from workbench.recording.settings import flattened
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.state import RunState
from workbench.runs.store import Store
from workbench.session.journal import Journal

STEM = "imported"
_ROWS = 1000  # of a group in the log


def read(path: Path, how: csv_table.Reading | None = None) -> list[Foreign]:
    """The runs at a path: a folder or an event file of TensorBoard, else a table.

    Raises:
        WorkbenchError: there is nothing there, or nothing that can be read.
    """
    if not path.exists():
        raise WorkbenchError(f"there is no {path}", "give a CSV table, an event file, or a folder of event files", code=ExitCode.NOT_FOUND)
    if path.is_dir() or event_files.is_event_file(path):
        return event_files.read(path)
    return [csv_table.read(path, how)]


def twins(store: Store, run: Foreign) -> list[str]:
    """The ids of runs that were imported from the same place before."""
    command = _command(run)
    records = (store.folder(run_id).record() for run_id in store.ids() if run_id.startswith(f"{STEM}-"))
    return [record.id for record in records if record.source == "import" and record.command_line == command]


def _command(run: Foreign) -> list[str]:
    return ["workbench", "import", str(Path(run.origin).absolute())]


def keep(store: Store, run: Foreign, *, goals: Mapping[str, Goal], name: str = "", tags: tuple[str, ...] = ()) -> RunFolder:
    """A new run folder with all that a foreign run has; nothing is left of it where the disk is full.

    Raises:
        WorkbenchError: it cannot be written, or `goals` names a metric that the run does not have.
    """
    keys = [clean(key)[:LONGEST_KEY] for key in list(run.series)[:MOST_KEYS]]
    for key in goals:
        if key not in keys:
            raise WorkbenchError(f"{run.origin} has no metric `{key}`", f"it has {', '.join(keys[:12])}")
    folder = store.claim(STEM)
    try:
        created_at = time.time()
        record = RunRecord(
            id=folder.id, recipe=STEM, source="import", settings=flattened(run.settings), created_at=created_at, command_line=_command(run)
        )
        folder.prepare(record, Labels(name=clean(name or run.name), tags=tags))
        _write(folder, run, keys, goals)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def _write(folder: RunFolder, run: Foreign, keys: list[str], goals: Mapping[str, Goal]) -> None:
    rows = run.rows()
    first, last = (rows[0][1], rows[-1][1])
    journal = Journal(folder, EventWriter(folder.events), RunState())
    journal.write(RunStarted(at=first, attempt=1, host="", boot_id="", pid=0, process_started=0.0, versions={"workbench": __version__}))
    journal.write(declare(keys, goals, at=first))
    journal.write(
        LoopStarted(at=first, step=0, elapsed_seconds=0.0, steps_total=rows[-1][0] or None, steps_per_epoch=0, epochs_total=None,
                    examples_per_step=1, unit="steps")
    )  # fmt: skip
    for place, (step, at, values) in enumerate(rows, start=1):
        journal.log(step, values, at=at)
        if place % _ROWS == 0:
            journal.flush()
    for note in run.notes:
        journal.notice(note)
    ended = RunEnded(at=max(first, last), state="finished", step=rows[-1][0], reason=f"imported from {clean(run.origin)}")
    journal.write(ended, commit=True)
    journal.summarise(now=True)
    if journal.close():
        raise WorkbenchError(f"cannot write {folder.path}: the disk is full", "free some space, or choose another folder with --runs")
