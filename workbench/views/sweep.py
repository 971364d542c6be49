"""A sweep as rows: how far it is, its runs or its groups of seeds as a table, and what mattered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, pad, printable
from workbench.comparison.seeds import Spread
from workbench.comparison.verdict import pm
from workbench.schema import Value
from workbench.sweeps.plan import Plan
from workbench.sweeps.progress import Entry, Group, Progress
from workbench.units import compact, duration, grouped, metric
from workbench.views.run.status_lines import ink, mark
from workbench.views.table import text_of

_GAP = "  "
_BAR = 20  # cells of an importance of 100 %
_MOST = 28  # cells of a column
_BESIDE = {"waiting": ("·", "."), "pruned": ("×", "x"), "deleted": ("-", "-")}


def lines(progress: Progress, *, unit: str = "", ascii_only: bool = False) -> list[str]:
    """What it is and how far, and the best so far.

    `sweep-1  cnn  running: 5 of 12 done, 1 training, 6 to go`
    `best accuracy 98.9 %: cnn-7, lr 3e-3, seed 1   1:02 of training`
    """
    plan, states = progress.plan, [entry.state for entry in progress.entries]
    families = ", ".join(f"{family.recipe}/{family.preset}" for family in plan.families)
    counts: dict[str, int] = {
        state: states.count(state) for state in ("running", "starting", "queued", "paused", "failed", "died", "pruned") if state in states
    }
    if halted := sum(entry.halted for entry in progress.entries):
        counts["stopped"] = halted
    about = "".join(f", {count} {state}" for state, count in counts.items())
    left = sum(state == "waiting" for state in states)
    first = f"{plan.name}  {families}  {progress.state}: {progress.done} of {plan.total} done{about}" + (f", {left} to go" if left else "")
    best = progress.best
    second = f"{duration(progress.seconds)} of training"
    if best is not None and best.best is not None:
        values = "".join(f", {name} {text(plan, name, value)}" for name, value in best.values.items())
        second = f"best {_objective(plan)} {metric(best.best, unit)}: {best.run or best.recipe}{values}   {second}"
    away = " (not at work)" if progress.state == "running" else ""  # some are
    each = [f"{machine}{'' if alive else away}" for machine, alive in progress.machines.items()]
    machines = [f"on {', '.join(each)}"] if len(each) > 1 else []
    return [printable(line, ascii_only=ascii_only) for line in (first, second, *machines)]


def table(progress: Progress, width: int, *, unit: str = "", ascii_only: bool = False, most: int = 0) -> Rows:
    """A row for each run, as they were planned; of more than `most`, those that tell most: what trains, and the best."""
    plan, shown = progress.plan, list(progress.entries)
    if most and len(shown) > most:
        ranked = sorted(shown, key=lambda entry: (entry.state != "running", entry.best is None, _order(plan, entry.best)))
        shown = sorted(ranked[:most], key=lambda entry: entry.number)
    inks = tuple(ink(entry.state) if entry.state not in _BESIDE else "muted" for entry in shown)  # type: ignore[arg-type]
    columns = [
        _Column("run", 0, [entry.run or "-" for entry in shown]),
        _Column("state", 1, [_state(entry, ascii_only) for entry in shown], inks),
        *([_Column("recipe", 0, [entry.recipe for entry in shown])] if len(plan.families) > 1 else []),
        *(_Column(name, 1, _texts(plan, name, [entry.values for entry in shown], "?")) for name in plan.differing),
        _Column("step", 5, [grouped(entry.step) if entry.step else "-" for entry in shown]),
        _Column(_objective(plan), 0, [_metric(entry.best, unit) for entry in shown]),
        _Column("test", 3, [_metric(entry.test, unit) for entry in shown]),
        _Column("seconds", 4, [f"{entry.seconds:.1f}" if entry.seconds else "-" for entry in shown]),
    ]
    return _lay_out(columns, width, ascii_only)


def groups(progress: Progress, width: int, *, unit: str = "", ascii_only: bool = False) -> Rows:
    """A row for each setting of what differs, seeds together, the best first: mean and standard deviation."""
    plan, shown = progress.plan, progress.groups()
    several = plan.seeds > 1
    columns = [
        *([_Column("recipe", 0, [group.recipe for group in shown])] if len(plan.families) > 1 else []),
        *(_Column(name, 1, _texts(plan, name, [group.values for group in shown], "-")) for name in plan.differing if name != "seed"),
        _Column(_objective(plan) + (" (mean ± std)" if several else ""), 0, [_mean(group, unit) for group in shown]),
        _Column("test (mean)" if several else "test", 2, [_metric(group.test, unit) for group in shown]),
        _Column("params", 4, [compact(group.parameters) if group.parameters else "-" for group in shown]),
        _Column("seconds (sum)" if several else "seconds", 3, [f"{group.seconds:.1f}" if group.seconds else "-" for group in shown]),
        _Column("runs", 5, [" ".join(group.runs) or "-" for group in shown]),
    ]
    return _lay_out(columns, width, ascii_only)


def importance(progress: Progress, *, ascii_only: bool = False) -> list[str]:
    """How much of the differences each setting explains by itself, as bars, and the rest; nothing where nothing is known."""
    what = _objective(progress.plan)
    chance = progress.is_chance
    said = [f"settings differ no more than seeds of one setting do: by {what} these runs do not tell which is better"] if chance else []
    if not progress.importance:
        return said
    rest = max(0.0, 1 - sum(progress.importance.values()))
    last = "the rest" if progress.chance else ""
    room = max(cells(name) for name in [*progress.importance, last])
    rows = []
    for name, share in [*progress.importance.items(), *([(last, rest)] if last else [])]:
        bar = ("#" if ascii_only else "█") * max(0, round(_BAR * min(1.0, share)))
        alone = f"   {100 * progress.chance[name]:.0f} % by chance alone" if name in progress.chance else ""
        alone = f"   settings that interact{', and chance' if progress.plan.seeds == 1 else ', and seeds'}" if name == last else alone
        rows.append(f"  {fit(name, room)}  {bar} {100 * share:.0f} %{alone}")
    known = sum(entry.is_done and entry.best is not None for entry in progress.entries)
    hint = f" (PED-ANOVA of {known} runs with one seed each: a hint, no proof)" if progress.plan.trials else ", each setting by itself"
    return [f"what explains the differences in {what}{hint}:", *rows, *said]


def _texts(plan: Plan, name: str, chosen: Iterable[Mapping[str, Value]], absent: str) -> list[str]:
    """A setting in each of several choices, which need not have it."""
    return [text(plan, name, values[name]) if name in values else absent for values in chosen]


def text(plan: Plan, name: str, value: Value) -> str:
    """A setting's value, briefly."""
    return text_of(value, name, plan.words_for_none)


