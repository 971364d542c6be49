"""Colours and marks: the one place that names a colour.

Series colours are those of Okabe and Ito (2008), which people with any colour vision tell apart, each moved to its
nearest neighbour among the 256 colours of a terminal, since SSH does not forward that a terminal can do more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

_SIXTEEN, _ALL = 16, 256  # colours of a terminal


@dataclass(frozen=True)
class Palette:
    """The colours of one theme; every text is at least 4.5 times as bright, or as dark, as what it stands on."""

    background: str
    raised: str  # the row that a cursor stands on, in a pane without focus
    cursor: str
    typing: str
    text: str
    bright: str
    muted: str
    faint: str
    axis: str
    level: str
    focus: str
    command: str
    live: str
    good: str
    warn: str
    bad: str
    series: tuple[str, ...]
    bands: tuple[str, ...]


PALETTES = {
    "dark": Palette(
        background="#121212", raised="#262626", cursor="#3a3a3a", typing="#005f87", text="#d0d0d0", bright="#ffffff", muted="#8a8a8a",
        faint="#585858", axis="#6c6c6c", level="#9e9e9e", focus="#5fafff", command="#afd7af", live="#5fd7ff", good="#00af87",
        warn="#ffaf00", bad="#ff5f5f",
        series=("#5fafff", "#ffaf00", "#00af87", "#d787af", "#d75f00", "#ffff5f", "#0087d7", "#bcbcbc"),
        bands=("#005f87", "#875f00", "#005f5f", "#875f87", "#87005f", "#5f5f00", "#00005f", "#585858"),
    ),
    "light": Palette(
        background="#ffffff", raised="#eeeeee", cursor="#d0d0d0", typing="#afd7ff", text="#303030", bright="#000000", muted="#626262",
        faint="#b2b2b2", axis="#767676", level="#585858", focus="#005faf", command="#005f00", live="#005f87", good="#00875f",
        warn="#875f00", bad="#d70000",
        series=("#005faf", "#af5f00", "#00875f", "#af5f87", "#d75f00", "#878700", "#0087d7", "#626262"),
        bands=("#afd7ff", "#ffd7af", "#afd7d7", "#ffd7ff", "#ffafd7", "#d7d7af", "#afafff", "#d0d0d0"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ink:
    """How one role of text looks: with colours, and (`plain`) where NO_COLOR asks for none."""

    colour: str
    background: str = ""
    bold: bool = False
    plain: str = ""  # "bold", "dim", "reverse", "underline"


@cache
def inks(name: str) -> dict[str, Ink]:
    """How each role looks in a theme."""
    palette = PALETTES[name]
    return {
        "": Ink(palette.text),
        "axis": Ink(palette.axis, plain="dim"),
        "title": Ink(palette.bright, bold=True, plain="bold"),
        "muted": Ink(palette.muted, plain="dim"),
        "mark": Ink(palette.warn, bold=True, plain="bold"),
        "threshold": Ink(palette.level, plain="dim"),
        "rule": Ink(palette.faint, plain="dim"),
        "focus": Ink(palette.focus, bold=True, plain="reverse"),  # the one heading of all that has the keys
        "key": Ink(palette.focus, bold=True, plain="bold"),
        "command": Ink(palette.command),
        "changed": Ink(palette.warn, bold=True, plain="bold"),
        "cursor": Ink(palette.bright, palette.cursor, bold=True, plain="reverse"),
        "resting": Ink(palette.bright, palette.raised, plain="underline"),
        "caret": Ink(palette.background, palette.bright, plain="reverse"),
        "typing": Ink(palette.bright, palette.typing, plain="underline"),
        "example": Ink(palette.level, palette.typing, plain="underline"),
        "live": Ink(palette.live, bold=True, plain="bold"),
        "good": Ink(palette.good, bold=True, plain="bold"),
        "warning": Ink(palette.warn, bold=True, plain="bold"),
        "error": Ink(palette.bad, bold=True, plain="bold"),
        "state-queued": Ink(palette.muted, plain="dim"),
        "state-starting": Ink(palette.live, bold=True, plain="bold"),
        "state-running": Ink(palette.live, bold=True, plain="bold"),
        "state-paused": Ink(palette.warn, bold=True, plain="bold"),
        "state-finished": Ink(palette.good),
        "state-stopped": Ink(palette.muted),
        "state-failed": Ink(palette.bad, bold=True, plain="bold"),
        "state-died": Ink(palette.bad, bold=True, plain="bold"),
        "state-unknown": Ink(palette.warn, plain="bold"),
        **{f"series{place}": Ink(colour) for place, colour in enumerate(palette.series)},
        **{f"band{place}": Ink(colour, plain="dim") for place, colour in enumerate(palette.bands)},
    }


_OWN_SERIES = ("bright_blue", "yellow", "green", "magenta", "red", "cyan", "blue", "default")
_OWN = {  # colours of 16 by role; where none stands, the terminal's own for text
    **dict.fromkeys(("focus", "key"), "bright_blue"),
    **dict.fromkeys(("command", "good", "state-finished"), "green"),
    **dict.fromkeys(("changed", "mark", "warning", "state-paused", "state-unknown"), "yellow"),
    **dict.fromkeys(("live", "state-starting", "state-running"), "cyan"),
    **dict.fromkeys(("error", "state-failed", "state-died"), "red"),
    **{f"{kind}{place}": name for kind in ("series", "band") for place, name in enumerate(_OWN_SERIES)},
}


@lru_cache(4096)
def style(ink: str, foreground: int | None, background: int | None, colours: int, name: str = "dark") -> Style:
    """The style of a span on a terminal of so many colours; unknown roles look like plain text."""
    palette, known = PALETTES[name], inks(name)
    look = known.get(ink, known[""])
    if colours < _SIXTEEN:
        return Style(
            bold=look.plain == "bold" or None,
            dim=look.plain == "dim" or None,
            reverse=look.plain == "reverse" or None,
            underline=look.plain == "underline" or None,
        )
    if colours < _ALL:
        return _of_the_terminal(ink, look, foreground, background)
    colour = Color.parse(look.colour) if foreground is None else _grey(foreground)
    behind = Color.parse(look.background or palette.background) if background is None else _grey(background)
    return Style.from_color(colour, behind) + Style(bold=look.bold and foreground is None)


def _of_the_terminal(ink: str, look: Ink, foreground: int | None, background: int | None) -> Style:
    """In the 16 colours of the terminal's own palette, on its own background: greys are dim, the cursor is reversed."""
    colour = Color.parse(_OWN.get(ink, "default")) if foreground is None else _own_grey(foreground)
    behind = Color.default() if background is None else _own_grey(background)
    is_image = foreground is not None
    return Style.from_color(colour, behind) + Style(
        bold=look.bold and not is_image,
        dim=(look.plain == "dim" and not is_image) or None,
        reverse=look.plain == "reverse" or None,
        underline=look.plain == "underline" or None,
    )


