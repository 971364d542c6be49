"""Mistakes that a user can mend: what is wrong, the value, what was expected, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says; `workbench --help` lists them."""

    DONE = 0
    RUN_FAILED = 1
    WRONG_USE = 2
    NOT_FOUND = 3
    NO_ANSWER = 4
    INTERRUPTED = 130


class WorkbenchError(Exception):
    """Something the user can mend; caught where a process ends and printed as message and hint."""

    def __init__(self, message: str, hint: str = "", *, code: ExitCode = ExitCode.WRONG_USE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n\nhint: {self.hint}" if self.hint else self.message


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a slip of, or None when none is close."""
    names = list(known)
    folded = {candidate.lower(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    if close:
        return folded[close[0]]
    return next((candidate for candidate in names if name and candidate.lower().startswith(name.lower())), None)


def unknown(
    kind: str, name: str, known: Iterable[str], *, where: str = "", hint: str = "", code: ExitCode = ExitCode.WRONG_USE
) -> WorkbenchError:
    """An error for a name that is not among `known`, with the nearest one as its hint.

    Args:
        kind: what the name should have named ("setting", "recipe", "run").
        where: where it was looked for ("for recipe `cnn`").
        hint: what to do when no known name is close, or besides.
    """
    names = list(known)
    close = nearest(name, names)
    guess = f"did you mean `{close}`?" if close else f"there is {', '.join(f'`{n}`' for n in names)}" if 0 < len(names) <= 12 else ""
    message = f"unknown {kind} `{name}`" + (f" {where}" if where else "")
    return WorkbenchError(message, (" " if close else "; ").join(part for part in (guess, hint) if part), code=code)
