"""Previews from a run's `samples/`: read without trusting their names or sizes, and drawn as rows."""

from __future__ import annotations

from pathlib import PurePath

from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, pad, printable
from workbench.runs.feed import Feed
from workbench.runs.files import read_json
from workbench.runs.folder import RunFolder
from workbench.runs.state import RunState, Shown
from workbench.units import grouped
from workbench.views import drawing
from workbench.views.drawing import Loaded, words

_KEPT = 32  # previews kept parsed


Cache = dict[str, Loaded]


def newest(state: RunState, name: str) -> Shown | None:
    """The last preview of a name; of an empty name, the last of all."""
    return next((shown for shown in reversed(state.previews) if not name or shown.name == name), None)


def load(folder: RunFolder, shown: Shown) -> Loaded:
    """Read a preview's file, which somebody else may have written."""
    if not _is_plain(shown.file):
        return Loaded(shown.kind, problem="its file has a name that is none")
    return drawing.parse(shown.kind, read_json(folder.samples / shown.file))


def draw(
    feed: Feed, name: str, width: int, height: int, *, ascii_only: bool, colours: int, page: int = 0, files: Cache | None = None
) -> Rows:
    """The newest preview of a name below a title row, in exactly `width` by `height` cells."""
    shown = newest(feed.state, name)
    if shown is None:
        label = printable(name.replace("_", " "), ascii_only=ascii_only)
        return fill([[Span(label, "title")], *words(_waiting(feed), width, height - 1)], width, height)
    files = {} if files is None else files
    key = f"{shown.file}@{shown.at}"
    if key not in files:
        while len(files) >= _KEPT:
            files.pop(next(iter(files)))
        files[key] = load(feed.folder, shown)
    loaded = files[key]
    body, pages = drawing.draw(loaded, width, height - 1, ascii_only=ascii_only, colours=colours, page=page)
    return fill([_heading(shown, width, page % pages + 1, pages, ascii_only), *body], width, height)


def _heading(shown: Shown, width: int, page: int, pages: int, ascii_only: bool) -> Row:
    where = f" @ {grouped(shown.step)}"
    right = f"{page}/{pages}" if pages > 1 else ""
    room = width - len(where) - (len(right) + 2 if right else 0)
    title = printable(shown.title or shown.name, ascii_only=ascii_only)
    left = [Span(fit(title, min(cells(title), max(0, room))), "title"), Span(where, "muted")]
    if not right or room < 1:
        return pad(left, width)
    return [*pad(left, width - len(right)), Span(right, "muted")]


def _waiting(feed: Feed) -> str:
    return "no preview yet" if feed.status.is_live else "no preview was saved"


def _is_plain(name: str) -> bool:
    """Whether a name from the log names a file in `samples/` and nothing else."""
    return bool(name) and PurePath(name).name == name and name not in (".", "..") and "\x00" not in name and "\\" not in name
