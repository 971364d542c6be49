"""The list of runs as a table fitted to the width: what each is, how far it came, and what sets it apart."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, merge, pad, printable
from workbench.charts.spark import spark
from workbench.comparison.seeds import THREADS, have_same_threads
from workbench.queue.line import ordinal
from workbench.runs.folder import Value
from workbench.runs.reading.feed import Feed
from workbench.runs.status import StateName
from workbench.schema import describe
from workbench.settings import Common
from workbench.units import age, brief, duration, grouped, metric
from workbench.views.run.status_lines import ink, mark, progress

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
    apart: Mapping[str, str]  # the settings in which runs of its recipe are not alike
    value: str = ""  # at the end of `best`, behind the name of what was measured
    pinned: bool = False
    parent: str = ""  # of a fork
    forked_at: int = 0
    took: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _Column:
    title: str
    rank: int  # the lower, the sooner it is taken in where not all columns fit
    most: int = 1000
    least: int = 1000  # cells; one whose texts are longer may be shrunk to this, for others to fit


_COLUMNS = {
    "run": _Column("run", 0, 28),
    "name": _Column("name", 3, _WIDEST_NAME, 10),
    "state": _Column("state", 0),
    "step": _Column("step", 4),
    "age": _Column("age", 5),
    "best": _Column("best", 1, 36, 20),
    "loss": _Column("loss", 7),
    "took": _Column("took", 8),
    "tags": _Column("tags", 6, 20, 8),
    "note": _Column("note", 8, 60, 12),
}
_ONLY_WHERE_SAID = ("name", "took", "tags", "note")  # columns that there are if a run has something in them
_SETTING = "setting "  # before the name of a setting that has a column
_SETTING_RANKS = (2, 5, 7)  # of the columns that differ most
_LAST_RANK = 9
_WIDEST_SETTING = 16
_MOST_SETTINGS = 8
_ALONE: Mapping[str, str] = {}
_SAY_LEAST = ("distance", "rate", "relative")  # words of a metric's name, the first to go where all of them do not fit


def entries(feeds: Sequence[Feed], *, now: float | None = None) -> list[Entry]:
    """What a list says of each run."""
    now = time.time() if now is None else now
    apart = _differing(feeds)
    return [_entry(feed, apart.get(feed.record.recipe, ()), now) for feed in feeds]


def rows(feeds: Sequence[Feed], width: int, *, ascii_only: bool = False, now: float | None = None) -> Rows:
    """A heading and a row for each run, each exactly `width` cells, in the order given."""
    found = entries(feeds, now=now)
    tree = branches(found, ascii_only=ascii_only)
    return lay_out(found, columns(found, width, tree, ascii_only=ascii_only), width, tree=tree, ascii_only=ascii_only)


def branches(found: Sequence[Entry], *, ascii_only: bool = False) -> dict[str, str]:
    """What stands around the ids of forks: `└ cnn-6 @1,200` below its parent, `cnn-6 <cnn-3` elsewhere; by id."""
    depths: list[int] = []
    path: list[str] = []
    for entry in found:
        while path and path[-1] != entry.parent:
            path.pop()
        depths.append(len(path))
        path.append(entry.id)
    bar, tee, end = ("| ", "|-", "`-") if ascii_only else ("│ ", "├ ", "└ ")
    drawn = {}
    for place, entry in enumerate(found):
        if not entry.parent:
            continue
        if not depths[place]:
            drawn[entry.id] = f"{entry.id} <{entry.parent}"
            continue
        left = "".join(bar if _goes_on(depths, place, depth) else "  " for depth in range(1, depths[place]))
        drawn[entry.id] = f"{left}{tee if _goes_on(depths, place, depths[place]) else end}{entry.id} @{grouped(entry.forked_at)}"
    return drawn


def _goes_on(depths: Sequence[int], place: int, depth: int) -> bool:
    """Whether another branch of that depth follows below a row, before its parent's family ends."""
    return next((later == depth for later in depths[place + 1 :] if later <= depth), False)


def columns(found: Sequence[Entry], width: int, tree: Mapping[str, str] = _ALONE, *, ascii_only: bool = False) -> dict[str, int]:
    """Which columns a table of these runs has in `width` cells, and how wide each is."""
    known = {**_COLUMNS, **_settings(found)}
    return _widths(known, [_texts(entry, known, ascii_only, tree) for entry in found], width - 2)


