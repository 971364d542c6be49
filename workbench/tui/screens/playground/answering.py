"""Sequences and the model's answers: examples of a memory task, or those of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from workbench.charts.rows import Rows, Span, fit
from workbench.tui.screens.playground.panel import Panel
from workbench.tui.widgets.foot import Question

_MOST = 100  # examples that are made at a time
_HEADS = {"name": 4, "given": 34, "answer": 18, "right": 12}  # cells of a column at most


class Answering(Panel):
    """A table of what was given, what the model answered, and what is right where that is known."""

    takes = frozenset({"another", "type"})
    meanings: ClassVar[Mapping[str, str]] = {"type": "the path of a csv file", "view": "other examples"}
    _seed = -1
    _rows: tuple[Mapping[str, Any], ...] = ()

    @property
    def keys_in_words(self) -> str:
        others = ["v: other examples"] if self.about["makes"] else []
        return "; ".join([*others, *(["enter: a csv file"] if self.about["reads"] else [])])

    def begin(self) -> None:
        if self.about["makes"]:
            self.another()

    def another(self) -> None:
        if self.about["makes"]:
            self._seed += 1
            self.ask("answer", count=_MOST, seed=self._seed)

    def questions(self) -> list[Question]:
        return [Question("csv file")] if self.about["reads"] else []

    def typed(self, *answers: str) -> None:
        self.ask("answer", files=[str(Path(answers[0]).expanduser().absolute())])

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._rows = tuple(answer["rows"])
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        if not self._rows:
            return [[Span(fit(f" it takes {self.about['takes']}", width, ascii_only=self.look.ascii_only), "muted")]]
        spare = sum(_HEADS.values()) + 2 * len(_HEADS)
        widths = {name: min(cells, max(3, cells * width // spare)) for name, cells in _HEADS.items()}
        head = [Span(" "), *(Span(fit("" if name == "name" else name, cells) + "  ", "muted") for name, cells in widths.items())]
        return [head, *(self._line(row, widths) for row in self._rows[: height - 1])]

    def _line(self, row: Mapping[str, Any], widths: Mapping[str, int]) -> list[Span]:
        inks = {"answer": "good" if row["answer"] == row["right"] else "title"}
        return [
            Span(" "),
            *(
                Span(fit(str(row[name]), cells, ascii_only=self.look.ascii_only) + "  ", inks.get(name, ""))
                for name, cells in widths.items()
            ),
        ]
