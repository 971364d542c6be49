"""What a comparison says, as rows: the legend with its values and costs, the settings that differ, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, merge, pad, printable
from workbench.comparison.compare import Comparison, Line
from workbench.comparison.seeds import SEED, Spread
from workbench.comparison.verdict import difference, pm
from workbench.units import compact, duration, size
from workbench.views.plots.curves import Curve
from workbench.views.run.status_lines import ink, mark
from workbench.views.table import text_of

_GAP = "  "
_SIGN = 4  # cells of pointer and sign in front of a label
_WIDEST_LABEL = 24
_WIDEST_SETTING = 14
_LEAST_CELL = 7
_MINUTE = 60.0
_COUNT = 8  # cells for how many lines are out of sight: `<2 +11`


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


def label(line: Line, *, ascii_only: bool = False) -> str:
    """`cnn-3`, or `cnn-3 ×5` for five seeds."""
    times = "x" if ascii_only else "×"
    return printable(line.label, ascii_only=ascii_only) + (f" {times}{line.count}" if line.count > 1 else "")


def legend(
    comparison: Comparison, lines: Sequence[Line], curves: Sequence[Curve], width: int, about: Legend, *, ascii_only: bool = False
) -> Rows:
    """A heading and a row for each line: its sign and name, values of a metric, delta of the best, costs, settings that differ."""
    base = _base(comparison, lines)
    names = _settings(comparison, lines)
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


def settings(
    comparison: Comparison, lines: Sequence[Line], width: int, *, everything: bool = False, ascii_only: bool = False, left: int | None = 0
) -> Rows:
    """The settings that differ, or all, a row each with a column for each line.

    Args:
        left: how many lines behind the baseline's are scrolled past, what does not fit is counted; None puts them below each other.
    """
    base = _base(comparison, lines)
    names = _settings(comparison, lines) if not everything else ["recipe", *comparison.settings]
    rows = []
    for name in names:
        texts = [_setting(line, name, ascii_only) for line in lines]
        rows.append((name.replace("_", " "), texts, [text != texts[base] for text in texts]))
    title = "all settings" if everything else "settings that differ"
    if not rows:
        return [[Span(f" {title}: none" + (" but the seed" if any(line.count > 1 for line in lines) else ""), "muted")]]
    return _grid(title, rows, lines, base, width, ascii_only, left)


def costs(comparison: Comparison, lines: Sequence[Line], width: int, *, ascii_only: bool = False, left: int | None = 0) -> Rows:
    """What each line took: time, memory, parameters."""
    rows = [(name, [_cost(line, name) for line in lines], [False] * len(lines)) for name in ("time", "cpu time", "parameters", "memory")]
    return _grid("cost", rows, lines, _base(comparison, lines), width, ascii_only, left)


def shows(comparison: Comparison, lines: Sequence[Line], width: int, about: Legend) -> tuple[bool, bool]:
    """Whether the legend has room for every setting that differs, and for every cost."""
    names = _settings(comparison, lines)
    table = [_texts(comparison, line, lines[0], about, place, names, False) for place, line in enumerate(lines)]
    room = _widths(table, width - _SIGN - 1, about)
    return all(name in room for name in names), {"time", "parameters", "memory"} <= room.keys()


def measures(comparison: Comparison, lines: Sequence[Line], width: int, *, ascii_only: bool = False, left: int | None = 0) -> Rows:
    """Every metric, a row each, with its delta to the baseline: the best values of those with a goal, then the final ones of all."""
    base = _base(comparison, lines)
    known = {key: about for key, about in comparison.metrics.items() if key.count("/") < 2 and not key.startswith("machine/")}
    with_goal = {key: about for key, about in known.items() if about.goal != "none" and not key.startswith("test/")}
    rows: Rows = []
    for title, shown in (("best values, with deltas", with_goal), ("final values, with deltas", known)):
        body = []
        for key, about in shown.items():
            values = [(line.best if shown is with_goal else line.final).get(key) for line in lines]
            texts = [_against(value, values[base], line, about.unit, ascii_only) for value, line in zip(values, lines, strict=True)]
            texts[base] = _plus_minus(values[base], about.unit, ascii_only)
            body.append((key, texts, [False] * len(texts)))
        rows += [*([[Span("")]] if rows else []), *_grid(title, body, lines, base, width, ascii_only, left)]
    return rows


def sentences(comparison: Comparison, width: int, *, apart: bool = False, ascii_only: bool = False) -> Rows:
    """The verdict, which takes seeds together also where they are shown apart, and what to know before believing it."""
    lead = "Seeds taken together: " if apart and any(line.count > 1 for line in comparison.lines) else ""
    texts = [(lead + comparison.verdict.sentence, "title"), *((remark, "warning") for remark in comparison.remarks)]
    return [
        [Span(f" {line}", colour)]
        for text, colour in texts
        for line in textwrap.wrap(printable(_in_ascii(text) if ascii_only else text, ascii_only=ascii_only), max(20, width - 2))
    ]


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
        "value": _plus_minus(value, unit, ascii_only),
        "final delta": "" if line is base else _delta(value, reference, line, unit),
        "best": _plus_minus(line.best.get(key), unit, ascii_only),
        "delta": "baseline" if line is base else _delta(line.best.get(key), base.best.get(key), line, unit),
        **{name: _cost(line, name) for name in ("time", "parameters", "memory")},
    }
    return shown | {name: _setting(line, name, ascii_only) for name in names}


def _cost(line: Line, name: str) -> str:
    if name == "parameters":
        return compact(line.parameters) if line.parameters is not None else "-"
    if name == "memory":
        return size(line.memory_bytes.high) if line.memory_bytes else "-"
    seconds = line.seconds if name == "time" else line.cpu_seconds
    if seconds is None:
        return "-"
    return duration(seconds.mean) if seconds.mean >= _MINUTE else f"{seconds.mean:.1f} s"


def _settings(comparison: Comparison, lines: Sequence[Line]) -> list[str]:
    """What differs between lines; seeds that a line has taken together are no difference."""
    names = [name for name in comparison.differing if name != SEED or all(line.count == 1 for line in lines)]
    return (["recipe"] if len({line.recipe for line in lines}) > 1 else []) + names


def _setting(line: Line, name: str, ascii_only: bool) -> str:
    if name == "recipe":
        return line.recipe
    text = line.courses.get(name) or (text_of(line.settings[name], name) if name in line.settings else "-")
    return printable(text, ascii_only=ascii_only)


def _plus_minus(value: Spread | None, unit: str, ascii_only: bool) -> str:
    text = pm(value, unit) if value else "-"
    return _in_ascii(text) if ascii_only else text


def _in_ascii(text: str) -> str:
    return text.replace("±", "+-")


def _base(comparison: Comparison, lines: Sequence[Line]) -> int:
    """The place of the line that deltas are against."""
    return next((place for place, line in enumerate(lines) if comparison.baseline in line.places), 0)


def _delta(value: Spread | None, base: Spread | None, line: Line, unit: str) -> str:
    """By how much a line is apart from the baseline; nothing to be said of one that learns another task."""
    if value is None or base is None or line.is_other_task:
        return "-"
    return difference(value.mean - base.mean, unit).removesuffix(" points")


def _against(value: Spread | None, base: Spread | None, line: Line, unit: str, ascii_only: bool) -> str:
    text, by = _plus_minus(value, unit, ascii_only), _delta(value, base, line, unit)
    return text if by == "-" else f"{text} ({by})"


def _grid(
    title: str, rows: Sequence[tuple[str, list[str], list[bool]]], lines: Sequence[Line], base: int, width: int, ascii_only: bool,
    left: int | None,
) -> Rows:  # fmt: skip
    """Names down, lines across, the baseline's first and the others as far as they are scrolled to; or one block below the other."""
    others = [place for place in range(len(lines)) if place != base]
    start = 0 if left is None else max(0, min(left, len(others) - 1))
    drawn: Rows = []
    while True:
        block, shown = _block(
            title, rows, lines, [base, *others[start:]], start if left is not None else 0, width, ascii_only, left is None
        )
        drawn += [*([[Span("")]] if drawn else []), *block]
        start += max(1, shown - 1)
        if left is not None or start >= len(others):
            return drawn


