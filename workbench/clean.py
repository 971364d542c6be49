"""Text that came from outside (names, labels, log lines, errors), made harmless for a terminal.

Thirteen of thirteen render paths of Textual and Rich pass escape sequences on to the terminal, where OSC 52 writes
the clipboard. So whatever is read from a run folder, a file or a command line passes through here before it is shown.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# C0 (tab and newline apart), DEL, C1, the bidirectional controls (they reorder what stands beside them), line and
# paragraph separators, what is invisible and hides text (the joiners that scripts and emoji need apart), interlinear
# annotations, the byte order mark, tag characters, and halves of surrogate pairs.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_DEEPEST = 64  # dicts and lists within each other
_MOST_COMBINING = 4  # marks on one character; a stack of more of them ("zalgo") paints over its neighbours


def clean(text: str, *, lines: bool = False) -> str:
    """`text` without anything that a terminal would act on; what was removed shows as U+FFFD.

    Args:
        lines: keep newlines; otherwise the text is joined to one line. Tabs become spaces.
    """
    text = text.expandtabs(4) if "\t" in text else text
    text = text.replace("\r\n", "\n")
    if not lines:
        text = text.replace("\n", " ")
    if text.isascii() and text.isprintable():
        return text
    return _limit_combining(_HARMFUL.sub("\ufffd", text))


def clean_tree(value: Any, *, depth: int = _DEEPEST) -> Any:
    """`clean` for every string, also the keys, of a value as the json module reads it.

    Raises:
        RecursionError: it is nested deeper than anything that the workbench writes.
    """
    if isinstance(value, str):
        return clean(value, lines=True)
    if not isinstance(value, (dict, list)):
        return value
    if depth == 0:
        raise RecursionError("a value is nested too deep")
    if isinstance(value, dict):
        return {clean(str(key)): clean_tree(member, depth=depth - 1) for key, member in value.items()}
    return [clean_tree(member, depth=depth - 1) for member in value]


def is_harmless_json(data: bytes) -> bool:
    """Whether `clean_tree` would find nothing in this JSON: plain ASCII without escapes, which is far quicker to see."""
    return data.isascii() and b"\\" not in data and b"\x7f" not in data


def _limit_combining(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    stacked = 0
    for character in text:
        stacked = stacked + 1 if _joins(character) else 0
        if stacked <= _MOST_COMBINING:
            kept.append(character)
    return "".join(kept)


def _joins(character: str) -> bool:
    # Not unicodedata.combining(), which is 0 for marks that stack all the same (Thai, enclosing circles).
    return unicodedata.category(character) in ("Mn", "Me") or character in "\u200c\u200d"
