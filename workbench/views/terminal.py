"""What a terminal can show, told from its environment."""

from __future__ import annotations

from collections.abc import Mapping

TRUE_COLOURS = 1 << 24


def is_ascii(environment: Mapping[str, str], encoding: str | None) -> bool:
    """Whether only ASCII is safe: the locale, or else the stream, is not UTF-8.

    Args:
        encoding: of the stream. Python takes UTF-8 for it even where LC_ALL is C, so the locale is asked first.
    """
    named = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), None)
    codeset = encoding or "ascii" if named is None else named
    return "utf8" not in codeset.lower().replace("-", "")


def colours(environment: Mapping[str, str], *, is_terminal: bool) -> int:
    """How many colours may be used: 1 (none), 16, 256 or 16,777,216."""
    term = environment.get("TERM", "")
    if not is_terminal or environment.get("NO_COLOR") or term in ("", "dumb"):
        return 1
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return TRUE_COLOURS
    return 256 if "256" in term or "kitty" in term or "direct" in term else 16
