"""Where a run comes from: the checkpoint of another run that it goes on from, and what that run was like until then."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.events.reader import EventReader
from workbench.events.types import CheckpointSaved, Event, LoopStarted
from workbench.runs.files import cannot_write, read_json, replace_file, sync_folder
from workbench.runs.folder import Checkpoint, Fork, RunFolder, Value
from workbench.runs.reading.apply import apply_all
from workbench.runs.reading.state import RunState
from workbench.units import grouped

ROOT_ATTEMPT = 0  # of the checkpoint that a fork begins with: older than those of its own attempts
NOT_INHERITED = ("download",)  # allowed for one data set in one run
_MOST_LISTED = 8  # of the first and of the last checkpoints that a hint names
_MOST_GENERATIONS = 100  # that are looked back at; also where somebody wrote a circle of parents


def chosen(parent: RunFolder, step: int | None) -> Checkpoint:
    """The checkpoint of a run at a step, or the newest good one; verified.

    Raises:
        WorkbenchError: there is none at that step, or it cannot be trusted; lists those there are.
    """
    found = parent.saved_checkpoints()  # a later attempt is newer
    if not found:
        raise WorkbenchError(f"{parent.id} has no checkpoint yet", f"`workbench save {parent.id}` writes one while it trains")
    if step is None:
        good = next((one for one in reversed(found) if one.finite and parent.verified(one)), None)
        if good is None:
            raise WorkbenchError(f"none of the checkpoints of {parent.id} can be trusted", _listed(found))
        return good
    at_step = [one for one in found if one.step == step]
    if not at_step:
        has_all = parent.record().settings.get("keep_checkpoints", "") is None
        more = "" if has_all else "; a run keeps its newest and the best: `train --keep-checkpoints all` keeps each"
        raise WorkbenchError(f"{parent.id} has no checkpoint at step {grouped(step)}", _listed(found) + more)
    others = [one for one in found if one.step != step]
    if not parent.verified(at_step[-1]):
        raise WorkbenchError(f"the checkpoint of {parent.id} at step {grouped(step)} is damaged: its checksum is wrong", _listed(others))
    if not at_step[-1].finite:
        raise WorkbenchError(f"the checkpoint of {parent.id} at step {grouped(step)} holds numbers that are not finite", _listed(others))
    return at_step[-1]


def state_at(folder: RunFolder, step: int, attempt: int) -> RunState:
    """What was known of a run when it saved a checkpoint; of the one that a fork began with, when its loop began."""
    state = RunState()
    for events in EventReader(folder.events).rest():
        end = next((place for place, event in enumerate(events, start=1) if _is_at(event, step, attempt)), None)
        apply_all(events[:end], state)
        if end is not None:
            break
    return state


def settings_at(folder: RunFolder, state: RunState) -> dict[str, Value]:
    """The settings of a run as they were in that state, for a run that goes on from there."""
    return inherited({**folder.record().settings, **state.amended, **state.settings_now}, state)


def inherited(settings: Mapping[str, Value], state: RunState) -> dict[str, Value]:
    """What another run takes over of a run's settings, with the number of threads that it measured: the count changes rounding."""
    taken = {name: value for name, value in settings.items() if name not in NOT_INHERITED}
    if taken.get("threads") is None and isinstance(measured := state.tuning.get("threads"), int):
        taken["threads"] = measured
    return taken


def take_over(parent: RunFolder, fork: Fork, child: RunFolder) -> None:
    """Give a run the checkpoint that it begins with, and the best one before it, so that it no longer needs its parent.

    Raises:
        WorkbenchError: the disk is full, or the parent just removed it.
    """
    saved = parent.saved_checkpoints()
    best = max((one for one in saved if one.best and one.step < fork.step), key=lambda one: (one.step, one.attempt), default=None)
    there = next((one for one in saved if (one.step, one.attempt) == (fork.step, fork.attempt)), None)
    if there is None:
        raise WorkbenchError(f"{parent.id} has just removed its checkpoint at step {grouped(fork.step)}", _listed(saved))
    with contextlib.suppress(FileNotFoundError):  # its parent may go on, and find a better one
        if best is not None:
            _copy(best, child.checkpoints)
    try:
        _copy(there, child.checkpoints)
    except OSError as error:
        raise cannot_write(child.checkpoints, error) from error


def ancestry(folder: RunFolder) -> list[tuple[RunFolder, Fork]]:
    """(parent, where it was left) of a run, then of that parent, and so on, as far as they are there."""
    found: list[tuple[RunFolder, Fork]] = []
    while len(found) < _MOST_GENERATIONS:
        record = folder.record()
        if record.fork is None or not record.parent or Path(record.parent).name != record.parent or record.parent.startswith("."):
            break
        folder = RunFolder(folder.path.parent / record.parent)
        if not folder.events.exists():
            break
        found.append((folder, record.fork))
    return found


def _copy(checkpoint: Checkpoint, checkpoints: Path) -> None:
    """As attempt 0 of another run, durably: the state is never written again, so that a link will do."""
    target = checkpoints / f"{checkpoint.step}-{ROOT_ATTEMPT}"
    partial = checkpoints / f".partial-{target.name}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(mode=0o700)
        _link(checkpoint.path / "state.pt", partial / "state.pt")
        manifest = {**read_json(checkpoint.path / "manifest.json"), "attempt": ROOT_ATTEMPT}
        replace_file(partial / "manifest.json", json.dumps(manifest, indent=1).encode())
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync_folder(checkpoints)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
        target.chmod(0o600)
        with open(target, "rb") as file:
            os.fsync(file.fileno())


def _is_at(event: Event, step: int, attempt: int) -> bool:
    if attempt == ROOT_ATTEMPT:
        return isinstance(event, LoopStarted)
    return isinstance(event, CheckpointSaved) and (event.step, event.attempt) == (step, attempt)


def _listed(found: list[Checkpoint]) -> str:
    steps = [grouped(step) for step in sorted({one.step for one in found if one.finite})]
    if len(steps) > 2 * _MOST_LISTED:  # of a run that keeps all
        steps[_MOST_LISTED:-_MOST_LISTED] = [f"... ({len(steps) - 2 * _MOST_LISTED} more) ..."]
    return f"there are checkpoints at step {', '.join(steps)}" if steps else "there is no other"
