"""Previews of several runs side by side, each as it was at the same place of the training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, pad, side_by_side
from workbench.units import grouped
from workbench.views import drawing, previews
from workbench.views.drawing import Loaded
from workbench.views.plots.axes import Axis
from workbench.views.plots.curves import Curve, longest, placed_on
from workbench.views.plots.view import Along

_LEAST = (24, 6)  # cells of a preview that can be read
_KEPT = 64  # previews kept parsed


def names(curves: Iterable[Curve]) -> list[str]:
    """What there are previews of: those that most runs have first, of these the ones that the recipe itself shows first."""
    seen: dict[str, int] = {}
    told: dict[str, None] = {}  # in slots
    for curve in curves:
        state = curve.feeds[0].state
        told |= dict.fromkeys(slot.removeprefix("preview:") for slot in state.slots if slot.startswith("preview:"))
        for name in {shown.name for shown in state.previews}:
            seen[name] = seen.get(name, 0) + 1
    places = {name: place for place, name in enumerate(told)}
    return sorted(seen, key=lambda name: (-seen[name], places.get(name, len(places)), name))


def moments(curves: Sequence[Curve], name: str, along: Along) -> list[float]:
    """Places of the x axis at which a preview of any run was saved: what scrubbing goes through."""
    found = {placed.place(float(step)) for curve, placed in _placed(curves, along) for step in previews.steps(curve.feeds[0].state, name)}
    return sorted(found)


def draw(
    curves: Sequence[Curve],
    name: str,
    width: int,
    height: int,
    *,
    along: Along,
    at: float | None,
    ascii_only: bool,
    colours: int,
    page: int = 0,
    files: dict[str, Loaded] | None = None,
) -> Rows:
    """The preview of each run (of seeds that are one line, the first's), in exactly `width` by `height` cells.

    Args:
        at: the place of the x axis; each run shows what it saved last by then. None is the newest of each.
        page: of the runs, where not all fit.
        files: previews already read, kept by the caller.
    """
    across = max(1, min(len(curves), (width + 1) // (_LEAST[0] + 1)))
    down = max(1, min(math.ceil(len(curves) / across), height // _LEAST[1]))
    if down == 1:
        across = min(across, len(curves))
    else:
        across = math.ceil(min(len(curves), across * down) / down)
    pages = math.ceil(len(curves) / (across * down))
    start = page % pages * across * down
    placed = {curve.id: axis for curve, axis in _placed(curves, along)}
    box = (width - (across - 1)) // across, height // down
    rows: Rows = []
    for first in range(start, min(len(curves), start + across * down), across):
        drawn = [
            _one(curve, name, *box, placed.get(curve.id), at, ascii_only=ascii_only, colours=colours, files=files)
            for curve in curves[first : first + across]
        ]
        rows += [side_by_side((each[line] for each in drawn), "|" if ascii_only else "│") for line in range(box[1])]
    return fill(rows, width, height)


def _one(
    curve: Curve, name: str, width: int, height: int, axis: Axis | None, at: float | None, *,
    ascii_only: bool, colours: int, files: dict[str, Loaded] | None,
) -> Rows:  # fmt: skip
    feed = curve.feeds[0]
    step = None if at is None or axis is None else math.floor(axis.step(at) + 1e-6)
    saved = [shown for shown in feed.state.previews if shown.name == name and (step is None or shown.step <= step)]
    sign = curve.sign(ascii_only=ascii_only)
    if not saved:
        words = "none by then" if step is not None and name in names([curve]) else f"no {name.replace('_', ' ')}"
        return fill([_heading(curve, "", sign, width, ascii_only), *drawing.words(words, width, height - 1)], width, height)
    shown = saved[-1]
    kept = {} if files is None else files
    key = f"{feed.folder.id}/{shown.file}@{shown.at}"
    if key not in kept:
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = previews.load(feed.folder, shown)
    body, _ = drawing.draw(kept[key], width, height - 1, ascii_only=ascii_only, colours=colours)
    return fill([_heading(curve, f"@ {grouped(shown.step)}", sign, width, ascii_only), *body], width, height)


def _heading(curve: Curve, where: str, sign: Span, width: int, ascii_only: bool) -> Row:
    room = max(0, width - cells(where) - 4)
    name = curve.label if len(curve.feeds) == 1 else f"{curve.id}, of {len(curve.feeds)} seeds"
    return pad([sign, Span(" "), Span(fit(name, room, ascii_only=ascii_only).rstrip() + " ", "title"), Span(where, "muted")], width)


def _placed(curves: Sequence[Curve], along: Along) -> list[tuple[Curve, Axis]]:
    seconds = longest(feed for curve in curves for feed in curve.feeds)
    return [(curve, placed) for curve in curves if (placed := placed_on(curve.feeds[0].state, along, seconds))]
