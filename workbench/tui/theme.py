"""Colours and marks: the one place that names a colour.

Series colours are those of Okabe and Ito (2008), which people with any colour vision tell apart, each moved to its
nearest neighbour among the 256 colours of a terminal, since SSH does not forward that a terminal can do more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

BACKGROUND = "#121212"
_RAISED = "#262626"  # the row that a cursor stands on, in a pane without focus
_CURSOR = "#3a3a3a"
_TEXT = "#d0d0d0"
_BRIGHT = "#ffffff"
_MUTED = "#8a8a8a"
_FAINT = "#585858"
_AXIS = "#6c6c6c"
_LEVEL = "#9e9e9e"
_LIGHT = "#c0c0c0"  # what greys become where there are 16 colours: darker ones would be black
_SERIES = ("#5fafff", "#ffaf00", "#00af87", "#d787af", "#d75f00", "#ffff5f", "#0087d7", "#bcbcbc")
_BANDS = ("#005f87", "#875f00", "#005f5f", "#875f87", "#87005f", "#5f5f00", "#00005f", "#585858")
_SIXTEEN, _ALL = 16, 256  # colours of a terminal
_GOOD, _WARN, _BAD = "#00af87", "#ffaf00", "#ff5f5f"


@dataclass(frozen=True)
class Ink:
    """How one role of text looks: with colours, and (`plain`) where NO_COLOR asks for none."""

    colour: str = _TEXT
    background: str = ""
    bold: bool = False
    plain: str = ""  # "bold", "dim", "reverse", "underline"


INKS: dict[str, Ink] = {
    "": Ink(),
    "axis": Ink(_AXIS, plain="dim"),
    "title": Ink(_BRIGHT, bold=True, plain="bold"),
    "muted": Ink(_MUTED, plain="dim"),
    "mark": Ink(_WARN, bold=True, plain="bold"),
    "threshold": Ink(_LEVEL, plain="dim"),
    "rule": Ink(_FAINT, plain="dim"),
    "focus": Ink("#5fafff", bold=True, plain="bold"),
    "key": Ink("#5fafff", bold=True, plain="bold"),
    "command": Ink("#afd7af"),
    "changed": Ink("#ffaf00", bold=True, plain="bold"),
    "cursor": Ink(_BRIGHT, _CURSOR, bold=True, plain="reverse"),
    "resting": Ink(_BRIGHT, _RAISED, plain="underline"),
    "caret": Ink(BACKGROUND, _BRIGHT, plain="reverse"),
    "typing": Ink(_BRIGHT, "#005f87", plain="underline"),
    "good": Ink(_GOOD, bold=True, plain="bold"),
    "warning": Ink(_WARN, bold=True, plain="bold"),
    "error": Ink(_BAD, bold=True, plain="bold"),
    "state-queued": Ink(_MUTED, plain="dim"),
    "state-starting": Ink("#5fd7ff", bold=True, plain="bold"),
    "state-running": Ink("#5fd7ff", bold=True, plain="bold"),
    "state-paused": Ink(_WARN, bold=True, plain="bold"),
    "state-finished": Ink(_GOOD),
    "state-stopped": Ink(_MUTED),
    "state-failed": Ink(_BAD, bold=True, plain="bold"),
    "state-died": Ink(_BAD, bold=True, plain="bold"),
    "state-unknown": Ink(_WARN, plain="bold"),
    **{f"series{place}": Ink(colour) for place, colour in enumerate(_SERIES)},
    **{f"band{place}": Ink(colour, plain="dim") for place, colour in enumerate(_BANDS)},
}


@lru_cache(4096)
def style(ink: str, foreground: int | None, background: int | None, colours: int) -> Style:
    """The style of a span on a terminal of so many colours; unknown roles look like plain text."""
    look = INKS.get(ink, INKS[""])
    if colours < _SIXTEEN:
        return Style(
            bold=look.plain == "bold" or None,
            dim=look.plain == "dim" or None,
            reverse=look.plain == "reverse" or None,
            underline=look.plain == "underline" or None,
        )
    few = colours < _ALL
    grey = look.colour in (_MUTED, _FAINT, _AXIS, _LEVEL)
    colour = Color.parse(_LIGHT if few and grey else look.colour) if foreground is None else _grey(foreground)
    behind = Color.parse(look.background or BACKGROUND) if background is None else _grey(background)
    marked = few and bool(look.background)  # of 16 colours none is a little lighter than black
    return Style.from_color(colour, behind) + Style(bold=look.bold and foreground is None, reverse=marked or None)


def _grey(level: int) -> Color:
    return Color.from_rgb(level, level, level)


def theme() -> Theme:
    """What Textual itself paints with: the space between widgets. Without colour it is Textual's own `ansi-dark`."""
    return Theme("workbench", primary=_SERIES[0], foreground=_TEXT, background=BACKGROUND, surface=BACKGROUND, panel=BACKGROUND)


@dataclass(frozen=True)
class Glyphs:
    """The marks of frames and lists, which pure ASCII has too."""

    rule: str = "─"
    bar: str = "│"
    down: str = "┬"
    up: str = "┴"
    pointer: str = "▸"
    opened: str = "▾"
    closed: str = "▸"
    less: str = "‹"
    more: str = "›"
    changed: str = "*"
    ellipsis: str = "…"
    arrow: str = "→"
    dot: str = "·"


UNICODE = Glyphs()
ASCII = Glyphs("-", "|", "+", "+", ">", "v", ">", "<", ">", "*", "~", "->", "-")


@dataclass(frozen=True)
class Look:
    """What the terminal can show."""

    ascii_only: bool = False
    colours: int = 256  # 1: none

    @property
    def plain(self) -> bool:
        """Whether there are no colours."""
        return self.colours < _SIXTEEN

    @property
    def marks(self) -> Glyphs:
        return ASCII if self.ascii_only else UNICODE
