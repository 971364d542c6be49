"""Previews from a run's `samples/`: read without trusting their names or sizes, and drawn as rows."""

from __future__ import annotations

import time
from pathlib import PurePath

from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, pad, printable
from workbench.runs.files import read_json
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import Feed
from workbench.runs.reading.state import RunState, Shown
from workbench.units import age, grouped
from workbench.views import drawing
from workbench.views.drawing import Loaded, words

_KEPT = 32  # previews kept parsed
_LEAST_TITLE = 12  # cells of a long title, before the age of the preview is left out


def newest(state: RunState, name: str, step: int | None = None) -> Shown | None:
    """The last preview of a name, saved up to a step if one is given, or else the first; of an empty name, the last of all."""
    named = [shown for shown in state.previews if not name or shown.name == name]
    early = [shown for shown in named if step is None or shown.step <= step]
    return early[-1] if early else named[0] if named else None


def steps(state: RunState, name: str) -> tuple[int, ...]:
    """The steps at which a preview was saved, as far as they are kept."""
    return tuple(shown.step for shown in state.previews if shown.name == name)


def load(folder: RunFolder, shown: Shown) -> Loaded:
    """Read a preview's file, which somebody else may have written."""
    if not _is_plain(shown.file):
        return Loaded(shown.kind, problem="its file has a name that is none")
    return drawing.parse(shown.kind, read_json(folder.samples / shown.file))


def draw(
    feed: Feed,
    name: str,
    width: int,
    height: int,
    *,
    ascii_only: bool,
    colours: int,
    page: int = 0,
    step: int | None = None,
    files: dict[str, Loaded] | None = None,
    now: float | None = None,
) -> Rows:
    """A preview of a name below a title row, in exactly `width` by `height` cells: the newest, or the last one up to a step."""
    shown = newest(feed.state, name, step)
    if shown is None:
        label = printable(name.replace("_", " "), ascii_only=ascii_only)
        return fill([[Span(label, "title")], *words(_waiting(feed), width, height - 1)], width, height)
    loaded = _kept(feed, shown, {} if files is None else files)
    body, pages = drawing.draw(loaded, width, height - 1, ascii_only=ascii_only, colours=colours, page=page)
    turned = f"{page % pages + 1}/{pages}" if pages > 1 else ""
    return fill([heading(feed.state, shown, width, turned, ascii_only=ascii_only, now=now), *body], width, height)


def _kept(feed: Feed, shown: Shown, files: dict[str, Loaded]) -> Loaded:
    key = f"{shown.file}@{shown.at}"
    if key not in files:
        while len(files) >= _KEPT:
            files.pop(next(iter(files)))
        files[key] = load(feed.folder, shown)
    return files[key]


def heading(state: RunState, shown: Shown, width: int, turned: str = "", *, ascii_only: bool, now: float | None = None) -> Row:
    """`worst classified @ 630, 3 min ago      4 of 20   1/6`; where room is short the place among the saved ones goes first.

    Args:
        turned: which page it is, of how many.
    """
    saved = steps(state, shown.name)
    place = f"{saved.index(shown.step) + 1} of {len(saved)}" if len(saved) > 1 else ""
    ago = age(max(0.0, (time.time() if now is None else now) - shown.at))
    ago = ago if ago == "now" else f"{ago} ago"
    where = f" @ {grouped(shown.step)}"
    title = printable(shown.title or shown.name, ascii_only=ascii_only)
    name = title.partition(": ")[0]  # what stands behind the colon explains it, where there is room
    both = f"{place}   {turned}".strip()
    for said, right, text, least in (
        (f"{where}, {ago}", both, title, cells(title)),
        (f"{where}, {ago}", both, name, cells(name)),
        (f"{where}, {ago}", turned, name, cells(name)),
        (where, turned, name, min(cells(name), _LEAST_TITLE)),
        (where, turned, name, 0),
    ):
        title, room = text, width - cells(said) - (cells(right) + 2 if right else 0)
        if least <= room:
            break
    left = [Span(fit(title, min(cells(title), max(0, room))), "title"), Span(said, "muted")]
    if not right or room < 1:
        return pad(left, width)
    return [*pad(left, width - len(right)), Span(right, "muted")]


def _waiting(feed: Feed) -> str:
    return "no preview yet" if feed.status.is_live else "no preview was saved"


def _is_plain(name: str) -> bool:
    """Whether a name from the log names a file in `samples/` and nothing else."""
    return bool(name) and PurePath(name).name == name and name not in (".", "..") and "\x00" not in name and "\\" not in name
