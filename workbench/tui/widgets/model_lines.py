"""The model that the settings make: its layers in a line or, where there is room, in a table, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.charts.rows import Row, Rows, Span, cells, fit, printable, width_of
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading
from workbench.units import grouped

Layer = Mapping[str, Any]
_LEFT_OUT = ("relu", "flatten", "dropout", "softmax", "identity", "tanh", "sigmoid", "leakyrelu", "gelu")
_SHORT = {"conv": "conv", "batchnorm": "bn", "layernorm": "ln", "maxpool": "pool", "avgpool": "pool", "linear": "dense"}
_SIZED = ("conv", "dense", "lstm", "gru", "rnn", "embedding")
_TABLE_FROM = 8  # rows


class ModelLines(Painted):
    """Shows what the helper that knows torch has measured; until then, that it measures."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="model")
        self.shown_layers: Sequence[Layer] = ()
        self.parameters: int | None = None
        self.words = ""
        self.expect = ""
        self.data = ""  # how much there is to learn from

    def tell_data(self, words: str) -> None:
        """Say how much there is to learn from, or why nobody knows."""
        self.data = words
        self.redraw()

    def tell(self, words: str, expect: str | None = None) -> None:
        """Say something in place of a size: that it is being measured, or why it cannot be."""
        self.words = words
        self.expect = self.expect if expect is None else expect
        self.redraw()

    def fail(self, words: str) -> None:
        """Say why there is no such model."""
        self.shown_layers, self.parameters = (), None
        self.tell(words)

    def clear(self) -> None:
        """Forget the layers: they were another model's."""
        self.shown_layers, self.parameters, self.data = (), None, ""

    def measure(self, layers: Sequence[Layer], parameters: int) -> None:
        self.shown_layers, self.parameters, self.words = layers, parameters, ""
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        data = shortened(self.data, max(0, width - 12), self.look)
        head = heading("MODEL", data, width, self.look) if height > 2 else None
        size = f"{grouped(self.parameters)} parameters" if self.parameters is not None else ""
        words = shortened(self.words or size, width - 10, self.look)
        room = width - cells(words) - 14
        expect = next((f"   {text}" for text in expected(self.expect) if cells(text) < room), "")
        foot: Row = [Span(f" {words}", "muted" if self.words else ""), Span(expect, "muted")]
        right = [Span("model "), Span("m", "key"), Span(" ")]
        foot += [Span(" " * max(2, width - width_of(foot) - 8)), *right]
        room = height - 1 - bool(head)
        if room >= _TABLE_FROM and self.shown_layers:
            body = table(self.shown_layers, width, look=self.look)[:room]
        else:
            body = [[Span(f" {shortened(summary(self.shown_layers), width - 2, self.look)}", "muted" if self.words else "")]]
        return [*([head] if head else []), *body, foot] if height > 1 else [foot]


def expected(text: str) -> tuple[str, ...]:
    """What a preset is expected to take and to reach (`35 s 98.7 %`), in ever fewer words."""
    took, _, reached = text.partition(" s ")
    if not reached:
        return (text,) if text else ()
    return f"about {took} s on 2 CPU cores, reaches {reached}", f"about {took} s, reaches {reached}", f"about {took} s: {reached}", text


def summary(layers: Sequence[Layer]) -> str:
    """`conv32 bn pool conv64 bn pool dense64 dense10`."""
    return " ".join(filter(None, map(_brief, layers)))


def _brief(layer: Layer) -> str:
    kind = str(layer.get("kind", "")).lower().rstrip("123d")
    if kind in _LEFT_OUT:
        return ""
    name = next((short for stem, short in _SHORT.items() if stem in kind), kind)
    shape = layer.get("output_shape") or ()
    size = (shape[0] if name == "conv" else shape[-1]) if name in _SIZED and shape else ""
    return f"{name}{size}"


def shortened(text: str, width: int, look: Look) -> str:
    """The text, and where it is too long a sign of it."""
    text = printable(text, ascii_only=look.ascii_only)
    return text if cells(text) <= width else fit(text, width - 1, ascii_only=look.ascii_only) + look.marks.ellipsis


def table(layers: Sequence[Layer], width: int, *, look: Look) -> Rows:
    """A row for each layer: name, kind, output shape, parameters, and multiply-adds where they were counted."""
    times = "x" if look.ascii_only else "×"
    cut: list[tuple[str, ...]] = [
        (
            str(layer.get("name", "")),
            str(layer.get("kind", "")),
            times.join(str(size) for size in layer.get("output_shape") or ()),
            _count(layer, "parameters"),
            _count(layer, "multiply_adds"),
        )
        for layer in layers
    ]
    heads: tuple[str, ...] = ("layer", "kind", "output", "parameters", "multiply-adds")
    if not any("multiply_adds" in layer for layer in layers):
        heads, cut = heads[:-1], [row[:-1] for row in cut]
    widths = [max(cells(row[place]) for row in (heads, *cut)) for place in range(len(heads))]
    rows: Rows = [
        [Span(" " + "  ".join(_cell(text, size, place) for place, (text, size) in enumerate(zip(heads, widths, strict=True))), "muted")]
    ]
    for row in cut:
        rows.append([Span(" " + "  ".join(_cell(text, size, place) for place, (text, size) in enumerate(zip(row, widths, strict=True))))])
    return rows


def _count(layer: Layer, key: str) -> str:
    return grouped(int(layer[key])) if layer.get(key) else "-"


def _cell(text: str, width: int, place: int) -> str:
    return fit(text, width, align="right" if place >= 3 else "left")
