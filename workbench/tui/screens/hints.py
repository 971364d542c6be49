"""The three lines above the keys of Bench: the setting under the cursor, what differs from the last run, what `s` will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.charts.rows import Row, Rows, Span, cells, fit
from workbench.tui.editing.form import changes
from workbench.tui.theme import Glyphs

if TYPE_CHECKING:
    from workbench.schema import Setting
    from workbench.tui.editing.form import Form
    from workbench.tui.messages import Listed


def hints(
    form: Form, setting: Setting | None, run: Listed | None, other: Listed | None, runs: Sequence[Listed], marks: Glyphs, width: int
) -> Rows:
    """About the setting under the cursor or, with the cursor among the runs, about that run; what differs from an `other` run."""
    return [_about_run(run) if run else _about_setting(form, setting, width), _against(form, other, marks, width), _ready(form, runs)]


def _about_setting(form: Form, setting: Setting | None, width: int) -> Row:
    if setting is None:
        return [Span(f" {form.recipe.summary}", "muted")]
    mistake = form.mistakes.get(setting.name)
    if mistake:
        return [Span(f" {mistake.message}", "error")]
    name, live = f" {setting.name} {form.text(setting.name)}", " May be changed while it trains."
    about = f"  {setting.help}"
    if setting.live and cells(name + about + live) <= width:
        about += live
    return [Span(name, "title"), Span(about, "muted")]


def _about_run(run: Listed) -> Row:
    entry = run.entry
    age = entry.age if entry.age in ("now", "-") else f"{entry.age} ago"
    task = entry.recipe + (f"/{run.preset}" if run.preset else "")
    return [Span(f" {entry.name or entry.id}", "title"), Span(f"  {task}, {entry.state}, step {entry.step}, last news {age}", "muted")]


def _against(form: Form, other: Listed | None, marks: Glyphs, width: int) -> Row:
    if other is None:
        return [Span(f" no run of {form.recipe.name} yet", "muted")]
    differing = changes(form, form.base if form.origin else other.asked, marks.arrow) or "the same settings"
    text = f" {form.origin or f'last run {other.id}'}: {differing}"
    if cells(text) <= width:
        return [Span(text, "muted")]
    return [Span(f"{fit(text, width - 9)} {marks.ellipsis} all: ", "muted"), Span("D", "key")]


def _ready(form: Form, runs: Sequence[Listed]) -> Row:
    if form.mistakes:
        return [Span(f" not ready: mend {', '.join(form.mistakes)}", "error")]
    live = [run.id for run in runs if run.is_live and run.entry.state != "queued"]
    task = f"{form.recipe.name}/{form.preset.name}" + (f" as a {form.origin}" if form.origin and form.origin.is_fork else "")
    ready: Row = [Span(" ready: ", "good"), Span("s", "key")]
    if not live:
        return [*ready, Span(f" starts {task}", "")]
    beside = f"{live[0]}{f' and {len(live) - 1} more' if len(live) > 1 else ''}"
    return [*ready, Span(f" starts {task} now beside {beside} (all slow down), ", ""), Span("Q", "key"), Span(" queues it behind", "")]
