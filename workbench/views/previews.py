"""Previews from a run's `samples/`: read without trusting their names or sizes, and drawn as rows."""

from __future__ import annotations

import base64
import binascii
import itertools
import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from workbench.charts import heatmap, images, line
from workbench.charts.axis import limits
from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, pad, printable
from workbench.runs.feed import Feed
from workbench.runs.files import read_json
from workbench.runs.folder import RunFolder
from workbench.runs.series import Series, Summary
from workbench.runs.state import RunState, Shown
from workbench.units import grouped

_MOST_CELLS = 4 << 20  # numbers in one preview; the reader caps the file besides
_KEPT = 32  # previews kept parsed
_COLOURS_FOR_GREYS = 256


@dataclass(frozen=True)
class Loaded:
    """A preview as it can be drawn; empty with a `problem` where its file is not what it should be."""

    kind: str
    images: tuple[tuple[tuple[int, ...], ...], ...] = ()
    captions: tuple[str, ...] = ()
    matrix: tuple[tuple[float | None, ...], ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    lines: tuple[tuple[str, tuple[float, ...]], ...] = ()
    log: bool = False
    text: str = ""
    problem: str = ""


Cache = dict[str, Loaded]


def newest(state: RunState, name: str) -> Shown | None:
    """The last preview of a name; of an empty name, the last of all."""
    return next((shown for shown in reversed(state.previews) if not name or shown.name == name), None)


def load(folder: RunFolder, shown: Shown) -> Loaded:
    """Read a preview's file, which somebody else may have written."""
    if not _is_plain(shown.file):
        return Loaded(shown.kind, problem="its file has a name that is none")
    body = read_json(folder.samples / shown.file)
    if not body:
        return Loaded(shown.kind, problem="its file is missing or damaged")
    try:
        return _READ[shown.kind](body)
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error):
        return Loaded(shown.kind, problem="its file is damaged")


def draw(
    feed: Feed, name: str, width: int, height: int, *, ascii_only: bool, colours: int, page: int = 0, files: Cache | None = None
) -> Rows:
    """The newest preview of a name below a title row, in exactly `width` by `height` cells."""
    shown = newest(feed.state, name)
    if shown is None:
        label = printable(name.replace("_", " "), ascii_only=ascii_only)
        return fill([[Span(label, "title")], *_words(_waiting(feed), width, height - 1)], width, height)
    files = {} if files is None else files
    key = f"{shown.file}@{shown.at}"
    if key not in files:
        while len(files) >= _KEPT:
            files.pop(next(iter(files)))
        files[key] = load(feed.folder, shown)
    loaded = files[key]
    body, pages = _drawn(loaded, width, height - 1, ascii_only, colours, page)
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


def _drawn(loaded: Loaded, width: int, height: int, ascii_only: bool, colours: int, page: int) -> tuple[Rows, int]:
    """The rows of one page, and how many pages there are."""
    if height < 1:
        return [], 1
    if loaded.problem:
        return _words(loaded.problem, width, height), 1
    if loaded.kind == "images" and loaded.images:
        mode = images.choose_mode(colours, not ascii_only, False)
        first = loaded.images[0]
        grid = images.layout(len(loaded.images), width, height, mode=mode, captions=loaded.captions, aspect=len(first[0]) / len(first))
        pages = images.page_count(len(loaded.images), grid)
        return images.gallery(loaded.images, loaded.captions, width, height, mode=mode, page=page), pages
    if loaded.kind == "matrix":
        greys = colours >= _COLOURS_FOR_GREYS
        return heatmap.render(loaded.matrix, loaded.rows, loaded.columns, width, height, ascii_only=ascii_only, greys=greys), 1
    if loaded.kind == "lines":
        return _lines(loaded, width, height, ascii_only), 1
    wrapped = _wrapped(loaded.text, width, ascii_only)
    pages = max(1, math.ceil(len(wrapped) / height))
    start = page % pages * height
    return [[Span(text)] for text in wrapped[start : start + height]], pages