def lay_out(
    found: Sequence[Entry],
    widths: Mapping[str, int],
    width: int,
    *,
    ascii_only: bool = False,
    tree: Mapping[str, str] = _ALONE,
    selected: str = "",
    marked: Collection[str] = (),
) -> Rows:
    """The table of entries already made, so that a screen need not look at the runs again to draw those in sight.

    Args:
        widths: from `columns` of all entries, so that the table stands still while one scrolls.
        tree: `branches` of all entries.
        selected, marked: ids of runs.
    """
    heading: Row = [Span("  ")]
    for name, room in widths.items():
        heading.append(Span(fit(name.removeprefix(_SETTING), room, ascii_only=ascii_only) + _GAP, "muted"))
    drawn = [pad(heading, width)]
    for entry in found:
        texts = _texts(entry, widths, ascii_only, tree)
        if "best" in widths:
            texts["best"] = _shortened(entry, widths["best"], ascii_only)
        row: Row = [Span((">" if entry.id == selected else " ") + _sign(entry, entry.id in marked, ascii_only), "mark")]
        for name, room in widths.items():
            row.append(Span(fit(cut(texts[name], room, ascii_only=ascii_only), room) + _GAP, _ink(name, entry)))
        drawn.append(pad(merge(row), width))
    return drawn


def _sign(entry: Entry, is_marked: bool, ascii_only: bool) -> str:
    """One cell: whether a run is marked, or pinned."""
    if is_marked:
        return "+" if ascii_only else "✓"
    return ("^" if ascii_only else "▴") if entry.pinned else " "


def _settings(found: Sequence[Entry]) -> dict[str, _Column]:
    """A column for each setting that tells runs apart: first those with the most values, which say most."""
    values: dict[str, set[str]] = {}
    uses: Counter[str] = Counter()
    for entry in found:
        for name, text in entry.apart.items():
            values.setdefault(name, set()).add(text)
            uses[name] += 1
    names = sorted(values, key=lambda name: (-len(values[name]), -uses[name]))[:_MOST_SETTINGS]
    return {
        f"{_SETTING}{name}": _Column(name, _SETTING_RANKS[place] if place < len(_SETTING_RANKS) else _LAST_RANK, _WIDEST_SETTING)
        for place, name in enumerate(names)
    }


def settings_of(feed: Feed) -> dict[str, Value]:
    """The settings in force: those of the start, as later attempts and live changes left them."""
    return {**feed.record.settings, **feed.state.amended, **feed.state.settings_now}


def _entry(feed: Feed, apart: Sequence[str], now: float) -> Entry:
    state, status = feed.state, feed.status
    settings = settings_of(feed)
    best, value = _best(feed)
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
        best="run.json is damaged" if _is_damaged(feed) else best,
        trail=tuple(state.trail.means()),
        apart={
            name: text_of(settings[name], name, feed.record.words_for_none) for name in apart if name in settings
        },  # a script need not say it
        value="" if _is_damaged(feed) else value,
        pinned=feed.labels.pin,
        parent=(feed.record.parent or "") if feed.record.fork else "",
        forked_at=feed.record.fork.step if feed.record.fork else 0,
        took=duration(state.clock.read(state.step_at)) if state.step else "",
        tags=feed.labels.tags,
        note=feed.labels.note,
    )


def _is_damaged(feed: Feed) -> bool:
    """Whether nobody can read how the run was asked for, although that was written down."""
    return not feed.record.created_at and (feed.folder.path / "run.json").exists()


def _best(feed: Feed) -> tuple[str, str]:
    """The objective with its best value, and that alone; of a run that failed by it, where its first number was not finite."""
    state = feed.state
    lost = [step for summary in state.summaries.values() for step in summary.nonfinite_steps[:1]]
    if lost and feed.status.state == "failed":
        return f"NaN at step {min(lost):,}", ""
    about = state.declaration(state.objective)
    summary = state.summaries.get(state.objective)
    best = summary.best(about.get("goal", "none"))[0] if summary else None
    if best is None:
        return "-", ""
    name = state.objective.partition("/")[2] or state.objective  # a script may name it without a split
    value = metric(best, about.get("unit", ""))
    return f"{name.replace('_', ' ')} {value}", value


