"""`python -m workbench.worker.drive SWEEP_FOLDER ABOUT`: starts the runs of a sweep on this machine, one for each slot at a time.

It may be killed at any moment. What it has done is known by others: who has which run by the claims, which run it became by
the run's own record, how it went by the run's log. So the next one goes on where this one was, and nothing is done twice.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.events.types import Evaluated
from workbench.finding import by_name, from_path
from workbench.launching import launch
from workbench.launching.awaiting import SPAWN_SECONDS, await_leaving
from workbench.locks import lock_holder
from workbench.queue import slots
from workbench.recipe import Recipe
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store
from workbench.sweeps.folder import SweepFolder, host
from workbench.sweeps.journal import Journal
from workbench.sweeps.plan import Plan, Unit, config_of, units
from workbench.sweeps.progress import ENDED
from workbench.worker.study import Study

_LOOK_SECONDS = 1.0
_MOST_DEATHS = 5  # of one run, until it is given up


def main(arguments: list[str]) -> int:
    """Drive the sweep in the folder that is the first argument until nothing is left for this machine."""
    os.umask(0o077)
    folder, about = SweepFolder(Path(arguments[0])), json.loads(arguments[1])
    lock = os.open(folder.lock(host()), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"{folder.name} is driven on this machine already", file=sys.stderr)
        return 2
    driver = Driver(folder, Store(Path(about["root"])), recipe_path=about["recipe_path"], alive=lambda: os.utime(lock))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, driver.signalled)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while driver.goes_on():
        time.sleep(_LOOK_SECONDS)
    driver.finish()
    os.utime(lock, (0, 0))  # others cannot ask about the lock, only how long it has been quiet: for ever
    return 0


class Driver:
    """One machine's part in a sweep."""

    def __init__(self, folder: SweepFolder, store: Store, *, recipe_path: str = "", alive: Callable[[], None] = lambda: None) -> None:
        self._folder, self._store, self._alive = folder, store, alive
        self._recipe_path = recipe_path
        self._plan: Plan = folder.plan()
        self._units = {} if self._plan.trials else {unit.number: unit for unit in units(self._plan)}
        self._study = Study(folder, self._plan) if self._plan.trials else None
        self._journal = Journal(folder.log(host()))
        self._active: dict[int, _Watched] = {}
        self._claimed: list[int] = []  # taken for this machine, and not begun yet
        self._stopping = False
        self._take_up()

    def signalled(self, number: int, _: object) -> None:
        """TERM and INT let what trains go on, and begin nothing more; `resume` goes on from there."""
        self._stopping = True

    def goes_on(self) -> bool:
        """Look once: at what trains, and whether there is room for another; False when nothing is left to do here."""
        self._alive()
        all_said = self._journal.retry()
        if self._folder.stop.exists() and not self._stopping:
            self._halt()
        for number, watched in list(self._active.items()):
            try:
                if self._is_over(number, watched):
                    del self._active[number]
            except (OSError, WorkbenchError) as error:  # a full disk may have room again at the next look
                print(error, file=sys.stderr, flush=True)
        try:
            while not self._stopping and len(self._active) < self._room() and self._find_work():
                self._begin(self._claimed[0])
                self._claimed.pop(0)
        except (OSError, WorkbenchError) as error:
            print(error, file=sys.stderr, flush=True)
            return True
        return (bool(self._active) or not all_said) and not (self._stopping and not self._folder.stop.exists())

    def finish(self) -> None:
        """Say what mattered, where a search is at its end."""
        if self._study and not self._stopping:
            self._journal.write("importance", shares=self._study.importance())

    def _take_up(self) -> None:
        """Go on with what an earlier process on this machine had begun, wherever it was when it ended."""
        known = {run: number for number, run in self._folder.runs().items()}
        mine = [number for number, machine in self._folder.claims().items() if machine == host()]
        found = {}
        for run_id in self._store.ids():
            record = self._store.folder(run_id).record()
            if record.sweep == self._folder.name and record.trial in mine:
                found[int(record.trial or 0)] = run_id
                if run_id not in known:  # it was claimed and prepared, and not yet said
                    self._journal.write("assigned", trial=record.trial, run=run_id)
        deleted = {number for run, number in known.items() if number in mine and number not in found}
        events = self._folder.events()
        told = {str(event["run"]): event["type"] for event in events if event.get("type") in ("halted", "resumed")}
        refused = {event.get("trial") for event in events if event.get("type") == "refused"}
        for number in mine:
            if number in found:
                self._active[number] = self._watch(self._store.folder(found[number]), was_halted=told.get(found[number]) == "halted")
            elif number not in deleted and number not in refused:
                self._claimed.append(number)

    def _watch(self, folder: RunFolder, *, was_halted: bool = False) -> _Watched:
        watched = _Watched(Feed(folder))
        feed = watched.feed.read_all()
        if self._folder.stop.exists():  # it was started to stop what an earlier one had begun
            pass
        elif feed.status.state == "starting" and lock_holder(folder.lock) is None:
            launch.begin(folder, recipe_path=self._recipe_path, queue=True)  # the process that claimed it may not have come so far
        elif feed.status.state == "stopped" and was_halted:
            launch.resume(folder, recipe_path=self._recipe_path, queue=True)
            self._journal.write("resumed", run=folder.id)
            watched.grace()
        watched.feed = Feed(folder)
        return watched

    def _room(self) -> int:
        """How many runs this machine trains at a time: one for each slot that they may take."""
        device = str(self._plan.settings.get("device", "auto"))
        return len(slots.wanted(device))

    def _find_work(self) -> bool:
        """Whether there is a run to begin: one that is taken for this machine, or that nobody has."""
        if not self._claimed:
            taken = self._folder.taken()
            free = (number for number in range(self._plan.total) if number not in taken)
            self._claimed = list(itertools.islice((each for each in free if self._folder.claim(each)), 1))
        return bool(self._claimed)

    def _begin(self, number: int) -> None:
        """Start the run of a number, and say so."""
        unit = self._units.get(number) or self._chosen(number)
        recipe = self._recipe(unit)
        try:
            config = config_of(unit, recipe)
        except WorkbenchError as error:  # values that a search put together
            self._journal.write("refused", trial=number, reason=error.message)
            if self._study:
                self._study.tell(number, "failed", None)
            return
        folder = launch.start(
            self._store, recipe, unit.family.preset, config, sweep=self._folder.name, trial=number, queue=True,
            command_line=["workbench", "sweep", "resume", self._folder.name],
        )  # fmt: skip
        self._journal.write("assigned", trial=number, run=folder.id)
        self._active[number] = _Watched(Feed(folder))

    def _chosen(self, number: int) -> Unit:
        assert self._study is not None
        return Unit(number, self._plan.families[0], {**self._plan.settings, **self._study.settings(number)})

    def _recipe(self, unit: Unit) -> Recipe:
        return from_path(Path(self._recipe_path)) if unit.family.path else by_name(unit.family.recipe)

    def _is_over(self, number: int, watched: _Watched) -> bool:
        """See how a run goes; True when nothing is left to be done about it."""
        values = watched.look(self._plan.objective)
        status = watched.feed.status
        if self._study and watched.feed.state.ended is None:
            for place, value in values:
                if self._study.is_hopeless(number, place, value):
                    self._journal.write("pruned", trial=number, run=watched.feed.folder.id)
                    control.ask(watched.feed.folder, "stop", by=f"the search of {self._folder.name}")
        if watched.is_new:
            return False
        if status.state == "died":
            return self._revive(watched)
        if status.state not in ENDED:
            return False
        await_leaving(watched.feed.folder)  # else the next one would queue behind it for a second
        if self._study and not self._folder.stop.exists():
            summary = watched.feed.state.summaries.get(self._plan.objective)
            self._study.tell(number, status.state, summary.best(self._plan.goal)[0] if summary else None)
        return True

    def _revive(self, watched: _Watched) -> bool:
        """Go on with a run that was killed; True when it is given up."""
        watched.deaths += 1
        folder = watched.feed.folder
        if self._stopping or watched.deaths > _MOST_DEATHS:
            self._journal.write("given_up", run=folder.id, reason=watched.feed.status.reason)
            return True
        try:
            launch.resume(folder, recipe_path=self._recipe_path, queue=True)
        except WorkbenchError as error:  # its recipe was changed meanwhile, say
            self._journal.write("given_up", run=folder.id, reason=error.message)
            return True
        self._journal.write("resumed", run=folder.id)
        watched.grace()
        return False

    def _halt(self) -> None:
        """Ask what trains to stop, once; `resume` goes on with it. What a full disk has no room for is asked at the next look."""
        try:
            for watched in self._active.values():
                if not watched.is_halted and watched.feed.refresh().is_live:
                    self._journal.write("halted", run=watched.feed.folder.id)
                    control.ask(watched.feed.folder, "stop", by=f"sweep stop {self._folder.name}")
                    watched.is_halted = True
            self._stopping = True
        except WorkbenchError as error:
            print(error, file=sys.stderr, flush=True)


class _Watched:
    """A run that this machine's part of the sweep waits for."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.deaths = 0
        self.is_halted = False  # was asked to stop with its sweep
        self._evaluations = 0
        self._begun_at = -SPAWN_SECONDS

    def look(self, objective: str) -> list[tuple[int, float]]:
        """What came since the last look: the objective, and the how-manieth evaluation it was."""
        found: list[tuple[int, float]] = []
        while True:
            for event in self.feed.poll():
                if isinstance(event, Evaluated) and objective in event.values:
                    self._evaluations += 1
                    found.append((self._evaluations, event.values[objective]))
            if not self.feed.behind:
                self.feed.refresh()
                return found

    def grace(self) -> None:
        """Another attempt was started: what is known of the one before counts until that one holds the lock."""
        self._begun_at = time.monotonic()

    @property
    def is_new(self) -> bool:
        """Whether its process may not have begun yet."""
        started: Any = self.feed.state.attempts[-1].started_at if self.feed.state.attempts else 0.0
        return time.monotonic() - self._begun_at < SPAWN_SECONDS and time.time() - started > SPAWN_SECONDS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
