"""The layers of a model on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from workbench.charts.rows import Rows, Span, wrap
from workbench.tui.messages import Answered, Refused
from workbench.tui.screens.pages.page import Page, Text
from workbench.tui.theme import Look
from workbench.tui.widgets.model_lines import table


class ModelPage(Page):
    """The layers of a form's model; what they cost comes when the helper has counted it."""

    def __init__(self, layers: Sequence[Mapping[str, Any]], parameters: int | None, look: Look, about: Mapping[str, Any]) -> None:
        super().__init__("MODEL", lambda width: model_lines(layers, parameters, width, look, ["counting multiply-adds and memory ..."]))
        self._about, self._table = about, partial(model_lines, layers, parameters, look=look, words=())

    def on_answered(self, message: Answered) -> None:
        if message.question == "cost" and message.about == self._about:
            from workbench.views import cost

            found = message.answer
            self._show(lambda width: model_lines(found["layers"], found["parameters"], width, self.bench.look, cost.words(found)))

    def on_refused(self, message: Refused) -> None:
        if message.what == "cost":
            said = f" {message.error.message}"
            self._show(lambda width: [*self._table(width), *([Span(part, "error")] for part in wrap(said, width))])

    def _show(self, lines: Callable[[int], Rows]) -> None:
        text = self.query_one(Text)
        text.lines = lines
        text.redraw()


def of_model(layers: Sequence[Mapping[str, Any]], parameters: int | None, look: Look) -> Page:
    """The layers with shapes and parameters."""
    return Page("MODEL", lambda width: model_lines(layers, parameters, width, look, []))


def model_lines(layers: Sequence[Mapping[str, Any]], parameters: int | None, width: int, look: Look, words: Iterable[str]) -> Rows:
    """The table of layers, and below it what they add up to."""
    total = f"{parameters:,} parameters" if parameters is not None else "not measured yet"
    wrapped = [part for text in words for part in wrap(f" {text}", width, ascii_only=look.ascii_only)]
    return [*table(layers, width, look=look), [Span("")], [Span(f" {total}", "title")], *([Span(part)] for part in wrapped)]
