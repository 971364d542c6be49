"""Marks on the x axis of a chart: what was done during the run, with words beside them where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.charts.axis import Limits, position
from workbench.charts.rows import Rows, Span, cells, merge, printable
from workbench.charts.series.frame import Frame

_BESIDE = 5  # cells that a mark may stand from its place where a label or another mark has that


class Mark(NamedTuple):
    """Something that was done during the run, on the x axis.

    Attributes:
        words: written beside it where the axis has room, with `^` in place of the letter.
        meaning: of the letter, in a word.
    """

    x: float
    letter: str
    words: str = ""
    meaning: str = ""


def foot_rows(
    frame: Frame, x_limits: Limits, columns: int, marks: Sequence[Mark], nonfinite_at: Sequence[float], ascii_only: bool
) -> tuple[Rows, list[str]]:
    """The rows below the canvas with the marks on the axis, and what those letters mean that no words explain there."""
    axis, *below = frame.rows[frame.height :]
    letters = [Span(letter, "axis") for letter in axis]
    signs: dict[int, Mark] = {}
    everything = [*(Mark(x, "!") for x in nonfinite_at), *marks]
    for mark in sorted(everything, key=lambda mark: mark.letter != "!"):
        place = position(mark.x, *x_limits, columns)
        if place is None:
            continue
        wanted = frame.left + place * frame.width // columns
        same = signs.get(wanted)
        if same and same.letter == mark.letter == "!":
            signs[wanted] = same if same.words else mark
            continue
        column = next((at for at in around(wanted, frame.left, len(letters)) if at not in frame.labelled and at not in signs), None)
        if column is not None:
            signs[column] = mark
    signs |= _in_order({column: mark for column, mark in signs.items() if mark.letter != "!"})
    for column, mark in signs.items():
        letters[column] = Span(printable(mark.letter, ascii_only=ascii_only), "mark")
    words = {column: printable(mark.words, ascii_only=ascii_only) for column, mark in signs.items()}
    told = _write_texts(letters, frame.left, words) if below else set()  # the labels have a row of their own: here is room
    bare = {mark.letter: mark.meaning for column, mark in sorted(signs.items()) if column not in told and mark.meaning}
    notes = ["  ".join(f"{letter} {meaning}" for letter, meaning in bare.items())] if bare else []
    return [merge(letters), *([Span(text, "axis")] for text in below)], notes


def _in_order(signs: Mapping[int, Mark]) -> dict[int, Mark]:
    """The same columns, from left to right in the order in which things were done: a mark that gave way may stand on the wrong side."""
    return dict(zip(sorted(signs), sorted(signs.values(), key=lambda mark: mark.x), strict=True))


def around(column: int, left: int, right: int) -> list[int]:
    """The place itself, then those beside it."""
    near = [column, *(column + side * distance for distance in range(1, _BESIDE + 1) for side in (1, -1))]
    return [at for at in near if left <= at < right]


def _write_texts(letters: list[Span], left: int, texts: dict[int, str]) -> set[int]:
    """Write what each mark means to its right, or else to its left, over ticks but not over other marks; returns which.

    Longer ones, which say more, come first, and of those of one length the latest.
    """
    free = set(range(left, len(letters))) - set(texts)
    told = set()
    for column, text in sorted(texts.items(), key=lambda mark: (cells(mark[1]), mark[0]), reverse=True):
        width = cells(text)
        start = next((start for start in (column + 1, column - width) if free.issuperset(range(start, start + width))), None)
        if text and start is not None:
            letters[start : start + width] = [Span(text, "mark"), *[Span("")] * (width - 1)]
            free.difference_update(range(start - 1, start + width + 1))
            told.add(column)
            if letters[column].text != "!":
                letters[column] = Span("^", "mark")
    return told
