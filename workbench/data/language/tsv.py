"""Pairs of a source and its targets from lines of text, with everything checked that a mistake could hide in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from workbench.data.utf8 import decode
from workbench.errors import WorkbenchError

SPLITS = ("train", "validation", "test")
OTHER = "|"  # between targets that are all right
FORMAT = "a line is `source<TAB>target`, or `source<TAB>target<TAB>split`; several right targets stand apart by |"


class Pair(NamedTuple):
    """A source and what may be made of it."""

    source: str
    targets: tuple[str, ...]  # any of them is right; the first is what a model learns


@dataclass
class Listing:
    """The pairs of a file, each source once; `splits` holds the split of each where the file says it, else nothing."""

    pairs: list[Pair] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)  # what was passed over, and how often

    def skip(self, why: str) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + 1


def read_tsv(content: bytes, file: Path) -> Listing:
    """The pairs in the bytes of a file. Empty lines and repetitions are counted; a source may have several lines.

    Raises:
        WorkbenchError: a byte is not UTF-8, a line has too few or too many columns, a side is empty, a split is unknown, or a
            source stands in two splits, where a model would be tested on what it learned.
    """
    listing = Listing()
    places: dict[str, int] = {}  # of each source in the listing
    lines: list[int] = []  # where each source stood first
    columns = 0
    for number, line in enumerate(decode(content, file).removesuffix("\n").split("\n"), start=1):
        if not line.strip():
            listing.skip("empty lines")
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        columns = columns or len(cells)
        source, targets, split = _checked(cells, columns, f"{file}, line {number}")
        place = places.setdefault(source, len(lines))
        if place == len(lines):
            lines.append(number)
            listing.pairs.append(Pair(source, targets))
            if split:
                listing.splits.append(split)
        else:
            _add(listing, place, targets, split, f"{file}, line {number}", lines[place])
    return listing


def _checked(cells: list[str], columns: int, where: str) -> tuple[str, tuple[str, ...], str]:
    """Source, targets and split of a line; the split is empty where there is no column for it."""
    if len(cells) != columns or columns not in (2, 3):
        expected = "2 or 3" if columns not in (2, 3) else f"{columns} as in the lines before"
        raise WorkbenchError(f"{where} has {len(cells)} column{'s' * (len(cells) != 1)}, expected {expected}", FORMAT)
    source, target = cells[0], cells[1]
    targets = tuple(each.strip() for each in target.split(OTHER)) if OTHER in target else (target,)
    if not source or not all(targets):
        raise WorkbenchError(f"{where}: the {'target' if source else 'source'} is empty", FORMAT)
    split = cells[2] if columns == 3 else ""
    if columns == 3 and split not in SPLITS:
        raise WorkbenchError(f"{where}: the split is `{split}`, expected one of {', '.join(SPLITS)}", FORMAT)
    return source, targets, split


def _add(listing: Listing, place: int, targets: tuple[str, ...], split: str, where: str, first: int) -> None:
    """Take note of a further line of a source."""
    known = listing.pairs[place]
    if split and listing.splits[place] != split:
        other = listing.splits[place]
        raise WorkbenchError(
            f"{where}: the source `{known.source}` is in split {split}, and in line {first} in split {other}",
            "a source belongs to one split, or the test shows what was learned by heart; remove one of the lines",
        )
    new = tuple(target for target in targets if target not in known.targets)
    listing.skip("further targets of a source" if new else "repeated lines")
    listing.pairs[place] = Pair(known.source, known.targets + new)
