"""A preview as it can be drawn: read from JSON that somebody else may have written, and drawn as rows."""

from __future__ import annotations

import base64
import binascii
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.charts import heatmap, images
from workbench.charts.axis import limits
from workbench.charts.rows import Rows, Span, cells, fit, printable
from workbench.charts.series import line
from workbench.runs.reading.series import Series, Summary

_MOST_CELLS = 4 << 20  # numbers in one preview; the reader caps the file besides
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


def parse(kind: str, body: Mapping[str, Any]) -> Loaded:
    """The preview that a JSON object describes; one that describes none is drawn as the problem it has."""
    if not body:
        return Loaded(kind, problem="its file is missing or damaged")
    try:
        reader = _READ.get(kind)
        return reader(body) if reader else Loaded(kind, problem="nothing here can draw it")
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error):
        return Loaded(kind, problem="its file is damaged")


def draw(
    loaded: Loaded, width: int, height: int, *, ascii_only: bool, colours: int, page: int = 0, enough: int | None = None
) -> tuple[Rows, int]:
    """The rows of one page, and how many pages there are; of `enough` images in sight rather larger ones than more."""
    if height < 1:
        return [], 1
    if loaded.problem:
        return words(loaded.problem, width, height), 1
    if loaded.kind == "images" and loaded.images:
        first = loaded.images[0]
        mode = images.choose_mode(colours, not ascii_only)
        pixels = len(first[0]), len(first)
        grid = images.layout(len(loaded.images), width, height, mode=mode, captions=loaded.captions, pixels=pixels, enough=enough)
        pages = images.page_count(len(loaded.images), grid)
        return images.gallery(loaded.images, loaded.captions, width, height, mode=mode, page=page, enough=enough), pages
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


def words(text: str, width: int, height: int) -> Rows:
    """A few words in the middle of an empty preview."""
    if height < 1:
        return []
    return [*([Span("")] for _ in range((height - 1) // 2)), [Span(fit(text, width, align="center"), "muted")]]


def _wrapped(text: str, width: int, ascii_only: bool) -> list[str]:
    """Lines of at most so many cells, broken behind blanks; blanks stay, which align a table. A longer word is broken anywhere."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.append("")
        for word in re.findall(r" +|[^ ]+", printable(paragraph, ascii_only=ascii_only)):
            if lines[-1] and not word.isspace() and cells(lines[-1]) + cells(word) > width >= cells(word):
                lines[-1] = lines[-1].rstrip(" ")
                lines.append("")
            for character in word:
                if cells(lines[-1]) + cells(character) > width:
                    lines.append("")
                    if character == " ":
                        continue
                lines[-1] += character
    return lines


def _read_images(body: Mapping[str, Any]) -> Loaded:
    count, height, width = (int(size) for size in body["shape"])
    if min(count, height, width) < 1 or count * height * width > _MOST_CELLS:
        raise ValueError("no images of that shape")
    pixels = base64.b64decode(body["pixels"], validate=True)
    if len(pixels) != count * height * width:
        raise ValueError("more or fewer pixels than the shape says")
    rows = [tuple(pixels[start : start + width]) for start in range(0, len(pixels), width)]
    found = tuple(tuple(rows[index * height : (index + 1) * height]) for index in range(count))
    return Loaded("images", images=found, captions=tuple(str(caption) for caption in body.get("captions", ())))


def _read_matrix(body: Mapping[str, Any]) -> Loaded:
    matrix = tuple(tuple(None if value is None else float(value) for value in row) for row in body["matrix"])
    if not matrix or sum(map(len, matrix)) > _MOST_CELLS:
        raise ValueError("no matrix of that size")
    return Loaded("matrix", matrix=matrix, rows=_names(body, "rows"), columns=_names(body, "columns"))


def _read_lines(body: Mapping[str, Any]) -> Loaded:
    lines = tuple((str(name), tuple(float(value) for value in values)) for name, values in body["lines"])
    columns = _names(body, "columns")
    if not lines or not columns or any(len(values) != len(columns) for _, values in lines) or len(lines) * len(columns) > _MOST_CELLS:
        raise ValueError("no lines over those columns")
    return Loaded("lines", lines=lines, columns=columns, log=bool(body.get("log")))


def _read_text(body: Mapping[str, Any]) -> Loaded:
    return Loaded("text", text=str(body["text"]))


def _names(body: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(name) for name in body.get(key) or ())


_READ = {"images": _read_images, "matrix": _read_matrix, "lines": _read_lines, "text": _read_text}
