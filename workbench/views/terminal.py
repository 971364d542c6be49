"""What a terminal can show, told from its environment."""

from __future__ import annotations

from collections.abc import Mapping

TRUE_COLOURS = 1 << 24
_FEW = ("linux", "xterm", "screen", "ansi", "rxvt", "cygwin")  # terminals of that very name are taken to have 16 colours
_NONE = ("", "dumb", "vt52", "vt100", "vt102", "vt220", "vt320")
_WITHOUT_BRAILLE = ("linux", "vt52", "vt100", "vt102", "vt220", "vt320")  # fonts of 256 or 512 characters


def is_ascii(environment: Mapping[str, str], encoding: str | None) -> bool:
    """Whether only ASCII is safe: the locale, or else the stream, is not UTF-8, or the terminal's font has little more.

    Args:
        encoding: of the stream. Python takes UTF-8 for it even where LC_ALL is C, so the locale is asked first.
    """
    if environment.get("TERM", "") in _WITHOUT_BRAILLE:
        return True
    named = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), None)
    codeset = encoding or "ascii" if named is None else named
    return "utf8" not in codeset.lower().replace("-", "")


def colours(environment: Mapping[str, str], *, is_terminal: bool) -> int:
    """How many colours may be used: 1 (none), 16, 256 (also where the terminal does not say, as over SSH) or 16,777,216."""
    term = environment.get("TERM", "")
    if not is_terminal or environment.get("NO_COLOR") or term in _NONE or term.endswith(("-m", "-mono")):
        return 1
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return TRUE_COLOURS
    return 16 if term in _FEW or term.endswith(("-16color", "-color")) else 256


def is_light(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says that its background is light: `COLORFGBG=0;15`, as rxvt, Konsole and others set it."""
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return background in ("7", "15")


def is_thin(environment: Mapping[str, str], bits_per_second: int) -> bool:
    """Whether the line to the terminal is slow: a serial one, or one whose speed is set so (of a pseudo-terminal it is 38400)."""
    return 0 < bits_per_second < 38400 or environment.get("TERM", "") in _NONE


def has_mouse(environment: Mapping[str, str], *, thin: bool) -> bool:
    """Whether to ask for mouse reports: the console of Linux has none, and on a thin line each movement would cost bytes."""
    return not thin and environment.get("TERM", "") not in _WITHOUT_BRAILLE
