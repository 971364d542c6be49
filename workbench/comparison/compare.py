"""Reports of runs in, one comparison out: settings that differ, metrics with deltas, seeds taken together, a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.comparison import tasks
from workbench.comparison.changes import courses, remarks
from workbench.comparison.seeds import SEED, THREADS, Report, Spread, alike, comparable, have_same_threads, number, repeated, spread
from workbench.comparison.tasks import Task, task_of
from workbench.comparison.verdict import Contender, Verdict, judge
from workbench.errors import ExitCode, WorkbenchError, nearest

_LIVE = ("running", "paused", "starting", "queued")
_STATES = (*_LIVE, "failed", "died", "unknown", "stopped", "finished")  # of several runs, the first of these is said


@dataclass(frozen=True)
class Line:
    """A run, or all runs that differ in nothing but the seed.

    Attributes:
        places: of its runs among those that are compared.
        courses: of the settings that were changed while it trained, what they went through.
        is_other_task: than the baseline's, so that its numbers do not compare.
        final: of each metric the last value; `best` the best one, where the metric has a goal.
        seconds: of training and evaluation; `memory_bytes` the most that was held.
    """

    label: str
    places: tuple[int, ...]
    runs: tuple[str, ...]
    seeds: tuple[Any, ...]
    recipe: str
    state: str
    settings: dict[str, Any]
    words_for_none: dict[str, str]
    final: dict[str, Spread]
    best: dict[str, Spread]
    courses: dict[str, str]
    is_other_task: bool
    seconds: Spread | None
    cpu_seconds: Spread | None
    memory_bytes: Spread | None
    parameters: int | None

    @property
    def count(self) -> int:
        return len(self.places)

    @property
    def is_live(self) -> bool:
        return self.state in _LIVE


@dataclass(frozen=True)
class Compared:
    """One metric of every run, in the order of the runs; deltas are against the baseline.

    Attributes:
        mean: of the last values of all runs, as `std` is; None where none is finite, or one alone for `std`.
    """

    goal: str
    unit: str
    values: tuple[float | None, ...]
    deltas: tuple[float | None, ...]
    best: tuple[float | None, ...]
    best_deltas: tuple[float | None, ...]
    mean: float | None
    std: float | None


@dataclass(frozen=True)
class Comparison:
    """What there is to say about some runs.

    Attributes:
        runs: their ids; `labels` their names where they have one.
        lines: seeds taken together, `singles` each run alone.
        baseline: place of the run that deltas are against.
        objective: the metric that decides; empty where the runs have none in common.
        settings: every one of every run; `differing` those in which the runs are not alike.
        remarks: what a reader must know before believing the numbers.
    """

    runs: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    singles: tuple[Line, ...]
    baseline: int
    objective: str
    metrics: dict[str, Compared]
    settings: dict[str, tuple[Any, ...]]
    differing: dict[str, tuple[Any, ...]]
    tasks: tuple[Task, ...]
    remarks: tuple[str, ...]
    verdict: Verdict

    def shown(self, *, apart: bool) -> tuple[Line, ...]:
        """The lines, collapsed or each run for itself."""
        return self.singles if apart else self.lines


def compare(reports: Sequence[Report], *, baseline: str = "") -> Comparison:
    """Compare runs by their reports, of which there is at least one.

    Args:
        baseline: the id or name of a run among them; by default the first.

    Raises:
        WorkbenchError: the baseline is none of them.
    """
    labels = _labels(reports)
    base = _place(reports, baseline)
    found = tuple(map(task_of, reports))
    others = frozenset(place for place, task in enumerate(found) if not tasks.is_same(found[base], task))
    metrics = dict(_metrics(reports, base, others))
    said = tasks.remarks(found, labels)
    objective = _objective(reports, base, metrics)
    lines = _told_apart([_line(reports, places, others) for places in alike(reports)])
    went = [courses(report) for report in reports]
    return Comparison(
        runs=tuple(str(report["id"]) for report in reports),
        labels=labels,
        lines=lines,
        singles=_told_apart([_line(reports, places, others) for places in alike(reports, apart=True)]),
        baseline=base,
        objective=objective,
        metrics=metrics,
        settings=dict(_settings(reports)),
        differing={name: values for name, values in _settings(reports) if _is_differing(reports, name, values, went)},
        tasks=found,
        remarks=(*said, *remarks(reports, labels), *_repeats(reports, labels)),
        verdict=_verdict(lines, base, objective, metrics, found),
    )


def metric_of(comparison: Comparison, typed: str) -> str:
    """The key of a metric by what was typed: a key, or the part behind its split, of the validation split where that has it.

    Raises:
        WorkbenchError: none of the runs has it.
    """
    known = list(comparison.metrics)
    wanted = typed.replace(" ", "_")
    short = [key for key in known if key.partition("/")[2] == wanted]
    for key in (typed, f"validation/{wanted}", *short):
        if key in comparison.metrics:
            return key
    named = [key for key in known if key.count("/") < 2 and comparison.metrics[key].goal != "none"] or known
    close = nearest(wanted, [*named, *(key.partition("/")[2] for key in named)])
    hint = f"did you mean `{close}`?" if close else f"there is {', '.join(named)}"
    raise WorkbenchError(f"unknown metric `{typed}` of these runs", hint, code=ExitCode.NOT_FOUND)


def _labels(reports: Sequence[Report]) -> tuple[str, ...]:
    """The name of each run, its id where it has none, and both where several have one name."""
    names = [str(report.get("name") or "") for report in reports]
    ids = [str(report["id"]) for report in reports]
    return tuple(
        run_id if not name else f"{name} ({run_id})" if names.count(name) > 1 else name for name, run_id in zip(names, ids, strict=True)
    )


def _repeats(reports: Sequence[Report], labels: Sequence[str]) -> Iterator[str]:
    for places in repeated(reports):
        yield f"the same settings and seed: {tasks.listed([labels[place] for place in places])}; repeats say nothing about chance"


def _told_apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, with the id of the first run behind names that several have."""
    names = Counter(line.label for line in lines)
    return tuple(replace(line, label=f"{line.label} ({line.runs[0]})") if names[line.label] > 1 else line for line in lines)


