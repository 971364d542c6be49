"""`show --preview`: one preview of a run, as it was at a step, page after page; with `--json` what its file holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.charts.rows import Rows
from workbench.errors import ExitCode, unknown
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import Shown
from workbench.views import drawing, previews

_LEAST_ROWS = 8  # for a picture, on a terminal of any height
_AROUND = 3  # rows that title, hint and keys take of a screen


def rows(feed: Feed, name: str, step: int | None, width: int, height: int, *, ascii_only: bool, colours: int) -> Rows:
    """The preview as the interface has it on a whole screen of that size, but all of its pages one below the other.

    Raises:
        WorkbenchError: the run has no preview of that name.
    """
    shown = find(feed, name, step)
    loaded = previews.load(feed.folder, shown)
    height = max(_LEAST_ROWS, height - _AROUND)
    body, pages = drawing.draw(loaded, width, height, ascii_only=ascii_only, colours=colours)
    drawn = [previews.heading(feed.state, shown, width, ascii_only=ascii_only), *body]
    for page in range(1, pages):
        drawn += drawing.draw(loaded, width, height, ascii_only=ascii_only, colours=colours, page=page)[0]
    while len(drawn) > 1 and not any(span.text.strip() or span.background is not None for span in drawn[-1]):
        drawn.pop()
    return drawn


def document(feed: Feed, name: str, step: int | None) -> dict[str, Any]:
    """The same for scripts.

    Raises:
        WorkbenchError: the run has no preview of that name.
    """
    shown = find(feed, name, step)
    loaded = previews.load(feed.folder, shown)
    body = {key: value for key, value in asdict(loaded).items() if value and key != "kind"}
    return {"id": feed.folder.id, "name": shown.name, "title": shown.title, "kind": shown.kind, "step": shown.step, "at": shown.at,
            "file": shown.file, "steps": list(previews.steps(feed.state, shown.name)), **body}  # fmt: skip


def find(feed: Feed, name: str, step: int | None) -> Shown:
    """The preview of a name that was saved last, or last up to a step."""
    shown = previews.newest(feed.state, name, step) if name else None
    if shown is None:
        known = dict.fromkeys(one.name for one in feed.state.previews)
        hint = "" if known else "none was saved yet"
        raise unknown("preview", name, known, where=f"of {feed.folder.id}", hint=hint, code=ExitCode.NOT_FOUND)
    return shown
