"""List the runs, newest first.

FILTER words must all fit: text in a name, state:running, recipe:cnn, preset:digits, dataset:mnist5k, sweep:sweep-1, tag:night, and
settings or metrics compared: lr>=1e-3, cell=lstm, validation/accuracy>0.98, best<0.02, step>100 (quote what the shell would take).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Ascii, Json, Runs
from workbench.paths import short
from workbench.runs.listing import filtering, ordering

if TYPE_CHECKING:
    from workbench.runs.store import Store

_MOST_ROWS = 500


def command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[FILTER...]", help="Words that must all fit.")] = None,
    sort: Annotated[str, typer.Option("--sort", metavar="ORDER", help=f"{', '.join(ordering.ORDERS)}. Pinned runs stand first.")] = "age",
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> None:
    store = options.store(context, runs)
    wanted = " ".join(words or ())
    if as_json:
        _print_json(store, wanted, sort)
        return
    feeds = list(store.feeds())
    known = {feed.folder.id: filtering.facts(feed) for feed in feeds} if wanted else {}
    fits = filtering.parse(wanted, known.values())
    feeds = [feed for feed in feeds if not wanted or fits(known[feed.folder.id])]
    feeds = ordering.ordered(feeds, sort, filtering.facts, lambda feed: feed.labels.pin)
    if sort == "age":
        feeds = ordering.families(feeds, lambda feed: feed.folder.id, lambda feed: (feed.record.fork and feed.record.parent) or "")
    if feeds:
        from workbench.views import table

        rows = table.rows(feeds[:_MOST_ROWS], output.columns(), ascii_only=options.wants_ascii(context, ascii_only))
        output.emit_rows(rows, colours=output.colours())
        if len(feeds) > _MOST_ROWS:
            output.say(f"and {len(feeds) - _MOST_ROWS:,} older ones; a filter shows them")
    else:
        what, hint = "there is no run yet", "`workbench train cnn` starts one"
        if wanted and store.ids():
            what, hint = "no run fits the filter", "`workbench runs` lists all; `workbench runs --help` explains the words of a filter"
        output.say(f"{what} in {short(store.root)}\n\nhint: {hint}")


def _print_json(store: Store, wanted: str, sort: str) -> None:
    from workbench.runs.listing import report_cache

    found = list(report_cache.reports(store))
    if wanted:
        fits = filtering.parse(wanted, [run.facts for run in found])
        found = [run for run in found if fits(run.facts)]
    now = time.time()
    output.emit_items(run.text(now) for run in ordering.ordered(found, sort, lambda run: run.facts, lambda run: run.pin))
