"""The last row of a screen: its keys, from the screen's table of bindings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.binding import Binding

from workbench.charts.rows import Row, Rows, Span, cells
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted

_ALWAYS = ("help", "leave", "back")  # these stay when room runs out


class KeyBar(Painted):
    """Textual's own Footer leaks 45 kB at each refresh of the bindings (textual issue 6666)."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; }
    """

    def __init__(self, look: Look, bindings: Sequence[Binding]) -> None:
        super().__init__(look, id="keys")
        self._keys = tuple(bindings)

    def compose_rows(self, width: int, height: int) -> Rows:
        return [bar(self._keys, width)]

    def offer(self, bindings: Sequence[Binding]) -> None:
        """Show other keys: those that do something now."""
        if tuple(bindings) != self._keys:
            self._keys = tuple(bindings)
            self.redraw()


def bar(bindings: Iterable[Binding], width: int) -> Row:
    """` s start  ? help  q leave`; what does not fit is left out from the end, help and the way out last."""
    row: Row = []
    for binding in kept(bindings, width):
        row += [Span(" " if not row else "  "), Span(shown_key(binding), "key"), Span(f" {binding.description}", "muted")]
    return row


def kept(bindings: Iterable[Binding], width: int) -> list[Binding]:
    """The keys that a bar has room for."""
    items = [binding for binding in bindings if binding.show]
    while items and _width(items) > width:
        spare = [binding for binding in items if (binding.id or "").rpartition(".")[2] not in _ALWAYS]
        items.remove(spare[-1] if spare else items[0])
    return items


def shown_key(binding: Binding) -> str:
    """A key as it is printed on a keyboard."""
    names = {
        "question_mark": "?",
        "slash": "/",
        "escape": "esc",
        "plus": "+",
        "minus": "-",
        "full_stop": ".",
        "less_than_sign": "<",
        "greater_than_sign": ">",
    }
    names |= {"left_square_bracket": "[", "right_square_bracket": "]", "pageup": "pgup", "pagedown": "pgdn"}
    return binding.key_display or ",".join(names.get(key, key) for key in binding.key.split(","))


def _width(items: Sequence[Binding]) -> int:
    return 1 + sum(cells(f"{shown_key(binding)} {binding.description}") for binding in items) + 2 * (len(items) - 1)
