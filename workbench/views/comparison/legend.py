"""The legend of a comparison: a row for each line, with its values, its costs and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.charts.rows import Row, Rows, Span, cells, fit, merge, pad
from workbench.comparison.compare import Comparison, Line
from workbench.comparison.seeds import Spread
from workbench.views.comparison.wording import base_of, cost, delta, differing, label, plus_minus, setting
from workbench.views.plots.curves import Curve
from workbench.views.run.status_lines import ink, mark

_GAP = "  "
_SIGN = 4  # cells of pointer and sign in front of a label
_WIDEST_LABEL = 24
_WIDEST_SETTING = 14
_RANKS = {"run": 0, "value": 0, "best": 1, "delta": 1, "state": 2, "final delta": 3, "time": 4, "memory": 5, "parameters": 6}
_SETTINGS = 7  # they go first, together: they have a table, too


@dataclass(frozen=True)
class Legend:
    """How the table of lines is drawn.

    Attributes:
        key: the metric of its values.
        at: the values at the cursor, by place in the lines; None reads the last ones. `base_at` is the baseline's.
        where: what stands at the head of these values.
        hidden: places in the lines that are not drawn.
        selected: the place that the pointer is at.
    """

    key: str
    at: Sequence[Spread | None] | None = None
    base_at: Spread | None = None
    where: str = "final"
    hidden: frozenset[int] = frozenset()
    selected: int | None = None


def legend_rows(
    comparison: Comparison, lines: Sequence[Line], curves: Sequence[Curve], width: int, about: Legend, *, ascii_only: bool = False
) -> Rows:
    """A heading and a row for each line: its sign and name, values of a metric, delta of the best, costs, settings that differ."""
    base = base_of(comparison, lines)
    names = differing(comparison, lines)
    table = [_texts(comparison, line, lines[base], about, place, names, ascii_only) for place, line in enumerate(lines)]
    widths = _widths(table, width - _SIGN - 1, about)
    heading: Row = [Span(" " * (_SIGN + 1))]
    heading += [Span((fit(_head(name, about), room, align=_align(name))) + _GAP, "muted") for name, room in widths.items()]
    rows = [pad(heading, width)]
    for place, (line, texts, curve) in enumerate(zip(lines, table, curves, strict=True)):
        sign = curve.sign(ascii_only=ascii_only)
        dim = place in about.hidden
        pointer = Span("> " if place == about.selected else "  ", "mark")
        row: Row = [pointer, Span(" " * 2, "muted") if dim else sign._replace(text=fit(sign.text, 2)), Span(" ")]
        for name, room in widths.items():
            text = fit(texts[name], room, align=_align(name), ascii_only=ascii_only)
            row.append(Span(text + _GAP, "muted" if dim else _ink(name, line, place == base)))
        rows.append(pad(merge(row), width))
    return rows


def shows(comparison: Comparison, lines: Sequence[Line], width: int, about: Legend) -> tuple[bool, bool]:
    """Whether the legend has room for every setting that differs, and for every cost."""
    names = differing(comparison, lines)
    table = [_texts(comparison, line, lines[0], about, place, names, False) for place, line in enumerate(lines)]
    room = _widths(table, width - _SIGN - 1, about)
    return all(name in room for name in names), {"time", "parameters", "memory"} <= room.keys()


def _texts(
    comparison: Comparison, line: Line, base: Line, about: Legend, place: int, names: Sequence[str], ascii_only: bool
) -> dict[str, str]:
    key = about.key
    compared = comparison.metrics.get(key)
    unit = compared.unit if compared else ""
    value, reference = (line.final.get(key), base.final.get(key)) if about.at is None else (about.at[place], about.base_at)
    shown = {
        "run": label(line, ascii_only=ascii_only),
        "state": mark(line.state, ascii_only=ascii_only) if line.state != "finished" else "",  # type: ignore[arg-type]
        "value": plus_minus(value, unit, ascii_only),
        "final delta": "" if line is base else delta(value, reference, line, unit),
        "best": plus_minus(line.best.get(key), unit, ascii_only),
        "delta": "baseline" if line is base else delta(line.best.get(key), base.best.get(key), line, unit),
        **{name: cost(line, name) for name in ("time", "parameters", "memory")},
    }
    return shown | {name: setting(line, name, ascii_only) for name in names}


def _widths(table: Sequence[dict[str, str]], width: int, about: Legend) -> dict[str, int]:
    """Cells for each column; the least important is left out until the rest fits."""
    names = dict.fromkeys(name for texts in table for name in texts)
    most = {"run": _WIDEST_LABEL, "best": 18, "value": 18}
    least = {"delta": 8, "final delta": 6, "value": 6, "best": 6, "time": 5, "memory": 6, "parameters": 6}
    widths = {
        name: max(
            least.get(name, 0),
            cells(_head(name, about)),
            min(most.get(name, _WIDEST_SETTING), max(cells(texts.get(name, "")) for texts in table)),
        )
        for name in names
    }
    if not any(texts["state"] for texts in table):
        del widths["state"]
    while len(widths) > 2 and sum(widths.values()) + len(_GAP) * (len(widths) - 1) > width:
        worst = max(_RANKS.get(name, _SETTINGS) for name in widths)
        widths = {name: room for name, room in widths.items() if _RANKS.get(name, _SETTINGS) != worst}
    return widths


def _head(name: str, about: Legend) -> str:
    if name == "value":
        return about.where
    return {"run": "run", "state": "", "delta": "to base", "final delta": "delta", "parameters": "params"}.get(name, name.replace("_", " "))


def _align(name: str) -> Literal["left", "right"]:
    return "right" if name in ("value", "final delta", "best", "delta", "time", "parameters", "memory") else "left"


def _ink(name: str, line: Line, is_base: bool) -> str:
    if name == "state":
        return ink(line.state)  # type: ignore[arg-type]
    if name == "run":
        return "title"
    return "muted" if name in ("time", "parameters", "memory") or (name == "delta" and is_base) else ""
