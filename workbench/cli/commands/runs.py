"""List the runs, newest first. FILTER words: text in a name, state:running, recipe:cnn, preset:digits, tag:night."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Ascii, Json, Runs
from workbench.errors import WorkbenchError, unknown
from workbench.paths import short
from workbench.runs.feed import Feed

_FIELDS = ("state", "recipe", "preset", "tag", "name", "id")
_MOST_ROWS = 500


def command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[FILTER...]", help="Words that must all fit.")] = None,
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> None:
    store = options.store(context, runs)
    wanted = [_parsed(word) for text in words or () for word in text.split()]
    feeds = [feed for feed in store.feeds() if all(_fits(feed, field, word) for field, word in wanted)]
    if as_json:
        from workbench.runs.report import report

        output.emit_json([report(feed) for feed in feeds])
    elif feeds:
        from workbench.views import table

        rows = table.rows(feeds[:_MOST_ROWS], output.columns(), ascii_only=options.wants_ascii(context, ascii_only))
        output.emit_rows(rows, colours=output.colours())
        if len(feeds) > _MOST_ROWS:
            output.say(f"and {len(feeds) - _MOST_ROWS:,} older ones; a filter shows them")
    else:
        what = "no run fits the filter" if wanted else "there is no run yet"
        output.say(f"{what} in {short(store.root)}\n\nhint: `workbench train cnn` starts one")


def _parsed(word: str) -> tuple[str, str]:
    field, colon, value = word.partition(":")
    if not colon:
        return "", word.lower()
    if field not in _FIELDS:
        raise unknown("filter", field, _FIELDS, hint="a filter is a word, or FIELD:WORD")
    if not value:
        raise WorkbenchError(f"the filter `{word}` has no value", f"for example {field}:{'running' if field == 'state' else 'cnn'}")
    return field, value.lower()


def _fits(feed: Feed, field: str, word: str) -> bool:
    texts: dict[str, list[str]] = {
        "state": [feed.status.state],
        "recipe": [feed.record.recipe],
        "preset": [feed.record.preset],
        "tag": list(feed.labels.tags),
        "name": [feed.labels.name],
        "id": [feed.folder.id],
    }
    if field in ("state", "recipe", "preset", "tag"):
        return any(text.lower() == word for text in texts[field])
    looked = texts[field] if field else [text for group in texts.values() for text in group]
    return any(word in text.lower() for text in looked)
