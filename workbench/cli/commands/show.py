"""One look at a run: status, charts, newest preview, the end of its log. `ssh box workbench show last` works as well."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import asking, options, output, previewing
from workbench.cli.options import Ascii, Json, RunName, Runs
from workbench.errors import WorkbenchError
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.run import health


def command(
    context: typer.Context,
    run: RunName,
    once: Annotated[bool, typer.Option("--once", help="Plain text without any escape sequence, also on a terminal.")] = False,
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
    preview: Annotated[str, typer.Option("--preview", metavar="NAME", help="Only this preview, on as many rows as it needs.")] = "",
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The preview as it was at this step.")] = None,
) -> None:
    feed = open_run(options.store(context, runs).find(run))
    if step is not None and not preview:
        raise WorkbenchError("--step says when, but not of which preview", "name one: --preview NAME --step N")
    if preview and as_json:
        output.emit_json(previewing.document(feed, preview, step))
        return
    if as_json:
        from workbench.runs.report import report

        output.emit_json(report(feed, diagnosis=[asdict(finding) for finding in health.findings(feed)]))
        return
    from workbench.views.run import frame
    from workbench.views.run.notice import notice

    said = [text for text, _ in notice(feed, keys=False)]
    colours = 1 if once else output.colours()
    if preview:
        wants_ascii = options.wants_ascii(context, ascii_only)
        size = output.columns(), output.lines()
        output.emit_rows(previewing.rows(feed, preview, step, *size, ascii_only=wants_ascii, colours=colours), colours=colours)
        return
    drawn = frame.rows(
        feed,
        output.columns(),
        output.lines() - 1,
        ascii_only=options.wants_ascii(context, ascii_only),
        colours=colours,
        notes=tuple(filter(None, [*health.lines(feed), _labels(feed), _origin(feed), differing(feed), *said, _dropped(feed)])),
    )
    output.emit_rows(drawn, colours=colours)


def differing(feed: Feed) -> str:
    """Which settings are not the preset's; nothing for a recipe that is not found by its name."""
    from workbench.schema import build, describe, differences, flat
    from workbench.views.table import settings_of

    recipe = None
    with contextlib.suppress(WorkbenchError):  # of a recipe that is broken; a run is shown all the same
        recipe = asking.recipe_of(feed)
    if recipe is None or not feed.record.settings:
        return ""
    preset = feed.record.preset
    base = next((known.settings for known in recipe.presets if known.name == preset), {})
    known = {setting.name: setting for setting in describe(recipe.config)}
    settings = settings_of(feed)
    changed = differences(settings, flat(build(recipe.config, base, recipe=recipe.name)))
    told = {name: pair for name, pair in changed.items() if name in known and name in settings}  # its record may be older than a setting
    words = [f"{name} {known[name].text(before)} -> {known[name].text(now)}" for name, (before, now) in told.items()]
    return f"differs from {preset or 'the defaults'}: {', '.join(words)}" if words else ""


def _labels(feed: Feed) -> str:
    """What people said of it: tags and note."""
    tags = f"tags: {', '.join(feed.labels.tags)}" if feed.labels.tags else ""
    return "; ".join(filter(None, [tags, f"note: {feed.labels.note}" if feed.labels.note else ""]))


def _origin(feed: Feed) -> str:
    """Where a fork comes from, and with what it was changed there."""
    from workbench.views.run.status_lines import origin
    from workbench.views.table import text_of

    names, words = feed.record.fork.changed if feed.record.fork else (), feed.record.words_for_none
    changed = [f"{name} {text_of(feed.record.settings.get(name), name, words)}" for name in names]
    return " with ".join(filter(None, [origin(feed), ", ".join(changed)]))


def _dropped(feed: Feed) -> str:
    count = feed.reader.dropped.total
    return f"{output.plural(count, 'line')} of its log could not be read and {'is' if count == 1 else 'are'} left out" if count else ""
