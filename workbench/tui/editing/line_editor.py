"""One line of text being typed: a setting's value, a word to find, a new learning rate."""

from __future__ import annotations

from workbench.charts.rows import Row, Span
from workbench.clean import clean

_MOST_CHARACTERS = 200


class LineEditor:
    """Text and a caret. `key` says whether it took a key."""

    def __init__(self, text: str = "", *, selected: bool = False) -> None:
        self.text = text
        self.caret = len(text)
        self.fresh = selected  # the first character typed replaces all

    def key(self, key: str, character: str | None) -> bool:
        """Act on a key; False for one that is not about editing."""
        act = _ACTS.get(key)
        if act:
            self.text, self.caret = act(self.text, self.caret)
        elif character and character.isprintable():
            self.insert(character)
        else:
            return False
        self.fresh = False
        return True

    def insert(self, text: str) -> None:
        """Type or paste text, as one harmless line."""
        if self.fresh:
            self.text, self.caret, self.fresh = "", 0, False
        text = clean(text).strip("\n")[: _MOST_CHARACTERS - len(self.text)]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def spans(self, width: int) -> Row:
        """The text with its caret, in `width` cells; a long text shows the part around the caret."""
        start = max(0, self.caret - width + 1)
        shown = self.text[start : start + width].ljust(width)
        at = self.caret - start
        here = shown[at : at + 1].replace(" ", "_")  # rows give blanks their neighbour's ink, which would hide the caret
        return [Span(shown[:at], "typing"), Span(here, "caret"), Span(shown[at + 1 :], "typing")]


def _back_word(text: str, caret: int) -> tuple[str, int]:
    start = len(text[:caret].rstrip().rpartition(" ")[0])
    return text[:start] + text[caret:], start


_ACTS = {
    "left": lambda text, caret: (text, max(0, caret - 1)),
    "right": lambda text, caret: (text, min(len(text), caret + 1)),
    "home": lambda text, caret: (text, 0),
    "ctrl+a": lambda text, caret: (text, 0),
    "end": lambda text, caret: (text, len(text)),
    "ctrl+e": lambda text, caret: (text, len(text)),
    "backspace": lambda text, caret: (text[: max(0, caret - 1)] + text[caret:], max(0, caret - 1)),
    "delete": lambda text, caret: (text[:caret] + text[caret + 1 :], caret),
    "ctrl+u": lambda text, caret: (text[caret:], 0),
    "ctrl+k": lambda text, caret: (text[:caret], caret),
    "ctrl+w": _back_word,
}