def _own_grey(level: int) -> Color:
    """The nearest of the four greys that a palette of 16 has."""
    return Color.from_ansi((0, 8, 7, 15)[min(3, level * 4 // 256)])


def _grey(level: int) -> Color:
    return Color.from_rgb(level, level, level)


def theme(name: str) -> Theme:
    """What Textual itself paints with: the space between widgets, the palette. With 16 colours or none it is Textual's `ansi-dark`."""
    palette = PALETTES[name]
    ground = palette.background
    cursor = {"block-cursor-blurred-background": palette.cursor, "block-cursor-blurred-foreground": palette.bright}
    bar = {"scrollbar": palette.faint, "scrollbar-background": ground, "scrollbar-hover": palette.faint, "scrollbar-active": palette.faint}
    return Theme(
        f"workbench-{name}", primary=palette.series[0], foreground=palette.text, background=ground, surface=ground, panel=ground,
        dark=name == "dark", variables=cursor | bar,
    )  # fmt: skip


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
    theme: str = "dark"

    @property
    def plain(self) -> bool:
        """Whether there are no colours."""
        return self.colours < _SIXTEEN

    @property
    def is_few(self) -> bool:
        """Whether there are only the terminal's own colours, if any: then its own background is left alone, too."""
        return self.colours < _ALL

    @property
    def marks(self) -> Glyphs:
        return ASCII if self.ascii_only else UNICODE
