"""Compare runs: curves in one chart, settings that differ, final and best values with deltas, costs, and which is better by how much.

RUN is an id, a name, last or last~1, or a filter as `workbench runs` has them, of which all must fit; runs of both are compared.
Runs that differ in nothing but the seed are one line, a mean with a band from the least to the greatest.

workbench compare cnn-3 cnn-4 --by examples        (batch sizes line up)

workbench compare tag:paper --baseline cnn-3 --all

workbench compare recipe:rnn dataset:digits cnn-7 --apart --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import options, output
from workbench.cli.options import Ascii, Json, Runs
from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.runs.listing import choosing
from workbench.runs.reading.feed import Feed, open_run
from workbench.views.plots.curves import BANDS, ManyWays
from workbench.views.plots.view import ALONG


def command(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, or filters: cnn-3 last tag:paper lr>=1e-3.")],
    baseline: Annotated[str, typer.Option("--baseline", metavar="RUN", help="What deltas are against; by default the first.")] = "",
    metric: Annotated[str, typer.Option("--metric", metavar="KEY", help="Look at this one rather than the one that decides.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="AXIS", help=f"Along the x axis: {', '.join(ALONG)}.")] = "step",
    band: Annotated[str, typer.Option("--band", metavar="KIND", help="Of seeds: range (least to greatest) or std.")] = "range",
    apart: Annotated[bool, typer.Option("--apart", help="A line for each run, also for seeds.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All settings and metrics, not only what differs.")] = False,
    preview: Annotated[str, typer.Option("--preview", metavar="NAME", help="Instead of charts this preview of each, side by side.")] = "",
    step: Annotated[int | None, typer.Option("--step", metavar="N", help="The previews as they were at this step.")] = None,
    runs: Runs = None,
    as_json: Json = False,
    ascii_only: Ascii = False,
) -> None:
    for name, value, known in (("axis", by, ALONG), ("band", band, BANDS)):
        if value not in known:
            raise unknown(name, value, known)
    if step is not None and not preview:
        raise WorkbenchError("--step says when, but not of which preview", "name one: --preview NAME --step N")
    options.check_step(step)
    store = options.store(context, runs)
    feeds = [open_run(folder) for folder in choosing.folders(store, words)]
    if len(feeds) < 2:
        found = f"only {feeds[0].folder.id} fits" if feeds else "no run fits"
        raise WorkbenchError(f"{found}, and a comparison needs two runs", "`workbench runs` lists them", code=ExitCode.NOT_FOUND)
    base = store.find(baseline).id if baseline else ""
    if as_json:
        from workbench.comparison.compare import compare
        from workbench.comparison.document import document
        from workbench.runs.report import report

        reports = [report(feed, verify=False) for feed in feeds]
        output.emit_json(document(compare(reports, baseline=base), reports))
        return
    _print(feeds, base, metric, by, band, apart, everything, preview, step, options.wants_ascii(context, ascii_only))


def _print(
    feeds: list[Feed], base: str, metric: str, by: str, band: str, apart: bool, everything: bool, preview: str, step: int | None,
    ascii_only: bool,
) -> None:  # fmt: skip
    from workbench.comparison.compare import metric_of
    from workbench.views.comparison import beside, comparing

    together = comparing.Together.of(feeds, base)
    metric = metric_of(together.comparison, metric) if metric else ""
    width, height, colours = output.columns(), output.lines() - 1, output.colours()
    if preview:
        curves = together.curves(together.comparison.shown(apart=apart))
        known = beside.names(curves)
        if preview not in known:
            raise unknown("preview", preview, known, where="of these runs", code=ExitCode.NOT_FOUND)
        at = None if step is None else float(step)
        rows = beside.draw(curves, preview, width, height, along="step", at=at, ascii_only=ascii_only, colours=colours)
    else:
        ways = ManyWays(along=by, band=band)  # type: ignore[arg-type]
        rows = comparing.rows(together, width, height, ways=ways, ascii_only=ascii_only, key=metric, apart=apart, everything=everything)
    output.emit_rows(rows, colours=colours)
