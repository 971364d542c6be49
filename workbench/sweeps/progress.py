"""How far a sweep is, from its plan and its runs: what every table and `--json` of it shows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.runs import control
from workbench.runs.reading.feed import Feed
from workbench.runs.store import Store
from workbench.schema import Value
from workbench.sweeps import importance
from workbench.sweeps.folder import SweepFolder
from workbench.sweeps.plan import Plan, Unit, units

ENDED = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class Entry:
    """One run of a sweep. `state` is that of the run, `pruned` where the search ended it, `waiting` where there is none yet."""

    number: int
    recipe: str
    state: str
    values: Mapping[str, Value]  # of the settings that tell runs apart
    run: str = ""
    step: int = 0
    best: float | None = None  # of the objective
    test: float | None = None
    seconds: float = 0.0
    parameters: int | None = None
    reason: str = ""
    halted: bool = False  # stopped together with the sweep, which goes on with it

    @property
    def is_done(self) -> bool:
        return self.state in (*ENDED, "pruned") and not self.halted


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but the seed."""

    recipe: str
    values: Mapping[str, Value]
    runs: tuple[str, ...]
    mean: float | None
    deviation: float | None  # of the sample; None below two runs
    test: float | None
    seconds: float
    parameters: int | None


@dataclass(frozen=True)
class Progress:
    """A sweep as it is now."""

    plan: Plan
    state: str  # running, stopped, finished or interrupted
    entries: tuple[Entry, ...]
    machines: Mapping[str, bool] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""  # of the objective, once a run has declared it
    chance: Mapping[str, float] = field(default_factory=dict)  # what each of these would be if it did nothing; of a grid

    @property
    def done(self) -> int:
        return sum(entry.is_done for entry in self.entries)

    @property
    def best(self) -> Entry | None:
        known = [entry for entry in self.entries if entry.best is not None]
        return min(known, key=lambda entry: _rank(self.plan, entry.best), default=None)

    @property
    def seconds(self) -> float:
        """Training time of all runs so far."""
        return sum(entry.seconds for entry in self.entries)

    @property
    def is_chance(self) -> bool | None:
        """Whether all differ no more than seeds of one setting do; None where no setting was repeated."""
        together: dict[object, list[float]] = {}
        for entry in self.entries:
            if entry.is_done and entry.best is not None:
                together.setdefault((entry.recipe, *_apart(entry.values).items()), []).append(entry.best)
        return importance.is_chance([*together.values()])

    def groups(self) -> list[Group]:
        """Seeds together, the best mean first, those not begun last."""
        together: dict[tuple[object, ...], list[Entry]] = {}
        for entry in self.entries:
            if entry.values or entry.run:  # a search has not chosen the others yet
                together.setdefault((entry.recipe, *_apart(entry.values).items()), []).append(entry)
        groups = [_group(members) for members in together.values()]
        return sorted(groups, key=lambda group: _rank(self.plan, group.mean))


class Look:
    """Looks at a sweep again and again; runs that have ended are read once."""

    def __init__(self, folder: SweepFolder, store: Store) -> None:
        self.folder, self._store, self.plan = folder, store, folder.plan()
        self._feeds: dict[str, Feed] = {}
        self._refused: dict[int, str] = {}
        self._halted: set[str] = set()
        self._unit = ""

    def now(self) -> Progress:
        """The sweep as it is now."""
        events = self.folder.events()
        runs = {int(event["trial"]): str(event["run"]) for event in events if event.get("type") == "assigned"}
        self._refused = {int(event["trial"]): str(event["reason"]) for event in events if event.get("type") == "refused"}
        told = {str(event["run"]): event["type"] for event in events if event.get("type") in ("halted", "resumed")}
        self._halted = {run for run, last in told.items() if last == "halted"}
        pruned = {str(event.get("run")) for event in events if event.get("type") == "pruned"}
        planned: dict[int, Unit | None] = dict.fromkeys(range(self.plan.total))
        if not self.plan.trials:
            planned |= {unit.number: unit for unit in units(self.plan)}
        entries = tuple(self._entry(number, unit, runs.get(number, ""), pruned) for number, unit in planned.items())
        machines = self.folder.drivers()
        shared = next((event["shares"] for event in reversed(events) if event.get("type") == "importance"), None)
        families = len(self.plan.families) > 1
        results = [
            ({**({"recipe": entry.recipe} if families else {}), **_apart(entry.values)}, entry.best)
            for entry in entries
            if entry.is_done and entry.best is not None
        ]
        known = len(results) >= importance.LEAST
        shares = (shared if isinstance(shared, dict) else importance.shares(results)) if known else {}
        chance = importance.by_chance(results) if shares and not isinstance(shared, dict) else {}
        return Progress(self.plan, _state(entries, machines, self.folder.stop.exists()), entries, machines, shares, self._unit, chance)

    def _entry(self, number: int, unit: Unit | None, run: str, pruned: set[str]) -> Entry:
        values = {name: unit.settings.get(name) for name in self.plan.differing} if unit else {}
        if number in self._refused:
            return Entry(number, self.plan.families[0].recipe, "failed", values, reason=self._refused[number])
        if not run or not (self._store.root / run).is_dir():
            recipe = unit.family.recipe if unit else self.plan.families[0].recipe
            return Entry(number, recipe, "deleted" if run else "waiting", values, run)
        feed = self._feeds.get(run)
        if feed is None:
            feed = self._feeds[run] = Feed(self._store.folder(run), brief=True)
        if feed.status.state not in ENDED or control.log_size(feed.folder) != feed.reader.offset:
            feed.read_all()
        state = feed.state
        tested = state.summaries.get("test/" + self.plan.objective.partition("/")[2])
        self._unit = self._unit or state.declaration(self.plan.objective).get("unit", "")
        summary = state.summaries.get(self.plan.objective)
        best = summary.best(self.plan.goal)[0] if summary else None
        return Entry(
            number=number,
            recipe=feed.record.recipe,
            state="pruned" if run in pruned and feed.status.state == "stopped" else feed.status.state,
            values=values or {name: feed.record.settings.get(name) for name in self.plan.differing},
            run=run,
            step=state.step,
            best=best if best is not None and math.isfinite(best) else None,
            test=tested.last if tested else None,
            seconds=state.clock.read(state.step_at),
            parameters=state.parameters,
            reason=feed.status.reason,
            halted=run in self._halted and feed.status.state == "stopped",
        )


def _state(entries: Sequence[Entry], machines: Mapping[str, bool], stopping: bool) -> str:
    if any(machines.values()):
        return "running"
    if all(entry.is_done or entry.state == "deleted" for entry in entries):
        return "finished"
    return "stopped" if stopping else "interrupted"


def _group(members: Sequence[Entry]) -> Group:
    known = [entry.best for entry in members if entry.best is not None]
    tests = [entry.test for entry in members if entry.test is not None]
    return Group(
        recipe=members[0].recipe,
        values=_apart(members[0].values),
        runs=tuple(entry.run for entry in members if entry.run),
        mean=statistics.fmean(known) if known else None,
        deviation=statistics.stdev(known) if len(known) > 1 else None,
        test=statistics.fmean(tests) if tests else None,
        seconds=sum(entry.seconds for entry in members),
        parameters=members[0].parameters,
    )


def _apart(values: Mapping[str, Value]) -> dict[str, Value]:
    """Without the seed, which is chance and no setting."""
    return {name: value for name, value in values.items() if name != "seed"}


def _rank(plan: Plan, value: float | None) -> float:
    if value is None:
        return math.inf
    return -value if plan.goal == "max" else value
