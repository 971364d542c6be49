"""Starting, resuming and, where nothing else helps, killing workers, from a process that does not know torch."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import workbench
from workbench.errors import WorkbenchError
from workbench.finding import by_name, from_path, is_named
from workbench.launching.ask import Helper
from workbench.launching.spawn import spawn
from workbench.queue import line, slots
from workbench.recipe import Recipe
from workbench.runs.folder import Fork, Labels, RunFolder, RunRecord
from workbench.runs.lineage import take_over
from workbench.runs.reading.feed import Feed
from workbench.runs.status import boot_id, process_started
from workbench.runs.store import Store
from workbench.schema import Settings, Value, build, flat, words_for_none


def start(
    store: Store,
    recipe: Recipe,
    preset: str,
    config: Settings,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    parent: str | None = None,
    weights: bool = False,
    fork: Fork | None = None,
    command_line: Sequence[str] = (),
    sweep: str = "",
    trial: int | None = None,
    queue: bool = False,
    begins: bool = True,
    trying: str = "",
    helper: Helper | None = None,
) -> RunFolder:
    """Claim a folder for a new run and start its worker, or turn a helper that has torch already into it.

    Args:
        parent: the id of the run that the settings come from; with `weights`, those of its best evaluation too.
        fork: the checkpoint of the parent that it goes on from, which is taken over.
        sweep: the name of the sweep that the run belongs to, as number `trial`.
        queue: wait for a free slot of the device, behind those that wait already; without it, the run starts beside them.
        begins: start it; else somebody does so with `torchrun_line`.
        trying: the kind of trial to conduct instead of a run; it ends when this process does.

    Raises:
        WorkbenchError: the runs folder cannot be written; nothing is left in it.
    """
    folder = store.claim(recipe.name)
    record = RunRecord(
        id=folder.id, recipe=recipe.name, recipe_path=recipe.path, preset=preset, settings=flat(config),
        words_for_none=words_for_none(recipe.config), parent=parent, weights=weights, fork=fork,
        created_at=time.time(), versions={"workbench": workbench.__version__, "python": platform.python_version()},
        git_commit=_git_commit(Path.cwd()), command_line=list(command_line), host=platform.node(), sweep=sweep, trial=trial,
        trying=trying, asker=(os.getpid(), process_started(os.getpid()) or 0.0) if trying else (0, 0.0),
    )  # fmt: skip
    try:
        about = _waiting(record.settings) if queue else None
        folder.prepare(record, Labels(name=name, tags=tags))
        if fork is not None and parent:
            take_over(store.folder(parent), fork, folder)
        if begins:
            _begin(folder, {"recipe_path": recipe.path, "before": 0}, about, helper)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def resume(
    folder: RunFolder,
    *,
    recipe_path: str = "",
    changes: Mapping[str, Value] | None = None,
    queue: bool = False,
    helper: Helper | None = None,
) -> int:
    """Start another attempt at a run that has ended, from its newest good checkpoint; returns how many there were before.

    Args:
        changes: settings that differ from now on, such as a raised limit.
        queue: wait for a free slot of the device.

    Raises:
        WorkbenchError: it lives, it was a path's recipe that is not given again, nothing is left to do, or the recipe does not
            take the settings any more.
    """
    feed = Feed(folder, brief=True).read_all()
    changes = dict(changes or {})
    if feed.status.is_live:
        raise WorkbenchError(f"{folder.id} is {feed.status.state}", f"`workbench attach {folder.id}` shows it")
    if feed.record.source != "recipe":
        raise not_ours(feed)
    if feed.record.recipe_path and not recipe_path and is_named(feed.record.recipe_path):
        recipe_path = feed.record.recipe_path
    if feed.record.recipe_path and not recipe_path:
        raise WorkbenchError(
            f"{folder.id} was trained by the recipe at {feed.record.recipe_path}",
            f"say that it may run again: workbench resume {folder.id} --recipe {feed.record.recipe_path}",
        )
    if feed.status.state == "finished" and not _raises_a_limit(feed, changes):
        raise WorkbenchError(
            f"{folder.id} has finished: {feed.status.reason}",
            f"give it more to do, for example: workbench resume {folder.id} {_more(feed)}",
        )
    settings = {**feed.record.settings, **feed.state.amended, **changes}
    _refuse_settings(feed.record.recipe, recipe_path, settings)
    before = max(feed.state.attempt, folder.last_exit())
    about = _waiting(settings) if queue else None
    _begin(folder, {"amended": changes, "recipe_path": recipe_path, "before": before}, about, helper)
    return before


def begin(folder: RunFolder, *, recipe_path: str = "", queue: bool = False) -> None:
    """Start the worker of a run that was claimed, and may have none yet: of two workers, the second one leaves.

    Raises:
        WorkbenchError: the slots that were given name no device.
    """
    about = _waiting(folder.record().settings) if queue else None
    _begin(folder, {"recipe_path": recipe_path, "before": 0}, about, None)


def not_ours(feed: Feed) -> WorkbenchError:
    """Why no recipe can go on with a run that was imported, or that a script recorded."""
    name, run_id = feed.labels.name, feed.folder.id
    if feed.record.source == "import":
        return WorkbenchError(f"{run_id} was imported; no recipe here can go on with it", f"`workbench show {run_id}` shows it")
    return WorkbenchError(
        f"{run_id} was trained by a script of its own, which alone knows how to go on", f"run the script again to record `{name}` anew"
    )


def drive(sweep: Path, root: Path, *, recipe_path: str = "") -> None:
    """Start the process that drives a sweep on this machine; where there is one already, the second one leaves."""
    from workbench.sweeps.folder import SweepFolder  # here: starting a run needs nothing of sweeps

    arguments = [str(sweep), json.dumps({"root": str(root), "recipe_path": recipe_path})]
    with open(os.open(SweepFolder(sweep).driver_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
        spawn(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, module="workbench.worker.drive")


def _waiting(settings: Mapping[str, Value]) -> dict[str, object]:
    """What a process needs to know that waits in the queue for a run with these settings.

    Raises:
        WorkbenchError: the slots that were given name no device.
    """
    device = str(settings.get("device", "auto"))
    return {"room": str(line.room()), "device": device, "wants": slots.wanted(device), "host": platform.node(), "boot_id": boot_id()}


def _begin(folder: RunFolder, order: dict[str, object], waiting: dict[str, object] | None, helper: Helper | None) -> None:
    arguments = [str(folder.path), json.dumps(order)]
    if waiting is not None:
        arguments = ["--queued", *arguments, json.dumps(waiting)]
    elif helper is not None and helper.become_worker(arguments, folder.worker_log):
        return
    with open(os.open(folder.worker_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
        spawn(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _refuse_settings(name: str, recipe_path: str, settings: Mapping[str, Value]) -> None:
    """Look before an attempt begins, which would end a run that had finished as one that failed.

    Raises:
        WorkbenchError: there is no such recipe, or it does not take these settings.
    """
    recipe = from_path(Path(recipe_path)) if recipe_path else by_name(name)
    build(recipe.config, settings, recipe=recipe.name)


def _raises_a_limit(feed: Feed, changes: Mapping[str, Value]) -> bool:
    now = {**feed.record.settings, **feed.state.amended}
    for name in ("epochs", "max_steps", "max_seconds", "patience"):
        if name in changes:
            new, old = changes[name], now.get(name)
            if old is not None and (new is None or (isinstance(new, (int, float)) and isinstance(old, (int, float)) and new > old)):
                return True
    return False


def _more(feed: Feed) -> str:
    settings = {**feed.record.settings, **feed.state.amended}
    for name in ("max_steps", "epochs", "max_seconds"):
        value = settings.get(name)
        if isinstance(value, (int, float)):
            return f"{name}={value * 2:g}"
    return "epochs=40"


def _git_commit(folder: Path) -> str:
    """The commit that is checked out where the run was started; read from its files, since `git` may hang or be missing."""
    with contextlib.suppress(OSError, ValueError):
        for place in (folder, *folder.parents):
            head = place / ".git" / "HEAD"
            if head.is_file():
                text = head.read_text().strip()
                return (place / ".git" / text.removeprefix("ref: ")).read_text().strip() if text.startswith("ref: ") else text
    return ""
