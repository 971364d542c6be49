"""An emulated terminal that is compared with another one, and frames as Textual writes them."""

from __future__ import annotations

import random
import re
from typing import Any

import pyte
from rich.cells import cell_len, set_cell_size

SYNCHRONISED = re.compile(r"\x1b\[\?2026[hl]")
WORDS = ("loss", "0.4123", " ", "   ", "            ", "─────", "⣿⣷⡀⠂", "▄▟█", "naïve", "漢字", "e\u0301", "│", "a", "😀", "\u00b7")
COLOURS = ("", "31", "97", "38;5;81", "38;5;240", "38;2;18;52;86")
BACKS = ("", "44", "107", "48;5;22", "48;5;233", "48;2;1;2;3")
ATTRIBUTES = ("", "", "", "1", "2", "3", "4", "7", "9", "1;4", "1;2", "3;7;9")


class Emulated:
    """A terminal that shows what it is sent, without wrapping lines, as Textual sets it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.screen.reset_mode(7, private=True)
        self._stream = pyte.Stream(self.screen)
        self.sent = 0

    def feed(self, text: str) -> None:
        self.sent += len(text.encode())
        self._stream.feed(SYNCHRONISED.sub("", text.replace("\n", "\r\n")))

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)

    @property
    def cells(self) -> list[list[Any]]:
        """What one sees: on a blank neither the colour in front nor bold or italics."""
        rows = range(self.screen.lines)
        return [[seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)] for y in rows]

    @property
    def cursor(self) -> tuple[int, int]:
        return self.screen.cursor.x, self.screen.cursor.y


def seen(cell: Any) -> Any:
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough):
        return (" ", cell.bg)
    return cell


def styled(dice: random.Random, text: str) -> str:
    numbers = ";".join(filter(None, (dice.choice(ATTRIBUTES), dice.choice(COLOURS), dice.choice(BACKS))))
    return f"\x1b[{numbers}m{text}\x1b[0m" if numbers else text


def row(dice: random.Random, width: int) -> str:
    """A row of just this many cells."""
    parts, left = [], width
    while left:
        text = dice.choice(WORDS) * dice.choice((1, 1, 1, 5))
        text = set_cell_size(text, min(left, cell_len(text)))
        left -= cell_len(text)
        parts.append(styled(dice, text))
    return "".join(parts)


def frame(dice: random.Random, columns: int, rows: int, known: list[str]) -> str:
    """Whole rows, most of them as they were, or parts of a few rows; the cursor at the end."""
    parts = []
    for y in range(rows):
        if dice.random() < 0.3:
            known[y] = row(dice, columns)
        parts.append(f"\x1b[{y + 1};1H{known[y]}")
    if dice.random() < 0.5:
        y, x = dice.randrange(rows), dice.randrange(columns)
        known[y] = row(dice, x) + row(dice, columns - x)
        parts = [f"\x1b[{y + 1};1H{known[y]}"]
    return "\n".join(parts) + f"\x1b[{dice.randrange(rows) + 1};{dice.randrange(columns) + 1}H"