def _place(reports: Sequence[Report], baseline: str) -> int:
    if not baseline:
        return 0
    for place, report in enumerate(reports):
        if baseline in (report["id"], report.get("name")):
            return place
    known = ", ".join(str(report.get("name") or report["id"]) for report in reports)
    raise WorkbenchError(f"{baseline} is not among those compared", f"deltas can be against {known}", code=ExitCode.NOT_FOUND)


def _objective(reports: Sequence[Report], base: int, metrics: dict[str, Compared]) -> str:
    """The metric that decides: the baseline's own where all have it, else the first with a goal that all have."""
    own = str(reports[base].get("objective") or "")
    shared = [key for key, one in metrics.items() if one.goal != "none" and None not in one.best]
    if own in metrics and (own in shared or all(report.get("objective") in (own, "") for report in reports)):
        return own
    validated = [key for key in shared if key.startswith("validation/")]
    return next(iter(validated or shared), "")


def _metrics(reports: Sequence[Report], base: int, others: Collection[int]) -> Iterator[tuple[str, Compared]]:
    keys = dict.fromkeys(key for report in (reports[base], *reports) for key in report["metrics"])
    for key in keys:
        found = [report["metrics"].get(key) or {} for report in reports]
        values = tuple(number(one.get("last")) for one in found)
        best = tuple(number(one.get("best")) for one in found)
        about: Any = next(one for one in found if one)
        over = spread(values)
        yield key, Compared(
            goal=about.get("goal", "none"), unit=about.get("unit", ""),
            values=values, deltas=_deltas(values, base, others), best=best, best_deltas=_deltas(best, base, others),
            mean=over.mean if over else None, std=over.std if over else None,
        )  # fmt: skip


def _deltas(values: Sequence[float | None], base: int, others: Collection[int]) -> tuple[float | None, ...]:
    """To the baseline; none of runs that learn another task."""
    reference = values[base]
    return tuple(None if value is None or reference is None or place in others else value - reference for place, value in enumerate(values))


def _settings(reports: Sequence[Report]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name in dict.fromkeys(name for report in reports for name in report["settings"]):
        yield name, tuple(report["settings"].get(name) for report in reports)


def _is_differing(reports: Sequence[Report], name: str, values: Sequence[Any], went: Sequence[Mapping[str, str]]) -> bool:
    """Whether runs that could be alike in a setting are not, or came to it in other ways; a recipe without it does not differ in it."""
    recipes = {report["recipe"] for report in reports if name in report["settings"]}
    known = [place for place, report in enumerate(reports) if report["recipe"] in recipes]
    if name == THREADS and have_same_threads([reports[place] for place in known]):
        return False
    return len({(comparable(values[place]), went[place].get(name)) for place in known}) > 1


def _line(reports: Sequence[Report], places: Sequence[int], others: Collection[int]) -> Line:
    own = [reports[place] for place in places]
    first = own[0]
    states = {str(report["state"]) for report in own}
    keys = dict.fromkeys(key for report in own for key in report["metrics"])
    return Line(
        label=str(first.get("name") or first["id"]),
        places=tuple(places),
        runs=tuple(str(report["id"]) for report in own),
        seeds=tuple(report["settings"].get(SEED) for report in own),
        recipe=str(first["recipe"]),
        state=next((state for state in _STATES if state in states), "unknown"),
        settings=dict(first["settings"]),
        words_for_none=dict(first.get("words_for_none", {})),
        courses=courses(first),
        is_other_task=any(place in others for place in places),
        final={key: found for key in keys if (found := _over(own, key, "last"))},
        best={key: found for key in keys if (found := _over(own, key, "best"))},
        seconds=spread(report.get("elapsed_seconds") for report in own),
        cpu_seconds=spread(report.get("cpu_seconds") or None for report in own),
        memory_bytes=spread(report.get("peak_memory_bytes") or report.get("memory_bytes") or None for report in own),
        parameters=first.get("parameters"),
    )


def _over(reports: Sequence[Report], key: str, which: str) -> Spread | None:
    return spread((report["metrics"].get(key) or {}).get(which) for report in reports)


def _verdict(lines: Sequence[Line], base: int, objective: str, metrics: dict[str, Compared], found: Sequence[Task]) -> Verdict:
    same = all(tasks.is_same(found[0], task) for task in found)
    about = metrics.get(objective)
    test = "test/" + objective.partition("/")[2]
    contenders = [
        Contender(
            line.label,
            line.count,
            line.best.get(objective),
            line.final.get(test),
            line.is_live,
            base in line.places,
            is_measured=objective in line.final,
        )
        for line in lines
    ]
    return judge(contenders, objective, goal=about.goal if about else "none", unit=about.unit if about else "", same_task=same)
