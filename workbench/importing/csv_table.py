"""A CSV table of a training: a column of steps, and numbers. Read strictly, so that nothing that is no number becomes one."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ExitCode, WorkbenchError
from workbench.importing.foreign import LARGEST_STEP, Foreign, Point

_STEPS = ("step", "global_step", "steps", "iteration", "iter", "update", "batch", "epoch")  # the first of them that there is
_TIMES = ("wall time", "wall_time", "walltime", "timestamp", "at")  # seconds since 1970
_ELAPSED = ("elapsed_seconds", "elapsed", "relative", "seconds", "time", "runtime")
_BESIDES = ("epoch", "")  # no metrics where they are not the steps; the nameless one is an index
_DELIMITERS = ",;\t|"
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_SAME_MOMENT = 1e8  # seconds: what is more than that is a moment since 1970 rather than a time since the start


@dataclass(frozen=True)
class _Columns:
    """What each column of the table is."""

    step: int
    at: int | None
    values: dict[int, str]
    header: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """How a table is to be read.

    Attributes:
        step: the column of steps; by default `step`, or one that is called alike, else `epoch`.
        leave_out: columns that are no metrics.
        missing: what stands in a cell where nothing was logged, as an empty cell does.
        comma: whether numbers have a comma for a point.
    """

    step: str = ""
    leave_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    comma: bool = False

    def cells(self, cells: Sequence[str]) -> list[str]:
        """The cells of a line, with points, and empty where they say that nothing was logged."""
        found = ["" if cell.strip() in self.missing else cell for cell in cells]
        return [cell.replace(",", ".") for cell in found] if self.comma else found


def read(path: Path, how: Reading | None = None) -> Foreign:
    """The run in a table whose first line names the columns. Empty cells are steps at which a metric was not logged.

    Raises:
        WorkbenchError: it is no such table; says in which line.
    """
    try:
        ended_at = path.stat().st_mtime
        with path.open(encoding="utf-8-sig", newline="") as file:
            run = _read(path, _lines(path, file), how or Reading())
    except OSError as error:
        raise WorkbenchError(
            f"cannot read {path}: {error.strerror or error}", "give the path of a table", code=ExitCode.NOT_FOUND
        ) from error
    except UnicodeDecodeError as error:
        raise WorkbenchError(f"{path} is no text: byte {error.start} is not UTF-8", "a table is exported as UTF-8 CSV") from error
    run.ended_at = ended_at
    _place_times(run, ended_at)
    return run


def _read(path: Path, lines: Iterator[tuple[int, list[str]]], how: Reading) -> Foreign:
    _, header = next(lines, (1, []))
    columns = _columns(path, [name.strip() for name in header], how.step, how.leave_out)
    run = Foreign(path.stem, str(path))
    last = -1
    for number, given in lines:
        cells = how.cells(given)
        if len(cells) != len(header):
            raise _wrong(path, number, f"there are {len(cells)} cells below {len(header)} names")
        at_step = _step(path, number, cells[columns.step], columns.header[columns.step])
        if at_step < last:
            raise _wrong(path, number, f"step {at_step:,} stands behind step {last:,}", "sort the table, or give --step COLUMN")
        last = at_step
        at = _number(path, number, cells[columns.at], columns.header[columns.at]) if columns.at is not None and cells[columns.at] else None
        for place, name in columns.values.items():
            if cells[place].strip():
                run.add(name, Point(at_step, at, _number(path, number, cells[place], name)))
    if not run.series:
        raise WorkbenchError(f"{path} holds no numbers", "its first line names the columns, and each other line is a step")
    return run


def _lines(path: Path, file: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each line that is not empty."""
    lines = iter(file)
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=first.count)

    def all_lines() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(all_lines(), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise _wrong(path, reader.line_num, str(error)) from error


def _columns(path: Path, header: list[str], step: str, leave_out: Sequence[str]) -> _Columns:
    folded = [name.lower() for name in header]
    if not header or all(_is_number(name) for name in header if name):
        raise _wrong(path, 1, "it does not name the columns", "the first line is a heading such as step,loss")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise _wrong(path, 1, f"`{twice[0]}` names two columns")
    for name in (step, *leave_out):
        if name and name not in header:
            raise WorkbenchError(f"{path} has no column `{name}`", f"it has {', '.join(filter(None, header))}")
    at_step = header.index(step) if step else next((folded.index(name) for name in _STEPS if name in folded), None)
    if at_step is None and not header[0]:
        at_step = 0  # a nameless first column is the index that pandas writes
    if at_step is None:
        raise WorkbenchError(f"{path} has no column of steps among {', '.join(filter(None, header))}", "say which it is with --step COLUMN")
    others = {name.lower(): place for place, name in enumerate(header) if place != at_step and name not in leave_out}
    at = next((others[name] for name in (*_TIMES, *_ELAPSED) if name in others), None)
    values = {
        place: path.stem if folded[place] == "value" else name  # as TensorBoard's own download has it: Wall time,Step,Value
        for place, name in enumerate(header)
        if place not in (at_step, at) and folded[place] not in _BESIDES and name not in leave_out
    }
    return _Columns(at_step, at, values, tuple(header))


def _step(path: Path, line: int, cell: str, column: str) -> int:
    value = _number(path, line, cell, column)
    if not math.isfinite(value) or value != int(value) or not 0 <= value <= LARGEST_STEP:
        raise _wrong(path, line, f"`{cell.strip()}` in column {column} is no step", "a step is a whole number from 0")
    return int(value)


def _number(path: Path, line: int, cell: str, column: str) -> float:
    if not _is_number(cell):
        text = cell.strip()[:40]
        hint = f"--missing '{text}' takes it for a cell without a number, --leave-out '{column}' leaves the column out"
        if _WITH_COMMA.fullmatch(text):
            hint = "--decimal-comma reads commas as decimal points"
        raise _wrong(path, line, f"`{text}` in column {column} is no number", hint if column and text else "")
    return float(cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # which Python takes for a separator, and no table does


def _place_times(run: Foreign, ended_at: float) -> None:
    """Turn seconds since the start into moments: the last one is when the file was written."""
    points = [point for series in run.series.values() for point in series if point.at is not None]
    latest = max((point.at for point in points if point.at is not None), default=0.0)
    if not 0 <= latest < _SAME_MOMENT:
        return
    for point in points:
        assert point.at is not None
        point.at += max(0.0, ended_at - latest)


def _wrong(path: Path, line: int, why: str, hint: str = "") -> WorkbenchError:
    return WorkbenchError(f"{path}, line {line}: {why}", hint or "nothing was imported; mend the line and try again")
