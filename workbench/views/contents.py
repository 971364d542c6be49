"""What a run would learn from, as the helper has counted it: sizes in a line, and how evenly classes or tokens are spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.charts import bars
from workbench.charts.rows import Rows, Span, cells, fit
from workbench.units import compact, grouped

_UNITS = {"img": "images", "char": "characters", "pair": "pairs", "seq": "sequences"}


def sizes(contents: Mapping[str, Any]) -> str:
    """`4,000 images, 500 to validate and 500 to test, 63 steps an epoch`."""
    examples = contents.get("examples") or {}
    if not examples:
        return ""
    unit = _UNITS.get(str(contents["unit"]), str(contents["unit"]))
    held_out = {"validation": "to validate", "test": "to test"}
    others = " and ".join(f"{_count(examples[split])} {words}" for split, words in held_out.items() if split in examples)
    return ", ".join(filter(None, [f"{_count(examples['train'])} {unit}", others, steps(contents)]))


def brief(contents: Mapping[str, Any]) -> str:
    """`4,000 images, 63 steps an epoch`."""
    examples = contents.get("examples") or {}
    return f"{_count(examples['train'])} {_UNITS.get(str(contents['unit']), str(contents['unit']))}, {steps(contents)}" if examples else ""


def steps(contents: Mapping[str, Any]) -> str:
    return f"{grouped(int(contents['steps_per_epoch']))} steps an epoch"


def tally(tally: Mapping[str, Any], width: int, height: int, *, ascii_only: bool) -> Rows:
    """A bar for each class, token or length: how many the training split has, and at the right how many the first batch has."""
    drawn_anew = not tally["training"]
    values = [float(count) for count in (tally["batch"] if drawn_anew else tally["training"])]
    batch = [] if drawn_anew else [grouped(int(count)) for count in tally["batch"]]
    column = max([5, *map(cells, batch)]) if batch else -1
    heads = "in a batch" if drawn_anew else "training"
    head = fit(str(tally["title"]), max(0, width - cells(heads) - column - 2), ascii_only=ascii_only)
    rows: Rows = [[Span(f"{head} {heads}", "muted"), Span(f" {'batch':>{column}}" if batch else "", "muted")]]
    foot = _foot(tally, values, drawn_anew)
    room = height - 1 - bool(foot)
    drawn = bars.render(list(tally["labels"]), values, width - column - 1, room, form=_count, ascii_only=ascii_only)
    for place, row in enumerate(drawn[: len(values)]):
        is_bar = place < room - 1 or len(values) <= room
        rows.append([*row, Span(f" {batch[place]:>{column}}" if batch and is_bar else "", "")])
    return [*rows, *([[Span(fit(foot, width, ascii_only=ascii_only), "muted")]] if foot else [])]


def _foot(tally: Mapping[str, Any], values: list[float], drawn_anew: bool) -> str:
    if drawn_anew:
        return "drawn anew for each batch"
    if tally["left_out"]:
        return f"and {grouped(int(tally['left_out']))} rarer ones"
    if tally["kind"] != "classes" or len(values) < 2:
        return ""
    least, most = min(values), max(values)
    if not least:
        return "a class has no training example"
    return f"largest {most / least:.2f} times the smallest" if most > least else "all classes are equally large"


def _count(count: float) -> str:
    return grouped(int(count)) if count < 1e6 else compact(count)
