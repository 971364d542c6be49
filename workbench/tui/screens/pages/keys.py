"""The keys of a screen on a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Row, Rows, Span, cells, fit, width_of, wrap
from workbench.tui.screens.pages.page import Page, Text, scrolling
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.key_bar import shown_key

_WHOLE_ROW = 1000  # cells
_KEY, _ID = 13, 22  # cells
_IDS_BESIDE = 100  # columns
_OWN_KEYS = (
    'A line such as "bench.start" = "f5" below [keys] in config.toml gives an id another key; `workbench doctor` says where that is.'
)


class KeysPage(Page):
    """The keys of a screen, in which one can look for a word; the key that opened it closes it."""

    DEFAULT_CSS = """
    KeysPage Foot { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", id="keys.find", tooltip="only the keys whose line has this"),
        *(binding for binding in scrolling("keys") if binding.id not in ("keys.help", "keys.back")),
        Binding("escape,question_mark", "back", "back", id="keys.back", tooltip="back to the screen before"),
    ]

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Text(self.bench.look, self._title, self._lines)
            yield Foot(self.bench.look)
            yield self.key_bar()

    def action_find(self) -> None:
        text = self.query_one(Text)
        self.query_one(Foot).ask(Question("find", text.found, cells=_WHOLE_ROW, example="for example: tag"))

    def on_foot_typed(self, message: Foot.Typed) -> None:
        self.query_one(Text).find(message.text)

    def on_foot_done(self, message: Foot.Done) -> None:
        self.query_one(Text).find(message.text or "")

    def action_back(self) -> None:
        text = self.query_one(Text)
        if text.found:
            text.find("")
        else:
            super().action_back()


def of_keys(keys: Iterable[Binding], look: Look) -> KeysPage:
    """Every key of a table, with what it does and the id by which the settings file gives it another key."""
    table = list(keys)

    def lines(width: int) -> Rows:
        found: Rows = []
        for binding in table:
            room = width - _KEY - (_ID if width >= _IDS_BESIDE else 0)
            parts = wrap(binding.tooltip, max(8, room - 1), ascii_only=look.ascii_only)
            beside = Span(fit(binding.id or "", _ID), "muted") if width >= _IDS_BESIDE else Span("")
            found.append([Span(f" {fit(shown_key(binding), _KEY - 1)}", "key"), beside, Span(parts[0])])
            found += [[Span(" " * (width - room)), Span(part.strip())] for part in parts[1:]]
            if width < _IDS_BESIDE:
                found[-1:] = _with_id(found[-1], binding.id or "", width)
        return [*found, [Span("")], *([Span(f" {part}", "muted")] for part in wrap(_OWN_KEYS, width - 2, ascii_only=look.ascii_only))]

    return KeysPage("KEYS", lines)


def _with_id(row: Row, name: str, width: int) -> Rows:
    """The id of a key at the right end of its row, below it where there is no room."""
    spare = width - width_of(row) - cells(name) - 1
    if spare > 1:
        return [[*row, Span(" " * spare), Span(name, "muted")]]
    return [row, [Span(" " * max(0, width - cells(name) - 1)), Span(name, "muted")]]
