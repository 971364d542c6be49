"""Draw a digit, or look at a held-out image: what the model takes it for, and where it looked."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.events import MouseDown, MouseMove, MouseUp

from workbench.charts import bars, images
from workbench.charts.rows import Rows, Span, fit
from workbench.tui.screens.playground.canvas import Canvas, Form
from workbench.tui.screens.playground.panel import Panel, beside
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Question
from workbench.units import percent

_BARS = 17  # cells at least for the probabilities
_MARGIN, _GAP = 1, 2
_RIGHT_BUTTON = 3


class Naming(Panel):
    """An image, where the model looked, and the probabilities of the classes, anew at each stroke."""

    takes = frozenset({"move", "press", "clear", "another", "type"})
    hint = "space: pen down, then arrows draw; v: a held-out image; enter: an image file"
    meanings: ClassVar[Mapping[str, str]] = {
        **{way: f"the pen, a pixel {way}" for way in ("up", "down", "left", "right")},
        "pen": "lower the pen, and the arrows draw; lift it again",
        "clear": "rub out the drawing",
        "type": "the path of an image file",
        "view": "another held-out image",
    }

    def __init__(self, look: Look, about: Mapping[str, Any]) -> None:
        super().__init__(look, about)
        channels, height, width = about["shape"]
        self.canvas = Canvas(width, height)
        self._is_grey = channels == 1
        self._example = -1
        self._answer: Mapping[str, Any] = {}
        self._form = Form(0, width, height)

    @property
    def keys_in_words(self) -> str:
        return self.hint if self.about.get("examples") else self.hint.replace("v: a held-out image; ", "")

    def can(self, action: str) -> bool:
        return super().can(action) and (action != "another" or bool(self.about.get("examples")))

    def begin(self) -> None:
        if self.about.get("examples"):
            self.another()
        else:
            self._look_again()

    def heard(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._answer = answer
        if question.get("pixels") is None:
            self.canvas.show(base64.b64decode(answer["image"]["pixels"]))
        self.redraw()

    def move(self, right: int, down: int) -> None:
        if self.canvas.move(right, down):
            self._look_again()
        self.redraw()

    def press(self) -> None:
        if not self._is_grey:
            self.post_message(
                self.Says("it learnt from colour images, which nobody can draw here: v shows held-out ones, enter takes a file")
            )
            return
        self.canvas.is_down = not self.canvas.is_down
        if self.canvas.is_down:
            self._draw()
        self.redraw()

    def clear(self) -> None:
        self.canvas.clear()
        self._look_again()
        self.redraw()

    def another(self) -> None:
        self._example += 1
        self.ask("look", example=self._example)

    def questions(self) -> list[Question]:
        return [Question("image file")]

    def typed(self, *answers: str) -> None:
        self.ask("look", file=str(Path(answers[0]).expanduser().absolute()))

    def on_mouse_down(self, event: MouseDown) -> None:
        self.capture_mouse()
        self._at(event.x, event.y, event.button)

    def on_mouse_move(self, event: MouseMove) -> None:
        if event.button:
            self._at(event.x, event.y, event.button)

    def on_mouse_up(self, event: MouseUp) -> None:
        self.release_mouse()

    def compose_rows(self, width: int, height: int) -> Rows:
        looked = self._answer.get("look")
        is_blank = not any(map(any, self.canvas.levels))
        self._form, shown = self._forms(width, height - 1, with_look=bool(looked))
        pen = (
            [Span(fit("pen is down", self._form.width), "mark")] if self.canvas.is_down else [Span(fit("image", self._form.width), "title")]
        )
        drawn = [pen, *self.canvas.rows(self._form, self.look)]
        room = width - 2 * _MARGIN - self._form.width - _GAP
        if shown:
            right = beside(
                self._looked(None if is_blank else looked, shown.width, shown.height),
                self._bars(room - shown.width - _GAP, height),
                shown.width,
            )
        else:
            right = self._bars(room, height)
        return [[Span(" " * _MARGIN), *row] for row in beside(drawn, right, self._form.width)]

    def _forms(self, width: int, height: int, *, with_look: bool) -> tuple[Form, Form | None]:
        """How large the image and what was looked at stand beside the bars; None where the latter finds no room."""
        least = self.canvas.width if self.canvas.width > _BARS else 2 * self.canvas.width
        around = 2 * _MARGIN + _GAP + _BARS
        room = width - around - (least + _GAP if with_look else 0)
        if room < self.canvas.form(1, 1).width:
            with_look, room = False, width - around
        form = self.canvas.form(room, height)
        return form, self.canvas.form(min(form.width, width - around - _GAP - form.width), height) if with_look else None

    def _looked(self, looked: Mapping[str, Any] | None, width: int, height: int) -> Rows:
        if not looked:
            return []
        _, tall, wide = looked["shape"]
        pixels = base64.b64decode(looked["pixels"])
        image = [pixels[start : start + wide] for start in range(0, wide * tall, wide)]
        mode = images.choose_mode(self.look.colours, not self.look.ascii_only)
        mode = "half" if mode == "quadrant" and width >= wide else mode
        return [[Span(fit("where it looked", width), "title")], *images.draw(image, width, height, mode=mode)]

    def _bars(self, width: int, height: int) -> Rows:
        names, shares = self.about["classes"], self._answer.get("probabilities")
        if not shares or not any(map(any, self.canvas.levels)):
            return [[Span("draw something", "muted")]]
        truth = self._answer.get("truth", "")
        best = max(range(len(shares)), key=shares.__getitem__)
        said = f"{names[best]} {percent(shares[best])}"
        known = f", is {truth}" if truth else ""
        ink = "title" if not truth else "good" if truth == names[best] else "error"
        order = list(range(len(names)))
        if len(order) > height - 1:
            order.sort(key=lambda place: -shares[place])
        drawn = bars.render(
            [names[place] for place in order], [shares[place] for place in order], width, min(len(order), height - 2), maximum=1.0,
            highlight=order.index(best), form=percent, ascii_only=self.look.ascii_only,
        )  # fmt: skip
        return [[Span(fit(said + known, width), ink)], *drawn, [Span(fit(str(self._answer.get("done", "")), width), "muted")]]

    def _at(self, x: int, y: int, button: int) -> None:
        """Draw where the mouse is, with its right button rub out."""
        place = self.canvas.pixel(x - _MARGIN, y - 1, self._form)
        if place and self._is_grey:
            self.canvas.x, self.canvas.y = place
            self._draw(0 if button == _RIGHT_BUTTON else 255)
            self.redraw()

    def _draw(self, level: int = 255) -> None:
        self.canvas.dab(level)
        self._look_again()

    def _look_again(self) -> None:
        self.ask("look", pixels=self.canvas.pixels)
