"""Type a word, a date, a sum: what the model writes for it, and where it looked for each token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.charts.rows import Rows, Span, fit, printable
from workbench.tui.screens.playground.panel import Panel
from workbench.tui.widgets.foot import Question


class Writing(Panel):
    """A source, its target, and the matrix of attention between them."""

    takes = frozenset({"another", "type"})
    hint = "enter: another; v: a held-out one. It looked at (columns) for (rows)"
    meanings: ClassVar[Mapping[str, str]] = {"type": "a source of your own", "view": "another held-out one"}
    _example = -1
    _row: Mapping[str, Any] | None = None

    def begin(self) -> None:
        self.another()

    def another(self) -> None:
        self._example += 1
        self.ask("write", sources=[], example=self._example)

    def questions(self) -> list[Question]:
        return [Question(str(self.about["takes"]))]

    def typed(self, *answers: str) -> None:
        self.ask("write", sources=[answers[0]])

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._row = answer["rows"][0]
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        if self._row is None:
            return [[Span(" reading ...", "muted")]]
        row, marks = self._row, self.look.marks
        is_right = row["target"] in row["right"]
        known = "right" if is_right else f"known as {' or '.join(row['right'])}" if row["right"] else "not in its data"
        unknown = f"; it never saw {' '.join(row['unknown'])}" if row["unknown"] else ""
        said = printable(f" {row['source']} {marks.arrow} {row['target']}", ascii_only=self.look.ascii_only)
        head: Rows = [
            [Span(fit(said, width), "title")],
            [Span(fit(f" {known}{unknown}", width, ascii_only=self.look.ascii_only), "good" if is_right else "muted")],
            [Span("")],
        ]
        if row["attention"] is None:
            return [*head, [Span(" it has no attention: it was trained with score none", "muted")]]
        from workbench.views import drawing

        matrix = drawing.parse("matrix", row["attention"])
        if len(row["attention"]["rows"]) + 1 > height - len(head):
            head.pop()  # a long word needs the room
        drawn, _ = drawing.draw(matrix, width - 1, height - len(head), ascii_only=self.look.ascii_only, colours=self.look.colours)
        return [*head, *([Span(" "), *line] for line in drawn)]
