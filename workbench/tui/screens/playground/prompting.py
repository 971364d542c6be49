"""Give a prompt: the model continues it character by character, at a temperature, among the likeliest alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.charts import bars
from workbench.charts.rows import Rows, Span, fit
from workbench.tui.screens.playground.panel import Panel, beside, following
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Question
from workbench.units import percent

TEMPERATURES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0)
TOP_KS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)  # 0: all
_AT_ONCE = 24  # characters of an answer
_LENGTH = 600
_BARS = 22
_SHOWN = {"\n": "line end", " ": "space", "\t": "tab"}


class Prompting(Panel):
    """A text that goes on, and what might have followed the prompt."""

    takes = frozenset({"move", "another", "type"})
    hint = "enter: a prompt; left, right: temperature; up, down: top-k; v: another draw"
    meanings: ClassVar[Mapping[str, str]] = {
        "up": "a larger top-k",
        "down": "a smaller top-k",
        "left": "a lower temperature",
        "right": "a higher temperature",
        "type": "a prompt; tab: temperature, top-k",
        "view": "another draw",
    }

    def __init__(self, look: Look, about: Mapping[str, Any]) -> None:
        super().__init__(look, about)
        self._prompt, self._temperature, self._top_k, self._seed = str(about["prompt"]), 0.7, 20.0, 0
        self._text: str | None = None  # the name of what goes on
        self._written = ""
        self._following: list[tuple[str, float]] = []

    def begin(self) -> None:
        """Continue the prompt from its start."""
        self._text, self._written = None, ""
        self.ask("continue", prompt=self._prompt, temperature=self._temperature, top_k=int(self._top_k), seed=self._seed)
        self.redraw()

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        if question["do"] == "continue":
            self._text, self._following = answer["text"], answer["following"]
            if answer["unknown"]:
                self.post_message(self.Says(f"it never saw {' '.join(map(repr, answer['unknown']))}"))
        elif question["text"] != self._text:
            return  # of a text that was begun anew since
        else:
            self._written += answer["more"]
        self.redraw()
        if len(self._written) < _LENGTH:
            self.ask("more", text=self._text, count=_AT_ONCE)

    def move(self, right: int, down: int) -> None:
        if right:
            self._temperature = following(TEMPERATURES, self._temperature, right)
        else:
            self._top_k = following(TOP_KS, self._top_k, -down)
        self.begin()

    def another(self) -> None:
        self._seed += 1
        self.begin()

    def questions(self) -> list[Question]:
        return [
            Question("prompt", self._in_a_line),
            Question("temperature", f"{self._temperature:g}", lambda text: _wrong(text, 0, 100)),
            Question("top-k", f"{self._top_k:g}", lambda text: _wrong(text, 0, 1e6)),
        ]

    def typed(self, *answers: str) -> None:
        prompt, temperature, top_k = answers
        self._prompt = self._prompt if prompt == self._in_a_line else prompt
        self._temperature, self._top_k = float(temperature), float(int(float(top_k)))
        self.begin()

    @property
    def _in_a_line(self) -> str:
        """The prompt as it is typed; the one that the model begins with may have several lines."""
        return self._prompt.replace("\n", " ").strip()

    def compose_rows(self, width: int, height: int) -> Rows:
        from workbench.views import drawing

        top_k = f"{self._top_k:.0f}" if self._top_k else "all"
        head: Rows = [
            [Span(fit(f" temperature {self._temperature:g}   top-k {top_k}   draw {self._seed}", width), "title")],
            [Span("")],
        ]
        wide = width >= 3 * _BARS
        room = width - (_BARS + 3 if wide else 1)
        loaded = drawing.parse("text", {"text": f"{self._prompt}>>>{self._written}"})
        text = drawing.draw(loaded, room, height - len(head), ascii_only=self.look.ascii_only, colours=self.look.colours)[0]
        text = [[Span(" "), *row] for row in text]
        return [*head, *(beside(text, self._next(height - len(head)), room + 1, gap=1) if wide else text)]

    def _next(self, height: int) -> Rows:
        """What might have followed the prompt, at temperature 1."""
        if not self._following:
            return []
        names = [_SHOWN.get(character, character) for character, _ in self._following]
        shares = [share for _, share in self._following]
        drawn = bars.render(names, shares, _BARS, min(len(names), height - 1), maximum=1.0, form=percent, ascii_only=self.look.ascii_only)
        return [[Span("behind the prompt", "title")], *drawn]


def _wrong(text: str, least: float, most: float) -> str:
    """What is wrong with a number; empty where nothing is."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return "" if least <= number <= most else f"expected a number from {least:g} to {most:g}"
