"""The list of runs as a table fitted to the width: what each is, how far it came, and what sets it apart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.charts.rows import Row, Rows, Span, cells, fit, merge, pad, printable
from workbench.charts.spark import spark
from workbench.queue.line import ordinal
from workbench.runs.feed import Feed
from workbench.runs.folder import Value
from workbench.runs.status import StateName
from workbench.units import age, compact, metric
from workbench.views.status_lines import ink, mark, progress

_GAP = "  "
_SPARK = 10
_WIDEST_NAME = 24


@dataclass(frozen=True)
class Entry:
    """One run, as a list shows it."""

    id: str
    name: str
    recipe: str
    state: StateName
    step: str
    age: str
    best: str
    trail: tuple[float, ...]
    differs: str


@dataclass(frozen=True)
class _Column:
    title: str
    rank: int  # the higher, the sooner it is left out where the table is too wide
    most: int = 1000


_COLUMNS = {
    "run": _Column("run", 0, 28),
    "name": _Column("name", 4, _WIDEST_NAME),
    "state": _Column("state", 0),
    "step": _Column("step", 2),
    "age": _Column("age", 3),
    "best": _Column("best", 1, 30),
    "loss": _Column("loss", 5),
    "differs": _Column("differs", 2),
}
_LEAST_DIFFERS = 8


def entries(feeds: Sequence[Feed], *, now: float | None = None) -> list[Entry]:
    """What a list says of each run; `differs` names settings in which runs of one recipe are not alike."""
    now = time.time() if now is None else now
    apart = _differing(feeds)
    return [_entry(feed, apart.get(feed.record.recipe, ()), now) for feed in feeds]


def rows(feeds: Sequence[Feed], width: int, *, ascii_only: bool = False, selected: int | None = None, now: float | None = None) -> Rows:
    """A heading and a row for each run, each exactly `width` cells, in the order given."""
    return lay_out(entries(feeds, now=now), width, ascii_only=ascii_only, selected=selected)


def lay_out(found: Sequence[Entry], width: int, *, ascii_only: bool = False, selected: int | None = None) -> Rows:
    """The table of entries already made, so that a screen need not look at the runs again to draw them."""
    table = [_texts(entry, ascii_only) for entry in found]
    widths = _widths(table, width - 2)
    heading: Row = [Span("  ")]
    for name, room in widths.items():
        heading.append(Span(fit(_COLUMNS[name].title, room) + _GAP, "muted"))
    drawn = [pad(heading, width)]
    for index, (entry, texts) in enumerate(zip(found, table, strict=True)):
        row: Row = [Span("> " if index == selected else "  ", "mark")]
        for name, room in widths.items():
            row.append(Span(fit(texts[name], room, ascii_only=ascii_only) + _GAP, _ink(name, entry)))
        drawn.append(pad(merge(row), width))
    return drawn


def settings_of(feed: Feed) -> dict[str, Value]:
    """The settings in force: those of the start, as later attempts and live changes left them."""
    return {**feed.record.settings, **feed.state.amended, **feed.state.settings_now}


def _entry(feed: Feed, apart: Sequence[str], now: float) -> Entry:
    state, status = feed.state, feed.status
    settings = settings_of(feed)
    since = state.news_at or feed.record.created_at
    return Entry(
        id=feed.folder.id,
        name=feed.labels.name,
        recipe=feed.record.recipe,
        state=status.state,
        step=f"{ordinal(status.place)} in line"
        if status.place
        else progress(state.step, state.steps_total if status.is_live else None)
        if state.step
        else "-",
        age=age(max(0.0, now - since)) if since else "-",
        best=_best(feed),
        trail=tuple(state.trail.means()),
        differs=", ".join(f"{name} {_value(settings.get(name))}" for name in apart) or "-",
    )


def _best(feed: Feed) -> str:
    """The best value of the objective; of a run that failed by it, where its first number was not finite."""
    state = feed.state
    lost = [step for summary in state.summaries.values() for step in summary.nonfinite_steps[:1]]
    if lost and feed.status.state == "failed":
        return f"NaN at step {min(lost):,}"
    about = state.declaration(state.objective)
    summary = state.summaries.get(state.objective)
    best = summary.best(about.get("goal", "none"))[0] if summary else None
    if best is None:
        return "-"
    return f"{state.objective.partition('/')[2].replace('_', ' ')} {metric(best, about.get('unit', ''))}"


def _differing(feeds: Sequence[Feed]) -> dict[str, list[str]]:
    seen: dict[str, dict[str, set[Value]]] = {}
    for feed in feeds:
        known = seen.setdefault(feed.record.recipe, {})
        for name, value in settings_of(feed).items():
            known.setdefault(name, set()).add(value)
    return {recipe: [name for name, values in known.items() if len(values) > 1] for recipe, known in seen.items()}


def _value(value: Value) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return compact(value) if isinstance(value, float) else str(value)


def _texts(entry: Entry, ascii_only: bool) -> dict[str, str]:
    return {
        "run": printable(entry.id, ascii_only=ascii_only),
        "name": printable(entry.name, ascii_only=ascii_only),
        "state": f"{mark(entry.state, ascii_only=ascii_only)} {entry.state}",
        "step": entry.step,
        "age": entry.age,
        "best": entry.best,
        "loss": spark(entry.trail, _SPARK, ascii_only),
        "differs": printable(entry.differs, ascii_only=ascii_only),
    }


def _widths(table: Sequence[dict[str, str]], width: int) -> dict[str, int]:
    """Cells for each column: as wide as its content, and the least important left out until the rest fits."""
    wanted = {
        name: min(column.most, max([cells(column.title), *(cells(texts[name]) for texts in table)])) for name, column in _COLUMNS.items()
    }
    if not any(texts["name"] for texts in table):
        del wanted["name"]
    least = {**wanted, "differs": min(wanted["differs"], _LEAST_DIFFERS)}
    while len(least) > 1 and sum(least.values()) + len(_GAP) * (len(least) - 1) > width:
        worst = max(least, key=lambda name: _COLUMNS[name].rank)
        if not _COLUMNS[worst].rank:
            break
        del least[worst]
    if "differs" in least:
        spare = width - sum(least.values()) - len(_GAP) * (len(least) - 1)
        least["differs"] = min(wanted["differs"], least["differs"] + max(0, spare))
    return least


def _ink(column: str, entry: Entry) -> str:
    return ink(entry.state) if column == "state" else "muted" if column in ("age", "differs") else ""
