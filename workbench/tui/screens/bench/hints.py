"""The lines above the keys of Bench: the setting under the cursor, what differs from the last run, what `s` will do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, width_of
from workbench.tui.editing.form import EMPTY, changes
from workbench.tui.theme import Glyphs

if TYPE_CHECKING:
    from workbench.schema import Setting
    from workbench.tui.editing.form import Form
    from workbench.tui.editing.readiness import Lack
    from workbench.tui.messages import Listed

_ENDS = ("epochs", "max_steps", "max_seconds", "patience")  # settings that end a run
_MOST_VALUE = 24  # cells


@dataclass(frozen=True)
class Standing:
    """What besides the form there is to say something about.

    Attributes:
        run: under the cursor, while the list of runs has the keys.
        other: what the form is compared with.
        runs: all of them.
        lack: what keeps the form from starting.
    """

    run: Listed | None
    other: Listed | None
    runs: Sequence[Listed]
    lack: Lack | None


def hints(form: Form, setting: Setting | None, now: Standing, marks: Glyphs, width: int, key: Callable[[str], str]) -> Rows:
    """About the setting under the cursor in two rows or, with the cursor among the runs, about that run; what differs; whether `s` starts.

    Args:
        key: how the key is printed that does what the given one does by itself.
    """
    said = [Span(f" {form.recipe.summary}", "muted")]
    about = [_about_run(now.run)] if now.run else _about_setting(form, setting, width) if setting else [said]
    return [*about, _against(form, now.other, marks, width, key), _ready(form, now, width, key)]


def _about_setting(form: Form, setting: Setting, width: int) -> Rows:
    """What it is, and what it may be: two rows, of which a help that needs both takes both."""
    if mistake := form.mistakes.get(setting.name):
        lines = textwrap.wrap(mistake.message, width - 2, break_on_hyphens=False)
        return _two([*([Span(f" {line}", "error")] for line in lines), [Span(f" {setting.help}", "muted")]])
    name = f" {setting.name} {cut(form.text(setting.name), _MOST_VALUE)}  "
    first, *more = textwrap.wrap(setting.help, width - 1, initial_indent=" " * cells(name), break_on_hyphens=False) or [""]
    may_be = f"{setting.expected}; {form.base_name} {cut(setting.text(form.base[setting.name]), _MOST_VALUE) or EMPTY}"
    second = " ".join(more)
    for text in (may_be, "may be changed while it trains" if setting.live else ""):
        longer = "; ".join(filter(None, [second.rstrip("."), text]))
        second = longer if text and (not second or cells(longer) < width) else second
    return _two([[Span(name, "title"), Span(first[cells(name) :], "muted")], [Span(f" {second}", "muted")]])


def _two(rows: Rows) -> Rows:
    return [*rows, [], []][:2]


def _about_run(run: Listed) -> Row:
    entry = run.entry
    age = entry.age if entry.age in ("now", "-") else f"{entry.age} ago"
    task = entry.recipe + (f"/{run.preset}" if run.preset else "")
    said: Row = [Span(f"  {' '.join(f'#{tag}' for tag in entry.tags)}", "command")] if entry.tags else []
    said += [Span(f"  {entry.note}", "")] if entry.note else []
    row: Row = [Span(f" {entry.name or entry.id}", "title"), *said]
    return [*row, Span(f"  {task}, {entry.state}, step {entry.step}, last news {age}", "muted")]


def _against(form: Form, other: Listed | None, marks: Glyphs, width: int, key: Callable[[str], str]) -> Row:
    if other is None:
        return [Span(f" no run of {form.recipe.name} yet", "muted")]
    earlier = form.base if form.origin else {name: value for name, value in other.asked.items() if not _is_the_machines(form, name)}
    differing = changes(form, earlier, marks.arrow) or "the same settings"
    text = f" {form.origin or f'last run {other.id}'}: {differing}"
    if cells(text) <= width:
        return [Span(text, "muted")]
    return [Span(f"{fit(text, width - 9)} {marks.ellipsis} all: ", "muted"), Span(key("D"), "key")]


def _is_the_machines(form: Form, name: str) -> bool:
    """Whether a run chose a value for its machine, and the form leaves it to do so again: nobody changed anything."""
    return name == "threads" and form.values.get(name) is None


def _ready(form: Form, now: Standing, width: int, key: Callable[[str], str]) -> Row:
    if form.mistakes:
        return [Span(f" not ready: mend {', '.join(form.mistakes)}", "error")]
    if now.lack:
        start: Row = [Span("; ", ""), Span(key("s"), "key"), Span(f" fetches it ({now.lack.size}) and starts", "")]
        return [Span(f" not ready: {now.lack.words}", "error"), *(start if now.lack.offer else [])]
    ready: Row = [Span(" ready: ", "good"), Span(key("s"), "key")]
    told = _tellings(form, [run.id for run in now.runs if run.is_live and run.entry.state != "queued"])
    for text, queues in told:
        row: Row = [*ready, Span(text, ""), *([Span(key("Q"), "key"), Span(queues, "")] if queues else [])]
        if width_of(row) <= width:
            return row
    return row


def _tellings(form: Form, live: Sequence[str]) -> list[tuple[str, str]]:
    """What a start does, and what queueing does, in ever fewer words."""
    task = f"{form.recipe.name}/{form.preset.name}" + (f" as a {form.origin}" if form.origin and form.origin.is_fork else "")
    endless = all(form.values.get(name) is None for name in _ENDS)
    until = ", which trains until it is stopped" if endless else ""
    if not live:
        return [(f" starts {task}{until}", "")]
    count = f"{len(live)} runs" if len(live) > 1 else live[0]
    beside = f"{live[0]}{f' and {len(live) - 1} more' if len(live) > 1 else ''}"
    return [
        (f" starts {task} now beside {beside} (all slow down){until}, ", " queues it behind"),
        (f" starts {task} beside {count} (all slow down){until}, ", " queues it"),
        (f" starts {task} beside {count}{until}, ", " queues it"),
        (" starts it, ", " queues it"),
    ]
