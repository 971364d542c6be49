"""Printing: data to stdout, talk to stderr, and nothing that a terminal would act on by mistake."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from workbench.charts.rows import Row, Rows, Span, cells, fit, printable
from workbench.clean import clean
from workbench.errors import WorkbenchError
from workbench.views import terminal

_WIDTH_WITHOUT_TERMINAL, _HEIGHT_WITHOUT_TERMINAL = 80, 24
_LEAST_WRAPPED = 20  # cells of a column whose text is wrapped
_RESET = "\x1b[0m"
# Select-graphic-rendition codes by role, for 256 colours and for 16; Okabe and Ito's series colours as in the TUI's theme.
_SERIES = ((75, 94), (214, 33), (36, 32), (175, 35), (166, 31), (227, 93), (32, 34), (250, 37))
_INKS = {
    "axis": ("38;5;242", "90"),
    "title": ("1", "1"),
    "muted": ("38;5;245", "90"),
    "mark": ("1;38;5;214", "1;33"),
    "threshold": ("38;5;247", "37"),
    "good": ("1;38;5;36", "1;32"),
    "live": ("1;38;5;81", "1;36"),
    "warning": ("1;38;5;214", "1;33"),
    "error": ("1;38;5;203", "1;31"),
    **{f"series{place}": (f"38;5;{many}", str(few)) for place, (many, few) in enumerate(_SERIES)},
    **{f"band{place}": (f"38;5;{colour}", "90") for place, colour in enumerate((24, 94, 23, 96, 89, 58, 17, 240))},
}


def settle() -> None:
    """Make the standard streams take any text: what the locale cannot encode becomes `?`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def give_up() -> None:
    """Nobody reads stdout any more: what is left of it goes nowhere, so that the interpreter ends without a complaint."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def emit(text: str = "") -> None:
    """A line of data, at once, so that a pipe carries it while a run goes on."""
    print(clean(text), flush=True)


def emit_text(text: str) -> None:
    """Several lines of data."""
    print(clean(text, lines=True))


def emit_json(value: Any) -> None:
    """One JSON document, a list with an item a line. ASCII only, so that any locale can print it."""
    from workbench.runs.report import strict_json  # brings pydantic, which help does without

    if isinstance(value, list):  # indenting is written in Python, and ten times as slow
        emit_items(strict_json(item) for item in value)
    else:
        print(strict_json(value, indent=1))


def emit_items(items: Iterable[str]) -> None:
    """One JSON document, a list of what is JSON already."""
    print("[" + ",\n ".join(items) + "]")


def emit_rows(rows: Rows, *, colours: int = 1) -> None:
    """Rows as charts draw them, without the blanks at their ends; escape sequences only where there are colours."""
    sys.stdout.write("".join(f"{painted(row, colours)}\n" for row in rows))


def say(text: str = "") -> None:
    """Talk: what to do next, what was done. Never data."""
    print(clean(text, lines=True), file=sys.stderr, flush=True)


def report(error: WorkbenchError, *, as_json: bool = False) -> int:
    """Print an error in the workbench's form; returns its exit code."""
    if as_json:
        emit_json({"error": {"message": clean(error.message, lines=True), "hint": clean(error.hint, lines=True), "code": int(error.code)}})
    say(f"error: {error.message}" + (f"\n\nhint: {error.hint}" if error.hint else ""))
    return int(error.code)


def painted(row: Iterable[Span], colours: int) -> str:
    """A row as text, with the escape sequences that `colours` allows."""
    spans: Row = list(row)
    if colours < 16:
        return "".join(span.text for span in spans).rstrip()
    while spans and not spans[-1].text.strip() and spans[-1].background is None:
        spans.pop()
    text = ""
    for span in spans:
        codes = _codes(span, colours)
        text += f"\x1b[{codes}m{span.text}{_RESET}" if codes else span.text
    return text if text.endswith(_RESET) else text.rstrip()


def columns() -> int:
    """How wide to print: the terminal, or 80 where there is none."""
    return shutil.get_terminal_size((_WIDTH_WITHOUT_TERMINAL, _HEIGHT_WITHOUT_TERMINAL)).columns


def lines() -> int:
    """How many rows the terminal has, or 24."""
    return shutil.get_terminal_size((_WIDTH_WITHOUT_TERMINAL, _HEIGHT_WITHOUT_TERMINAL)).lines


def colours() -> int:
    """How many colours stdout may be given: 1 for a pipe, NO_COLOR, or TERM=dumb."""
    return terminal.colours(os.environ, is_terminal=sys.stdout.isatty())


def ascii_only() -> bool:
    """Whether stdout or the locale is not UTF-8."""
    return terminal.is_ascii(os.environ, sys.stdout.encoding)


def is_answered() -> bool:
    """Whether somebody sits in front of this process who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def plural(count: int, noun: str) -> str:
    """`1 run`, `3 runs`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def table(rows: Iterable[tuple[str, ...]], *, indent: int = 2, width: int = 0) -> list[str]:
    """Lines with aligned columns, the last one wrapped to `width` (0: not at all)."""
    listed = [tuple(printable(cell) for cell in row) for row in rows]
    count = max((len(row) for row in listed), default=0)
    widths = [max((cells(row[place]) for row in listed if place < len(row)), default=0) for place in range(count)]
    found = []
    for row in listed:
        head = " " * indent + "".join(fit(cell, room) + "  " for cell, room in zip(row[:-1], widths, strict=False) if room)
        room = max(_LEAST_WRAPPED, width - cells(head)) if width else len(row[-1]) + 1
        first, *others = textwrap.wrap(row[-1], room) or [""]
        found += [(head + first).rstrip(), *(" " * cells(head) + other for other in others)]
    return found


def _codes(span: Span, colours: int) -> str:
    parts = []
    if span.foreground is not None or span.background is not None:
        for grey, role in ((span.foreground, 38), (span.background, 48)):
            if grey is not None and colours >= 256:
                parts.append(f"{role};5;{_grey(grey)}")
    elif span.ink in _INKS:
        parts.append(_INKS[span.ink][colours < 256])
    return ";".join(parts)


def _grey(level: int) -> int:
    """The nearest of the 24 greys among 256 colours, which lie at 8, 18, ... 238; black and white have places of their own."""
    if level < 4:
        return 16
    return 231 if level > 246 else 232 + min(23, max(0, round((level - 8) / 10)))
