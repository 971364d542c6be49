"""A sweep as rows: how far it is, its runs or its groups of seeds as a table, and what mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.charts.rows import Row, Rows, Span, cells, fit, pad, printable
from workbench.schema import Value
from workbench.sweeps.plan import Plan
from workbench.sweeps.progress import Entry, Group, Progress
from workbench.units import brief, compact, duration, grouped, metric
from workbench.views.run.status_lines import ink, mark

_GAP = "  "
_BAR = 20  # cells of an importance of 100 %
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
        values = "".join(f", {name} {text(value)}" for name, value in best.values.items())
        second = f"best {_objective(plan)} {metric(best.best, unit)}: {best.run or best.recipe}{values}   {second}"
    elsewhere = [f"{machine}{'' if alive else ' (no news)'}" for machine, alive in progress.machines.items()]
    machines = [f"on {', '.join(elsewhere)}"] if len(elsewhere) > 1 else []
    return [printable(line, ascii_only=ascii_only) for line in (first, second, *machines)]


def table(progress: Progress, width: int, *, unit: str = "", ascii_only: bool = False, most: int = 0) -> Rows:
    """A row for each run, as they were planned; of more than `most`, those that tell most: what trains, and the best."""
    shown = list(progress.entries)
    if most and len(shown) > most:
        ranked = sorted(shown, key=lambda entry: (entry.state != "running", entry.best is None, _order(progress.plan, entry.best)))
        shown = sorted(ranked[:most], key=lambda entry: entry.number)
    families = len(progress.plan.families) > 1
    heading = [
        "run",
        "state",
        *(["recipe"] if families else []),
        *progress.plan.differing,
        "step",
        _objective(progress.plan),
        "test",
        "seconds",
    ]
    body = [_texts(entry, progress.plan, families, unit, ascii_only) for entry in shown]
    inks = [["", ink(entry.state) if entry.state not in _BESIDE else "muted"] for entry in shown]  # type: ignore[arg-type]
    return _lay_out(heading, body, inks, width, ascii_only)


def groups(progress: Progress, width: int, *, unit: str = "", ascii_only: bool = False) -> Rows:
    """A row for each setting of what differs, seeds together, the best first: mean and standard deviation."""
    names = [name for name in progress.plan.differing if name != "seed"]
    families = len(progress.plan.families) > 1
    objective = _objective(progress.plan) + (" (mean, std)" if progress.plan.seeds > 1 else "")
    heading = [*(["recipe"] if families else []), *names, objective, "test", "params", "seconds", "runs"]
    body = [_group(group, names, families, unit) for group in progress.groups()]
    return _lay_out(heading, body, [[] for _ in body], width, ascii_only)


def importance(progress: Progress, *, ascii_only: bool = False) -> list[str]:
    """How much of the differences each setting explains by itself, as bars; nothing where nothing is known."""
    if not progress.importance:
        return []
    room = max(cells(name) for name in progress.importance)
    rows = [
        f"  {fit(name, room)}  {('#' if ascii_only else '█') * max(0, round(_BAR * min(1.0, share)))} {100 * share:.0f} %"
        for name, share in progress.importance.items()
    ]
    return [f"what explains the differences in {_objective(progress.plan)}, each setting by itself:", *rows]


def text(value: Value) -> str:
    """A setting's value, briefly."""
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return brief(value) if isinstance(value, float) else str(value)


def _texts(entry: Entry, plan: Plan, families: bool, unit: str, ascii_only: bool) -> list[str]:
    sign = _BESIDE[entry.state][ascii_only] if entry.state in _BESIDE else mark(entry.state, ascii_only=ascii_only)  # type: ignore[arg-type]
    return [
        entry.run or "-",
        f"{sign} {entry.state}",
        *([entry.recipe] if families else []),
        *(text(entry.values[name]) if name in entry.values else "?" for name in plan.differing),
        grouped(entry.step) if entry.step else "-",
        metric(entry.best, unit) if entry.best is not None else "-",
        metric(entry.test, unit) if entry.test is not None else "-",
        f"{entry.seconds:.1f}" if entry.seconds else "-",
    ]


def _group(group: Group, names: Sequence[str], families: bool, unit: str) -> list[str]:
    mean = metric(group.mean, unit) if group.mean is not None else "-"
    spread = f" ± {metric(group.deviation, unit)}" if group.deviation is not None else ""
    return [
        *([group.recipe] if families else []),
        *(text(group.values.get(name)) for name in names),
        mean + spread,
        metric(group.test, unit) if group.test is not None else "-",
        compact(group.parameters) if group.parameters else "-",
        f"{group.seconds:.1f}",
        " ".join(group.runs),
    ]


def _lay_out(heading: list[str], body: list[list[str]], inks: list[list[str]], width: int, ascii_only: bool) -> Rows:
    body = [[printable(cell, ascii_only=ascii_only) for cell in row] for row in body]
    widths = [max(cells(row[place]) for row in [heading, *body]) for place in range(len(heading))]
    rows: Rows = [pad(_row(heading, widths, ["muted"] * len(heading)), width)]
    for row, own in zip(body, inks, strict=True):
        rows.append(pad(_row(row, widths, own), width))
    return rows


def _row(texts: Sequence[str], widths: Sequence[int], inks: Sequence[str]) -> Row:
    row: Row = [Span("  ")]
    for place, (cell, room) in enumerate(zip(texts, widths, strict=True)):
        row.append(Span(fit(cell, room) + _GAP, inks[place] if place < len(inks) else ""))
    return row


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
        "total": plan.total,
        "done": progress.done,
        "best": best.run if best else None,
        "seconds": round(progress.seconds, 3),
        "machines": dict(progress.machines),
        "importance": dict(progress.importance),
        "runs": [_json_entry(entry) for entry in progress.entries],
        "groups": [
            {"recipe": group.recipe, "values": dict(group.values), "runs": list(group.runs), "mean": group.mean, "std": group.deviation,
             "test": group.test, "seconds": round(group.seconds, 3), "parameters": group.parameters}
            for group in progress.groups()
        ],
    }  # fmt: skip


def _json_entry(entry: Entry) -> dict[str, object]:
    return {
        "trial": entry.number, "recipe": entry.recipe, "state": entry.state, "values": dict(entry.values), "id": entry.run or None,
        "step": entry.step, "best": entry.best, "test": entry.test, "seconds": round(entry.seconds, 3), "parameters": entry.parameters,
        "reason": entry.reason,
    }  # fmt: skip