def _shortened(entry: Entry, room: int, ascii_only: bool) -> str:
    """The best value with as much of its name as there is room for: `frechet 0.0135` for `relative frechet distance 0.0135`."""
    if not entry.value or cells(entry.best) <= room:
        return entry.best
    number, _, unit = entry.value.partition(" ")
    name = entry.best.removesuffix(entry.value).strip()
    value = number if unit and unit in name.split() else entry.value  # `bits/character 1.72`
    words = name.replace(" per ", "/").split()
    left = room - cells(value) - 1
    for word in _SAY_LEAST:
        if cells(" ".join(words)) > left and word in words and len(words) > 1:
            words.remove(word)
    return f"{cut(' '.join(words), left, ascii_only=ascii_only)} {value}".lstrip()


def _differing(feeds: Sequence[Feed]) -> dict[str, list[str]]:
    seen: dict[str, dict[str, set[Value]]] = {}
    threads: dict[str, list[Mapping[str, Any]]] = {}
    for feed in feeds:
        settings = settings_of(feed)
        known = seen.setdefault(feed.record.recipe, {})
        for name, value in settings.items():
            known.setdefault(name, set()).add(value)
        threads.setdefault(feed.record.recipe, []).append({"settings": settings, "tuning": feed.state.tuning})
    for recipe, runs in threads.items():
        if have_same_threads(runs):
            seen[recipe].pop(THREADS, None)
    return {recipe: [name for name, values in known.items() if len(values) > 1] for recipe, known in seen.items()}


@cache
def _common_words() -> dict[str, str]:
    return {setting.name: setting.none for setting in describe(Common) if setting.optional}


def text_of(value: Value, name: str = "", words: Mapping[str, str] | None = None) -> str:
    """A setting as a table shows it; None in the word that the run has for it, else in the one that all runs have."""
    if value is None:
        return (words or {}).get(name) or _common_words().get(name, "not set")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return brief(value) if isinstance(value, float) else str(value)


def _texts(entry: Entry, names: Iterable[str], ascii_only: bool, tree: Mapping[str, str]) -> dict[str, str]:
    settings = {name: printable(entry.apart.get(name.removeprefix(_SETTING), ""), ascii_only=ascii_only) for name in names}
    return {
        **settings,
        "run": printable(tree.get(entry.id, entry.id), ascii_only=ascii_only),
        "name": printable(entry.name, ascii_only=ascii_only),
        "state": f"{mark(entry.state, ascii_only=ascii_only)} {entry.state}",
        "step": entry.step,
        "age": entry.age,
        "best": entry.best,
        "took": entry.took,
        "tags": printable(" ".join(entry.tags), ascii_only=ascii_only),
        "note": printable(entry.note, ascii_only=ascii_only),
        "loss": spark(entry.trail, _SPARK, ascii_only),
    }


def _widths(known: Mapping[str, _Column], table: Sequence[dict[str, str]], width: int) -> dict[str, int]:
    """Cells for each column: those that matter most first, as many as fit, then as wide as their content as far as there is room."""
    longest = {name: max((cells(texts[name]) for texts in table), default=0) for name in known}
    wanted = {
        name: min(column.most, max(cells(column.title), longest[name]))
        for name, column in known.items()
        if longest[name] or name not in _ONLY_WHERE_SAID
    }
    taken: dict[str, int] = {}
    for name in sorted(wanted, key=lambda name: known[name].rank):
        least = min(wanted[name], known[name].least)
        if not known[name].rank or sum(taken.values()) + least + len(_GAP) * len(taken) <= width:
            taken[name] = least
    spare = width - sum(taken.values()) - len(_GAP) * (len(taken) - 1)
    for name in [name for name in taken if taken[name] < wanted[name]]:
        more = max(0, min(spare, wanted[name] - taken[name]))
        taken[name] += more
        spare -= more
    return {name: taken[name] for name in known if name in taken}


def _ink(column: str, entry: Entry) -> str:
    return ink(entry.state) if column == "state" else "muted" if column in ("age", "took", "tags", "note") else ""
