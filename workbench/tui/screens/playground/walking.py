"""Walk between two points of a generator's latent space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.charts.rows import Rows, Span, fit
from workbench.tui.screens.playground.panel import Panel
from workbench.tui.theme import Look
from workbench.views.drawing import Loaded

_STEPS = 17
_SHOWN = 9  # images of the way at most, below the three large ones
_STRIP = 0.3  # of the height


class Walking(Panel):
    """The image where one is between those at both ends, large, and the way from one to the other."""

    takes = frozenset({"move", "another"})
    hint = "left and right walk; v: two other points"
    meanings: ClassVar[Mapping[str, str]] = {
        "up": "the class before",
        "down": "the next class",
        "left": "back on the way",
        "right": "on on the way",
        "view": "two other points",
    }

    def __init__(self, look: Look, about: Mapping[str, Any]) -> None:
        super().__init__(look, about)
        self._seed = 0
        self._place = 0
        self._class = 0
        self._images: tuple[Any, ...] = ()

    @property
    def keys_in_words(self) -> str:
        return f"{self.hint}; up, down: the class" if self.about["classes"] else self.hint

    def begin(self) -> None:
        of_class = {"class": self.about["classes"][self._class]} if self.about["classes"] else {}
        self.ask("walk", seed=self._seed, count=_STEPS, **of_class)

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        from workbench.views import drawing

        self._images = drawing.parse("images", answer).images
        self.redraw()

    def move(self, right: int, down: int) -> None:
        self._place = max(0, min(_STEPS - 1, self._place + right))
        if down and self.about["classes"]:
            self._class = (self._class + down) % len(self.about["classes"])
            self.begin()
        self.redraw()

    def another(self) -> None:
        self._seed, self._place = self._seed + 1, 0
        self.begin()

    def compose_rows(self, width: int, height: int) -> Rows:
        if not self._images:
            return [[Span(" drawing ...", "muted")]]
        strip = max(3, int(height * _STRIP))
        of_class = f"class {self.about['classes'][self._class]}, " if self.about["classes"] else ""
        title = f" {of_class}pair {self._seed} of points in {self.about['latent']} dimensions"
        here = f"{self._place / (_STEPS - 1):.0%} of the way"
        ends = (self._images[0], self._images[self._place], self._images[-1])
        large = self._drawn(ends, width - 1, height - strip - 2, captions=("from", here, "to"))
        count = max(3, min(_SHOWN, (width - 1) // (2 * strip + 1)))
        way = self._drawn(tuple(self._images[round(place * (_STEPS - 1) / (count - 1))] for place in range(count)), width - 1, strip)
        return [[Span(fit(title, width), "title")], *large, self._slider(width), *way]

    def _slider(self, width: int) -> list[Span]:
        """Where on the way one is."""
        room = width - 2
        at = round(self._place * (room - 1) / (_STEPS - 1))
        rule = self.look.marks.rule
        return [Span(" " + rule * at, "rule"), Span("o" if self.look.ascii_only else "●", "mark"), Span(rule * (room - 1 - at), "rule")]

    def _drawn(self, chosen: tuple[Any, ...], width: int, height: int, captions: tuple[str, ...] = ()) -> Rows:
        from workbench.views import drawing

        loaded = Loaded("images", images=chosen, captions=captions)
        rows, _ = drawing.draw(loaded, width, height, ascii_only=self.look.ascii_only, colours=self.look.colours)
        return [[Span(" "), *row] for row in rows]