def _lines(loaded: Loaded, width: int, height: int, ascii_only: bool) -> Rows:
    """Named lines over the places of their columns: over the columns' own numbers where they are numbers that rise."""
    places = _places(loaded)
    drawn = []
    for name, values in loaded.lines:
        series = Series()
        Summary().extend(places[: len(values)], list(values), series)
        drawn.append(line.Line(name, series))
    x_limits = (float(places[0]), float(places[-1]))
    reach = line.extent(drawn, x_limits)
    y_limits = limits(*reach, None, loaded.log) if reach else (0.1 if loaded.log else 0.0, 1.0)
    legend = (
        line.title("", [line.Reading(name, values[-1]) for name, values in loaded.lines], width, ascii_only=ascii_only)
        if len(drawn) > 1
        else ()
    )
    return line.render(
        drawn, width, height, x_limits=x_limits, y_limits=y_limits, log=loaded.log, ascii_only=ascii_only, heading=legend,
        placeholder="nothing finite to draw",
    )  # fmt: skip


def _places(loaded: Loaded) -> list[int]:
    try:
        numbers = [int(column) for column in loaded.columns]
    except ValueError:
        numbers = []
    rising = all(left < right for left, right in itertools.pairwise(numbers))
    return numbers if numbers and rising else list(range(1, len(loaded.columns) + 1))


def _words(text: str, width: int, height: int) -> Rows:
    """A few words in the middle of an empty preview."""
    if height < 1:
        return []
    return [*([Span("")] for _ in range((height - 1) // 2)), [Span(fit(text, width, align="center"), "muted")]]


def _waiting(feed: Feed) -> str:
    return "no preview yet" if feed.status.is_live else "no preview was saved"


def _wrapped(text: str, width: int, ascii_only: bool) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest = printable(paragraph, ascii_only=ascii_only)
        lines.append("")
        for character in rest:
            if cells(lines[-1]) + cells(character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _is_plain(name: str) -> bool:
    """Whether a name from the log names a file in `samples/` and nothing else."""
    return bool(name) and PurePath(name).name == name and name not in (".", "..") and "\x00" not in name and "\\" not in name


def _read_images(body: dict[str, Any]) -> Loaded:
    count, height, width = (int(size) for size in body["shape"])
    if min(count, height, width) < 1 or count * height * width > _MOST_CELLS:
        raise ValueError("no images of that shape")
    pixels = base64.b64decode(body["pixels"], validate=True)
    if len(pixels) != count * height * width:
        raise ValueError("more or fewer pixels than the shape says")
    rows = [tuple(pixels[start : start + width]) for start in range(0, len(pixels), width)]
    found = tuple(tuple(rows[index * height : (index + 1) * height]) for index in range(count))
    return Loaded("images", images=found, captions=tuple(str(caption) for caption in body.get("captions", ())))


def _read_matrix(body: dict[str, Any]) -> Loaded:
    matrix = tuple(tuple(None if value is None else float(value) for value in row) for row in body["matrix"])
    if not matrix or sum(map(len, matrix)) > _MOST_CELLS:
        raise ValueError("no matrix of that size")
    return Loaded("matrix", matrix=matrix, rows=_names(body, "rows"), columns=_names(body, "columns"))


def _read_lines(body: dict[str, Any]) -> Loaded:
    lines = tuple((str(name), tuple(float(value) for value in values)) for name, values in body["lines"])
    columns = _names(body, "columns")
    if not lines or not columns or any(len(values) != len(columns) for _, values in lines) or len(lines) * len(columns) > _MOST_CELLS:
        raise ValueError("no lines over those columns")
    return Loaded("lines", lines=lines, columns=columns, log=bool(body.get("log")))


def _read_text(body: dict[str, Any]) -> Loaded:
    return Loaded("text", text=str(body["text"]))


def _names(body: dict[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(name) for name in body.get(key) or ())


_READ = {"images": _read_images, "matrix": _read_matrix, "lines": _read_lines, "text": _read_text}
