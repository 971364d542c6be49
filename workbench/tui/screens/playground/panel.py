"""What all panels of the Playground share: what they know of the model, asking it, and the keys that they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.message import Message

from workbench.charts.rows import Row, Rows, Span, pad
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Question
from workbench.tui.widgets.painted import Painted


class Panel(Painted):
    """Shows one kind of use. The screen passes keys on to it, and the answers to its questions.

    Attributes:
        takes: the actions of the screen's table that do something here.
        hint: what its keys do, in a line.
        meanings: what they do one by one, for the help: of `up`, `pen` and so on.
    """

    takes: ClassVar[frozenset[str]] = frozenset()
    hint: ClassVar[str] = ""
    meanings: ClassVar[Mapping[str, str]] = {}

    class Wants(Message):
        """Something to ask the model; see `workbench/using/answering.py`."""

        def __init__(self, question: Mapping[str, Any]) -> None:
            super().__init__()
            self.question = question

    class Says(Message):
        """Something to tell the user."""

        def __init__(self, text: str, ink: str = "warning") -> None:
            super().__init__()
            self.text = text
            self.ink = ink

    def __init__(self, look: Look, about: Mapping[str, Any]) -> None:
        super().__init__(look, id="panel")
        self.about = about

    @property
    def keys_in_words(self) -> str:
        """What its keys do, with this model."""
        return self.hint

    def can(self, action: str) -> bool:
        """Whether an action of the screen's table does something with this model."""
        return action in self.takes

    def begin(self) -> None:
        """Ask for the first thing to show."""

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """An answer to a question of this panel."""

    def move(self, right: int, down: int) -> None:
        """An arrow key."""

    def press(self) -> None:
        """The space bar."""

    def clear(self) -> None:
        """Begin from nothing."""

    def another(self) -> None:
        """Something else to look at."""

    def questions(self) -> list[Question]:
        """What enter lets the user type."""
        return []

    def typed(self, *answers: str) -> None:
        """The user answered `questions`."""

    def ask(self, do: str, **more: Any) -> None:
        """Ask the model."""
        self.post_message(self.Wants({"do": do, **more}))


def beside(left: Rows, right: Rows, width: int, gap: int = 2) -> Rows:
    """Two drawings side by side, the left one in `width` cells."""
    height = max(len(left), len(right))
    blank: Row = [Span("")]
    lines = zip([*left, *[blank] * (height - len(left))], [*right, *[blank] * (height - len(right))], strict=True)
    return [[*pad(one, width), Span(" " * gap), *other] for one, other in lines]


def following(ladder: tuple[float, ...], value: float, by: int) -> float:
    """The next value of a ladder that is larger, or smaller; the last one at either end."""
    if by > 0:
        return next((rung for rung in ladder if rung > value), ladder[-1])
    return next((rung for rung in reversed(ladder) if rung < value), ladder[0])