@dataclass(frozen=True)
class _Column:
    """One column: those of the highest rank are left out first, and rank 0 stays."""

    title: str
    rank: int
    texts: Sequence[str]
    inks: Sequence[str] = ()


def _lay_out(columns: Sequence[_Column], width: int, ascii_only: bool) -> Rows:
    """As many columns as fit; what still does not is cut, with an ellipsis."""
    shown = [
        replace(
            each, texts=[printable(_in_ascii(cell) if ascii_only else cell, ascii_only=ascii_only) for cell in (each.title, *each.texts)]
        )
        for each in columns
    ]
    widths = [min(_MOST, max(map(cells, each.texts))) for each in shown]
    while sum(widths) + len(_GAP) * len(widths) > width:
        worst = max(range(len(shown)), key=lambda place: (shown[place].rank, place))
        if not shown[worst].rank:
            break
        del shown[worst], widths[worst]
    rows: Rows = []
    for place in range(len(shown[0].texts)):
        row: Row = [Span("  ")]
        for each, room in zip(shown, widths, strict=True):
            colour = "muted" if not place else each.inks[place - 1] if each.inks else ""
            row.append(Span(fit(cut(each.texts[place], room, ascii_only=ascii_only), room, ascii_only=ascii_only) + _GAP, colour))
        whole = "".join(span.text for span in row).rstrip()
        rows.append(pad(row, width) if cells(whole) <= width else [Span(cut(whole, width, ascii_only=ascii_only))])
    return rows


def _state(entry: Entry, ascii_only: bool) -> str:
    sign = _BESIDE[entry.state][ascii_only] if entry.state in _BESIDE else mark(entry.state, ascii_only=ascii_only)  # type: ignore[arg-type]
    return f"{sign} {entry.state}"


def _metric(value: float | None, unit: str) -> str:
    return metric(value, unit) if value is not None else "-"


def _mean(group: Group, unit: str) -> str:
    """As comparisons write it: `98.7 % ± 0.1`."""
    if group.mean is None:
        return "-"
    return pm(Spread(len(group.runs), group.mean, group.deviation, group.mean, group.mean), unit)


def _in_ascii(text: str) -> str:
    return text.replace("±", "+-")


def _objective(plan: Plan) -> str:
    return plan.objective.partition("/")[2].replace("_", " ")


def _order(plan: Plan, value: float | None) -> float:
    return (value or 0.0) * (-1 if plan.goal == "max" else 1)


def as_json(progress: Progress) -> Mapping[str, object]:
    """The same for programs."""
    plan, best = progress.plan, progress.best
    return {
        "name": plan.name,
        "state": progress.state,
        "objective": plan.objective,
        "goal": plan.goal,
        "families": [family.model_dump() for family in plan.families],
        "settings": plan.settings,
        "differing": plan.differing,
        "seeds": plan.seeds,
        "trials": plan.trials,
        "sampler": plan.sampler if plan.trials else None,
        "pruner": plan.pruner if plan.trials else None,
        "total": plan.total,
        "done": progress.done,
        "best": best.run if best else None,
        "seconds": round(progress.seconds, 3),
        "machines": dict(progress.machines),
        "importance": dict(progress.importance),
        "importance_by_chance": dict(progress.chance),
        "is_chance": progress.is_chance,
        "runs": [_json_entry(entry) for entry in progress.entries],
        "groups": [
            {"recipe": group.recipe, "values": dict(group.values), "runs": list(group.runs), "mean": group.mean, "std": group.deviation,
             "test": group.test, "seconds": round(group.seconds, 3) or None, "parameters": group.parameters}
            for group in progress.groups()
        ],
    }  # fmt: skip


def _json_entry(entry: Entry) -> dict[str, object]:
    return {
        "trial": entry.number, "recipe": entry.recipe, "state": entry.state, "values": dict(entry.values), "id": entry.run or None,
        "step": entry.step, "best": entry.best, "test": entry.test, "seconds": round(entry.seconds, 3), "parameters": entry.parameters,
        "reason": entry.reason,
    }  # fmt: skip
