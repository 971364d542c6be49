"""Looking at sweeps: a table that stays in its place on a terminal, a line for each run that has ended in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from workbench.charts.rows import cells, cut, plain
from workbench.cli import output
from workbench.errors import ExitCode, WorkbenchError
from workbench.launching import sweep
from workbench.queue import slots
from workbench.runs.report import strict_json
from workbench.runs.store import Store
from workbench.sweeps import progress
from workbench.sweeps.folder import SweepFolder, host
from workbench.sweeps.plan import Plan
from workbench.sweeps.progress import Entry, Progress
from workbench.units import metric
from workbench.views import sweep as view

_LOOK_SECONDS = 1.0
_BEGIN_SECONDS = 30.0  # until the process that drives it must have begun, also on a loaded machine
_STOP_SECONDS = 60.0
_AROUND = 8  # rows around the table


class Look:
    """How sweeps are shown: in these colours, or as JSON."""

    def __init__(self, store: Store, *, ascii_only: bool, as_json: bool) -> None:
        self._store, self._ascii, self._as_json = store, ascii_only, as_json
        self._drawn: list[int] = []  # cells of each row on the terminal that the next drawing replaces
        self._told: set[int] = set()

    def at_all(self, folders: Sequence[SweepFolder]) -> int:
        """The sweeps there are, a line each."""
        found = [progress.Look(folder, self._store).now() for folder in folders]
        if self._as_json:
            output.emit_json([view.as_json(each) for each in found])
        elif found:
            for each in found:
                for line in view.lines(each, unit=each.unit, ascii_only=self._ascii)[:2]:
                    output.emit(line)
        else:
            output.say("there is no sweep yet\n\nhint: `workbench sweep cnn lr=1e-3,3e-3 --seeds 3` begins one")
        return int(ExitCode.DONE)

    def once(self, folder: SweepFolder) -> int:
        """One look at a sweep."""
        self._tell(progress.Look(folder, self._store).now())
        return int(ExitCode.DONE)

    def follow(self, folder: SweepFolder, *, detach: bool, is_new: bool = False) -> int:
        """Watch a sweep until nothing of it is left to do; Ctrl-C asks whether to leave or to stop it.

        Raises:
            WorkbenchError: the process that drives it did not begin.
        """
        looking = progress.Look(folder, self._store)
        self._await_driver(folder, looking)
        if detach:
            if self._as_json:
                self._tell(looking.now())
            else:
                output.emit(folder.name)
            return int(ExitCode.DONE)
        if is_new:
            count = output.plural(looking.plan.total, "run")
            output.say(f"{folder.name}: {count}, {_at_a_time(looking.plan)}, also when this terminal is closed")
        while True:
            try:
                now = self._watch(looking)
                break
            except KeyboardInterrupt:
                if not self._goes_on(folder):
                    output.say(f"{folder.name} goes on: workbench sweep show {folder.name}, workbench sweep stop {folder.name}")
                    return int(ExitCode.INTERRUPTED)
        self._clear()
        self._tell(now)
        return _code(now, folder)

    def stop(self, folder: SweepFolder) -> int:
        """Stop a sweep on all its machines, and wait until those of this one have stopped.

        Raises:
            WorkbenchError: nothing drives it, or its run does not stop.
        """
        looking = progress.Look(folder, self._store)
        if sweep.stop(folder, self._store):
            self._await_driver(folder, looking)
        deadline = time.monotonic() + _STOP_SECONDS
        while any(folder.drivers().values()):
            if time.monotonic() > deadline:
                raise WorkbenchError(f"{folder.name} has not stopped within {_STOP_SECONDS:g} s", "it stops behind the step it is in",
                                     code=ExitCode.NO_ANSWER)  # fmt: skip
            time.sleep(_LOOK_SECONDS)
        self._tell(looking.now())
        output.say(f"next: workbench sweep resume {folder.name}")
        return int(ExitCode.DONE)

    def _await_driver(self, folder: SweepFolder, looking: progress.Look) -> None:
        deadline = time.monotonic() + _BEGIN_SECONDS
        while not any(folder.drivers().values()) and looking.now().state not in ("finished",):
            if time.monotonic() > deadline:
                raise WorkbenchError(f"{folder.name} could not begin", f"look at {folder.driver_log}", code=ExitCode.RUN_FAILED)
            time.sleep(0.1)

    def _watch(self, looking: progress.Look) -> Progress:
        """Draw until no machine works at it any more."""
        while True:
            now = looking.now()
            if now.state != "running":
                if not self._draws:
                    self._say_what_ended(now)
                return now
            if self._draws:
                self._draw(now)
            else:
                self._say_what_ended(now)
            time.sleep(_LOOK_SECONDS)

    @property
    def _draws(self) -> bool:
        return sys.stdout.isatty() and not self._as_json and output.colours() > 1

    def _draw(self, now: Progress) -> None:
        width, most = output.columns() - 1, max(3, output.lines() - _AROUND)
        self._clear()
        lines = [cut(line, width, ascii_only=self._ascii) for line in view.lines(now, unit=now.unit, ascii_only=self._ascii)]
        table = view.table(now, width, unit=now.unit, ascii_only=self._ascii, most=most)
        for line in lines:
            output.emit(line)
        output.emit_rows(table, colours=output.colours())
        sys.stdout.flush()
        self._drawn = [cells(line.rstrip()) for line in [*lines, *plain(table)]]

    def _clear(self) -> None:
        """Remove what was drawn; a terminal that became narrower has wrapped it."""
        width = max(1, output.columns())
        rows = sum(max(1, -(-drawn // width)) for drawn in self._drawn)
        if rows:
            sys.stdout.write(f"\x1b[{rows}A\x1b[J")
        self._drawn = []

    def _say_what_ended(self, now: Progress) -> None:
        for entry in now.entries:
            if entry.is_done and entry.number not in self._told:
                self._told.add(entry.number)
                (output.say if self._as_json else output.emit)(_line(entry, now, len(self._told)))

    def _tell(self, now: Progress) -> None:
        """The whole of it: lines, runs, groups, importance."""
        if self._as_json:
            print(strict_json(view.as_json(now), indent=1))
            return
        width, unit = output.columns(), now.unit
        for line in view.lines(now, unit=unit, ascii_only=self._ascii):
            output.emit(line)
        output.emit_rows(view.table(now, width, unit=unit, ascii_only=self._ascii), colours=output.colours())
        if now.plan.seeds > 1 or len(now.plan.families) > 1:
            output.emit()
            output.emit_rows(view.groups(now, width, unit=unit, ascii_only=self._ascii), colours=output.colours())
        for line in view.importance(now, ascii_only=self._ascii):
            output.emit(line)

    def _goes_on(self, folder: SweepFolder) -> bool:
        if not output.is_answered():
            sweep.ask_to_stop(folder)
            return True
        self._drawn = []
        try:
            question = f"\n{folder.name} is running. Leave it running (Enter), stop it (s, or Ctrl-C again), or go on watching (w)? "
            print(question, end="", file=sys.stderr, flush=True)
            answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            answer = "s"
        if answer.startswith("s"):
            sweep.ask_to_stop(folder)
        return answer.startswith(("s", "w"))


def _left(now: Progress, folder: SweepFolder) -> tuple[str, str]:
    """Why a sweep is not at its end though nothing works at it, and what to do: a machine goes on only with what it has begun."""
    again, claims = f"workbench sweep resume {folder.name}", folder.claims()
    left = [entry for entry in now.entries if not entry.is_done and entry.state != "deleted"]
    away = {claims[entry.number] for entry in left if claims.get(entry.number, host()) != host()}
    if any(claims.get(entry.number, host()) == host() for entry in left):
        return f"nothing drives {folder.name} any more", again
    runs = [entry.run for entry in left if entry.run]
    here = f"; or here `workbench resume {runs[0]}`{' and so on' if runs[1:] else ''}" if runs else ""
    return f"what is left of {folder.name} was begun on {', '.join(sorted(away))}", f"there `{again}`{here}"


def _at_a_time(plan: Plan) -> str:
    count = len(slots.wanted(str(plan.settings.get("device", "auto"))))
    return "one after the other" if count == 1 else f"{count} at a time"


def _line(entry: Entry, now: Progress, count: int) -> str:
    values = "".join(f"  {name} {view.text(now.plan, name, value)}" for name, value in entry.values.items())
    best = f"  {now.plan.objective} {metric(entry.best, now.unit)}" if entry.best is not None else ""
    return f"{count}/{now.plan.total}  {entry.run or entry.recipe}  {entry.state}{values}{best}" + (
        f"  {entry.reason}" if entry.state == "failed" else ""
    )


def _code(now: Progress, folder: SweepFolder) -> int:
    if now.state == "interrupted":
        what, hint = _left(now, folder)
        output.say(f"error: {what}\n\nhint: {hint}")
        return int(ExitCode.RUN_FAILED)
    if now.state == "stopped":
        output.say(f"next: workbench sweep resume {folder.name}")
    elif now.best:
        output.say(f"next: workbench show {now.best.run}    workbench runs sweep:{folder.name} --sort best")
    return int(ExitCode.DONE if now.done == now.plan.total or now.state == "stopped" else ExitCode.RUN_FAILED)