def _block(
    title: str, rows: Sequence[tuple[str, list[str], list[bool]]], lines: Sequence[Line], places: Sequence[int], behind: int, width: int,
    ascii_only: bool, alone: bool,
) -> tuple[Rows, int]:  # fmt: skip
    """The columns of these places as far as they fit, and how many did."""
    lines = [lines[place] for place in places]
    rows = [(name, [texts[place] for place in places], [marks[place] for place in places]) for name, texts, marks in rows]
    heads = [label(line, ascii_only=ascii_only) for line in lines]
    first = min(max([cells(title), *(cells(name) for name, *_ in rows)]), max(8, width // 3))
    wanted = [max([_LEAST_CELL, cells(head), *(cells(texts[place]) for _, texts, _ in rows)]) for place, head in enumerate(heads)]
    columns = [min(cell, _WIDEST_LABEL) for cell in wanted]
    room = width - first - 3
    count = 0 if alone else _COUNT
    while columns and sum(columns) + len(_GAP) * (len(columns) - 1) + (count if behind or len(columns) < len(wanted) else 0) > room:
        columns.pop()
    shown = len(columns)
    sides = [f"<{behind}" if behind else "", f"+{len(wanted) - shown}" if shown < len(wanted) else ""]
    more = "" if alone else " ".join(filter(None, sides))
    drawn = [
        pad(
            [Span(f" {fit(title, first)}{_GAP}", "muted"), *_cells(heads, columns, ["muted"] * shown, ascii_only), Span(more, "muted")],
            width,
        )
    ]
    for name, texts, marks in rows:
        inks = ["" if not is_marked else "mark" for is_marked in marks]
        drawn.append(
            pad(merge([Span(f" {fit(name, first, ascii_only=ascii_only)}{_GAP}"), *_cells(texts, columns, inks, ascii_only)]), width)
        )
    return drawn, shown


def _cells(texts: Sequence[str], widths: Sequence[int], inks: Sequence[str], ascii_only: bool) -> Row:
    return [
        Span(fit(cut(text, room, ascii_only=ascii_only), room, ascii_only=ascii_only) + _GAP, colour)
        for text, room, colour in zip(texts, widths, inks, strict=False)
    ]


_RANKS = {"run": 0, "value": 0, "best": 1, "delta": 1, "state": 2, "final delta": 3, "time": 4, "memory": 5, "parameters": 6}
_SETTINGS = 7  # they go first, together: they have a table, too


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
