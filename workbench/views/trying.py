"""What a trial found, in words, tables and a curve; the terminal interface and the command line show the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.charts.rows import Rows, Span
from workbench.charts.series import line
from workbench.units import compact, duration, grouped, seconds, size

_ABOVE = 0.5  # of the fall of the loss, as room above where it began; what lies higher is marked at the edge
_MINUTE = 60.0
Table = list[tuple[str, ...]]


@dataclass(frozen=True)
class _Points:
    """(exponent of the rate, loss) in the order of the rates, as a chart wants them."""

    points: Sequence[tuple[float, float]]

    def columns(self, count: int, x_low: float, x_high: float) -> list[tuple[float, float, float] | None]:
        near: list[list[float]] = [[] for _ in range(count)]
        for x, y in self.points:
            if x_low <= x <= x_high:
                near[round((x - x_low) / ((x_high - x_low) or 1.0) * (count - 1))].append(y)
        return [(min(values), max(values), sum(values) / len(values)) if values else None for values in near]

    def extent(self, x_low: float, x_high: float) -> tuple[float, float] | None:
        inside = [y for x, y in self.points if x_low <= x <= x_high]
        return (min(inside), max(inside)) if inside else None


def curve(found: Mapping[str, Any], width: int, height: int, *, ascii_only: bool) -> Rows:
    """The loss over the learning rate on a logarithmic axis: points as measured, a line as smoothed, the named rate marked."""
    lines, heads = [], []
    for place, each in enumerate(found["curves"]):
        exponents = [math.log10(rate) for rate, _ in each["points"]]
        name = each["metric"].removeprefix("train/")
        ink = f"series{place}"
        raw = _Points([(x, loss) for x, (_, loss) in zip(exponents, each["points"], strict=True)])
        lines += [
            line.Line("", raw, ".", "muted", "points"),
            line.Line(name, _Points(list(zip(exponents, each["smoothed"], strict=True))), "*o"[place % 2], ink),
        ]
        heads += [Span(f"{line.legend(0, marker='*o'[place % 2], ascii_only=ascii_only)} {name}  ", ink)]
    x_limits = _x_limits(found["curves"])
    named, broke = found["lr"], found["broke_at"]
    return line.render(
        lines, width, height, x_limits=x_limits, y_limits=_y_limits(found["curves"]), decades=True, ascii_only=ascii_only,
        heading=[*heads, Span("by learning rate; dots as measured", "muted")],
        marks=[line.Mark(math.log10(named), "^", f"lr {named:g}")] if named else [],
        nonfinite_at=[math.log10(broke)] if broke else [],
        mark_outside=True, placeholder="no losses",
    )  # fmt: skip


def rate_words(found: Mapping[str, Any]) -> list[str]:
    """What the range test says, and by which rule."""
    lines = []
    if found["lr"] is None:
        lines.append(f"no learning rate to name: {found['why']}")
    else:
        lines.append(f"lr {found['lr']:g}: {found['rule']} ({found['why']})")
    if found["steepest"]:
        lines.append(
            f"the loss fell fastest at {found['steepest']:g}: the other rule, not taken as a slope follows the noise more than a minimum"
        )
    if found["broke_at"]:
        lines.append(f"it broke apart at {found['broke_at']:.2g} (step {found['steps']})")
    lines.append(
        "range test of Smith 2017 (arXiv:1506.01186), rules of fastai (arXiv:2002.04688); one seed, a few batches: a start, no optimum"
    )
    return lines


def dry_run(found: Mapping[str, Any]) -> Table:
    """What each part took, and what it will add up to."""
    took, total = found["seconds"], found["total"]
    saved = f"{size(found['checkpoint_bytes'])}; loads in {seconds(took['load'])}"
    if found.get("keeps_all") and total["checkpoints"]:
        saved += f"; all of them {size(total['checkpoints'] * found['checkpoint_bytes'])}"
    rows: Table = [("part", "took", "times", "in all", "")]
    spread = f"{seconds(took['step_least'])} to {seconds(took['step_most'])}; the first {seconds(took['first_step'])}"
    for part, each, count, note in (
        ("start", took["start"], 1, "imports, data, model"),
        ("steps", took["step"], total["steps"], spread),
        ("evaluations", took["evaluation"], total["evaluations"], ""),
        ("previews", took["preview"], total["previews"], ""),
        ("checkpoints", took["checkpoint"], total["checkpoints"], saved),
        ("test", took["test"], 1, ""),
    ):  # fmt: skip
        rows.append((part, seconds(each), grouped(count) if count is not None else "?", _all(total["parts"].get(part)), note))
    return rows


def dry_run_words(found: Mapping[str, Any]) -> list[str]:
    """The estimate and how it came about, speed, memory, and whether going on from the checkpoint is exact."""
    total = found["total"]
    if total["seconds"] is None:
        lines = ["no estimate: neither epochs, max_steps nor max_seconds ends the run"]
    else:
        at_most = "at most " if total["at_most"] else ""
        lines = [f"estimated {at_most}{_time(total['seconds'])}: each count times what one took here, after {found['steps']} steps"]
    if found.get("processes", 1) > 1:
        lines.append(
            f"tried in one process with the whole batch; what {found['processes']} gain by sharing it and lose by messages is left out"
        )
    device = "" if found["device_memory_bytes"] is None else f", of the device {size(found['device_memory_bytes'])}"
    speed = f"{compact(found['throughput'])} {found['unit']}/s on {found['device']} in {found['precision']}"
    speed += f", {found['cores']:.1f} cores busy"
    share = f"{size(found['memory_of_step_bytes'])} of it for model and step"
    lines.append(f"{speed}; memory at most {size(found['memory_bytes'])}{device}, {share}")
    resumed = found["resumed"]
    differing = ", ".join([*resumed["differing_parts"], *resumed["differing_numbers"][:3]])
    same = f"exact: {resumed['numbers']} numbers of the next step, weights and optimizer are equal bit for bit"
    lines.append(f"going on from the checkpoint is {same if resumed['equal'] else f'NOT exact: {differing} differ'}")
    return lines


def batch_sizes(found: Mapping[str, Any]) -> Table:
    """A row for each size that was tried."""
    rows: Table = [("batch_size", "speed", "step", "steps an epoch", "memory", "")]
    for row in found["sizes"]:
        notes = [word for word in ("fastest", "largest") if found[word] == row["batch_size"]]
        taken = row["device_memory_bytes"] if row["device_memory_bytes"] is not None else row["memory_bytes"]
        rows.append((
            grouped(row["batch_size"]), f"{compact(row['throughput'])} {row['unit']}/s", seconds(row["step_seconds"]),
            grouped(row["steps_per_epoch"]), size(taken), ", ".join(notes),
        ))  # fmt: skip
    return rows


def batch_size_words(found: Mapping[str, Any]) -> list[str]:
    """Which size is which, and why the search ended."""
    if found["largest"] is None:
        return [f"no batch fits: {found['ended']}"]
    return [
        f"fastest {found['fastest']} (the smallest within 5 % of the best), largest that was tried and fits {found['largest']}",
        f"ended there: {found['ended']}",
        "a larger batch makes fewer, steadier updates an epoch: look for the rate again with --find lr",
    ]


def _time(value: float) -> str:
    """An estimate: below a minute with tenths, which a clock's whole seconds would hide."""
    return duration(value) if value >= _MINUTE else seconds(value)


def _all(value: float | None) -> str:
    return "" if value is None else seconds(value)


def _x_limits(curves: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    rates = [math.log10(rate) for each in curves for rate, _ in each["points"]]
    return math.floor(min(rates) + 1e-9), math.ceil(max(rates) - 1e-9)


def _y_limits(curves: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """From the lowest value to a little above where the losses began: what explodes is not what one looks for."""
    low = min(min(each["smoothed"]) for each in curves)
    begun = max(max(each["smoothed"][:10]) for each in curves)
    room = _ABOVE * ((begun - low) or abs(begun) or 1.0)
    return low - 0.1 * room, begun + room
