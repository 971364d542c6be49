"""How a cell looks, and the shortest sequence from one look to another (SGR, ECMA-48 8.3.117)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_OFF = {
    "1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29", "51": "54", "52": "54",
    "53": "55",
}  # fmt: skip
_SEEN_ON_BLANKS = frozenset({"4", "21", "5", "6", "7", "8", "9", "51", "52", "53"})
_FRONTS = frozenset(map(str, (*range(30, 38), *range(90, 98))))
_BACKS = frozenset(map(str, (*range(40, 48), *range(100, 108))))
_PARTS = {"5": 3, "2": 5}  # numbers that a colour takes: 38;5;N and 38;2;R;G;B


class Style(NamedTuple):
    """Attributes and colours, each as the numbers that set it; empty for the terminal's own."""

    attributes: tuple[str, ...] = ()
    front: str = ""
    back: str = ""


PLAIN = Style()


@lru_cache(2048)
def applied(style: Style, numbers: str) -> Style | None:
    """The style behind a sequence that sets these numbers (`1;38;5;81`); None where one of them is not known here."""
    parts = numbers.split(";")
    place = 0
    while place < len(parts):
        part = parts[place]
        taken = 1
        if part in ("", "0"):
            style = PLAIN
        elif part in _OFF:
            style = style._replace(attributes=tuple(sorted({*style.attributes, part})))
        elif part in _FRONTS or part == "39":
            style = style._replace(front="" if part == "39" else part)
        elif part in _BACKS or part == "49":
            style = style._replace(back="" if part == "49" else part)
        elif part in ("38", "48") and place + 1 < len(parts) and (taken := _PARTS.get(parts[place + 1], 0)):
            colour = parts[place : place + taken]
            if len(colour) < taken or not all(number.isdecimal() for number in colour):
                return None
            numbered = ";".join(colour)
            style = style._replace(front=numbered) if part == "38" else style._replace(back=numbered)
        else:
            return None
        place += taken
    return style


@lru_cache(1024)
def on_blank(style: Style) -> Style:
    """What of a style shows on a space: its colour in front does not, unless there is a line or the two are swapped."""
    return style if _SEEN_ON_BLANKS.intersection(style.attributes) else Style(back=style.back)


@lru_cache(2048)
def change(old: Style, new: Style) -> str:
    """The shortest sequence from one style to another: what differs, or everything behind a reset."""
    if old == new:
        return ""
    off = {_OFF[part] for part in old.attributes if part not in new.attributes}
    on = [part for part in new.attributes if part not in old.attributes or _OFF[part] in off]
    parts = [*sorted(off), *on]
    if new.front != old.front:
        parts.append(new.front or "39")
    if new.back != old.back:
        parts.append(new.back or "49")
    whole = [part for part in ("0", *new.attributes, new.front, new.back) if part]
    numbers = min(";".join(parts), ";".join(whole) if whole != ["0"] else "", key=len)
    return f"\x1b[{numbers}m"
