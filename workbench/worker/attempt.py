"""One attempt at a run: lock, log, train, and an event that says how it ended."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import PhaseChanged, RunEnded, RunStarted, SettingsAmended
from workbench.events.writer import EventWriter
from workbench.finding import by_name, from_path
from workbench.queue import line, slots
from workbench.queue.place import Place
from workbench.recipe import Recipe
from workbench.runs import locking, status
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import read_state
from workbench.schema import Value, build
from workbench.session.journal import Journal
from workbench.session.requests import answer_at_end
from workbench.settings import Common
from workbench.worker import torchrun
from workbench.worker.order import Order
from workbench.worker.signals import Signals
from workbench.worker.supervise import EXIT_BYTES, tell_supervisor

_LOCK_WAIT_SECONDS = 10.0  # a worker whose end is in the log already may need a moment to leave
_RESERVE_BYTES = 256 * 1024
_DISK_WAIT_SECONDS = 60.0  # for room on a full disk, before a run's end is given up on


def work(folder: RunFolder, order: Order, signals: Signals | None = None) -> int:
    """One attempt at a run: lock, log, train, end. What holds for the whole process is for `main` to set.

    Args:
        signals: those that end the run at its next step.
    """
    if torchrun.rank() > 0:
        return _follow(folder, order, signals or Signals())
    lock = None if order.launched else locking.hold(folder, seconds=_LOCK_WAIT_SECONDS)
    if lock is None and not order.launched:
        print(f"{folder.id} is being trained by another worker", file=sys.stderr)
        return int(ExitCode.WRONG_USE)
    state = read_state(folder)
    attempt = max(state.attempt, folder.last_exit()) + 1
    if order.before not in (None, attempt - 1):
        print(f"attempt {attempt - 1} of {folder.id} was made by another worker", file=sys.stderr)
        return int(ExitCode.WRONG_USE)
    if not order.dropped:
        tell_supervisor(folder=str(folder.path), attempt=attempt)
        if (processes := _processes(folder, order)) > 1 and not torchrun.is_inside():
            held = None if order.placed else _join(folder, order)  # as long as this process
            device = "cpu" if order.device == "cpu" else ""  # a slot is one GPU, and each process takes another
            code = torchrun.launch(folder, asdict(replace(order, placed=True, launched=True, device=device)), processes)
            del held
            return code
    writer = EventWriter(folder.events)
    journal = Journal(folder, writer, state)
    if order.dropped:
        ended = RunEnded(at=time.time(), state="stopped", step=state.step, reason=f"taken out of the queue by {order.dropped}")
        journal.write(ended, commit=True)
        return _leave(journal, ended)
    place = None if order.placed else _join(folder, order)  # noqa: F841  it lasts as long as this process
    journal.write(_started(attempt), commit=True)
    if order.amended:
        journal.write(SettingsAmended(at=time.time(), values=order.amended))
    reserve = _reserve(folder, attempt)
    outcome = _train(folder, journal, attempt, order, signals or Signals())
    if outcome is None and order.launched:  # the launcher sees how the other one ended, and says so
        journal.close()
        return torchrun.leave(signals or Signals())
    ended = outcome or _end(
        None, "failed", "another process of the run is gone", advice="its own machine's log may say why", code=ExitCode.RUN_FAILED
    )
    journal.write(ended, commit=True)
    reserve.unlink(missing_ok=True)
    _wait_for_disk(writer)
    journal.summarise(now=True)
    tell_supervisor(state=ended.state, reason=ended.reason[:1000])  # a pipe takes 64 KiB, an exit file 4
    return _leave(journal, ended)


def _processes(folder: RunFolder, order: Order) -> int:
    """How many the run is to have, as far as its record tells."""
    with contextlib.suppress(OSError, ValueError, WorkbenchError):
        record = folder.record()
        value = {**record.settings, **read_state(folder).amended, **order.amended}.get("processes")
        return value if isinstance(value, int) and not record.trying else 1  # a trial is made by one process
    return 1


def _follow(folder: RunFolder, order: Order, signals: Signals) -> int:
    """Train as one of several processes, under the lead of rank 0, which records."""
    from workbench.session.distributed import Silent

    state = read_state(folder)
    journal = Silent(folder, EventWriter(Path(os.devnull)), state)
    journal.write(SettingsAmended(at=time.time(), values=order.amended))
    ended = _train(folder, journal, state.attempt, order, Signals())  # what stops the run is said by rank 0
    if ended is None:
        return torchrun.leave(signals)
    if ended.state != "failed":
        return int(ExitCode.DONE)
    print(ended.detail or ended.reason, file=sys.stderr)
    tell_supervisor(**{torchrun.said_by(torchrun.rank()): ended.reason[:1000]})
    return int(ExitCode.RUN_FAILED)


def _train(folder: RunFolder, journal: Journal, attempt: int, order: Order, signals: Signals) -> RunEnded | None:
    """Import, load, build, train; whatever happens, an event that says how it ended. None where another process was lost."""
    record = folder.record()
    session: Any = None
    try:
        recipe = from_path(Path(order.recipe_path)) if order.recipe_path else by_name(record.recipe)
        device: dict[str, Value] = {"device": order.device} if order.device else {}
        device |= torchrun.device(str({**record.settings, **device}.get("device", "auto")))
        config = build(recipe.config, {**record.settings, **journal.state.amended, **device}, recipe=recipe.name)
        assert isinstance(config, Common)
        journal.write(PhaseChanged(at=time.time(), phase="importing torch"))
        from workbench.session.distributed import DistributedSession
        from workbench.session.handle import Session, Stopped
        from workbench.training.machine.ranks import LostRank

        if record.trying:
            return _try(folder, recipe, config, journal, signals)
        session = (DistributedSession if torchrun.is_inside() else Session)(folder, recipe, config, journal, attempt)
        signals.tell(session.requests)
        try:
            recipe.train(config, session)
            session.returned()
        except LostRank as lost:
            print(f"another process of the run is gone: {lost}", file=sys.stderr)
            return None
        except Stopped:
            session.completed = False
    except WorkbenchError as error:
        refused = error.code == ExitCode.WRONG_USE
        return _end(session, "failed", error.message, advice=error.hint, code=ExitCode.WRONG_USE if refused else ExitCode.RUN_FAILED)
    except BaseException as error:  # noqa: BLE001  the worker's one place where errors end: each is a run that failed, in words
        from workbench.session.failure import explain

        return explain(error, session, record, journal)
    if session.completed:
        return _end(session, "finished", session.end_reason())
    return _end(session, "stopped", session.requests.reason)


def _try(folder: RunFolder, recipe: Recipe, config: Common, journal: Journal, signals: Signals) -> RunEnded:
    """Conduct a trial, whose result lies in the folder of its run."""
    from workbench.session.handle import Stopped
    from workbench.trying.conduct import conduct

    try:
        session = conduct(folder.record().trying, folder, recipe, config, journal, signals.tell)
    except Stopped:
        return RunEnded(at=time.time(), state="stopped", step=0, reason="the trial was stopped")
    return _end(session, "finished" if session.completed else "stopped", "the trial is done")


def _end(session: Any, state: Any, reason: str, *, advice: str = "", code: int = 0) -> RunEnded:
    step = session.step if session else 0
    seconds = session.cpu_seconds() if session else 0.0
    return RunEnded(
        at=time.time(), state=state, step=step, reason=reason, advice=advice, exit_code=int(code), cpu_seconds=round(seconds, 3)
    )


def _leave(journal: Journal, ended: RunEnded) -> int:
    """Answer who still waits, and close the log."""
    answer_at_end(journal, ended)
    journal.summarise(now=True)
    lost = journal.close()
    if lost:
        print(f"{lost} events could not be written: the disk is full", file=sys.stderr)
        tell_supervisor(state="failed", reason=f"the disk is full; the last {lost} events are lost")
        return int(ExitCode.RUN_FAILED)
    return ended.exit_code if ended.exit_code else int(ExitCode.RUN_FAILED if ended.state == "failed" else ExitCode.DONE)


def _join(folder: RunFolder, order: Order) -> Place | None:
    """Hold a slot of the device beside whoever holds it: what comes later waits for this run, too."""
    setting = str({**folder.record().settings, **order.amended}.get("device", "auto"))
    with contextlib.suppress(OSError, WorkbenchError):  # where no line can be kept, nobody waits in it
        wants = slots.wanted(setting)
        place = Place(line.room(), folder.path, wants)
        order.device = order.device or slots.assigned(setting, place.join(), wants)
        return place
    return None


def _started(attempt: int) -> RunStarted:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"workbench": __version__, "python": platform.python_version()}
    for name in ("torch", "torchvision", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return RunStarted(
        at=time.time(), attempt=attempt, host=platform.node(), boot_id=status.boot_id(), pid=os.getpid(),
        process_started=status.process_started(os.getpid()) or 0.0, versions=versions,
    )  # fmt: skip


def _reserve(folder: RunFolder, attempt: int) -> Path:
    """Room for the last words, taken while there is some: for the end of the log, and for the supervisor's exit file."""
    reserve = folder.path / ".reserve"
    for path, size in ((reserve, _RESERVE_BYTES), (folder.exit_draft(attempt), EXIT_BYTES)):
        with contextlib.suppress(OSError), open(path, "wb") as file:
            file.write(b" " * size)
    return reserve


def _wait_for_disk(writer: EventWriter) -> None:
    """The end of a run is worth waiting for: give a full disk a while to be cleared."""
    deadline = time.monotonic() + _DISK_WAIT_SECONDS
    while writer.waiting and time.monotonic() < deadline and not writer.retry():
        time.sleep(0.5)
