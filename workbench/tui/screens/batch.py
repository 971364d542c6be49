"""A batch as the model sees it: images after augmentation, with their labels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Rows, Span, printable
from workbench.tui.messages import Answered, Refused
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading


class Images(Painted):
    """A gallery that fits as many images as are legible."""

    def __init__(self, look: Look, title: str) -> None:
        super().__init__(look, id="images")
        self.title, self.page = title, 0
        self.words = "asking for a batch; the first time this waits for torch ..."
        self.images: list[list[list[int]]] = []
        self.captions: list[str] = []

    def show(self, answer: Mapping[str, Any]) -> None:
        """Show the answer to `batch`."""
        try:
            count, height, width = (int(size) for size in answer["shape"])
            pixels = base64.b64decode(answer["pixels"], validate=True)
            if min(count, height, width) < 1 or len(pixels) != count * height * width:
                raise ValueError("its pixels do not fit its shape")
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            self.words = f"the batch cannot be shown: {error}"
        else:
            rows = [list(pixels[start : start + width]) for start in range(0, len(pixels), width)]
            self.images = [rows[index * height : (index + 1) * height] for index in range(count)]
            self.captions = [str(caption) for caption in answer.get("captions", ())]
            self.title = printable(str(answer.get("title") or self.title), ascii_only=self.look.ascii_only)
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        if not self.images:
            return [heading(self.title, "", width, self.look, focused=True), [Span(f" {self.words}", "muted")]]
        from workbench.charts import images

        mode = images.choose_mode(self.look.colours, not self.look.ascii_only, False)
        aspect = len(self.images[0][0]) / len(self.images[0])
        grid = images.layout(len(self.images), width, height - 1, mode=mode, captions=self.captions, aspect=aspect)
        pages = images.page_count(len(self.images), grid)
        where = f"{self.page % pages + 1} of {pages}" if pages > 1 else ""
        gallery = images.gallery(self.images, self.captions, width, height - 1, mode=mode, page=self.page % pages)
        return [heading(self.title, where, width, self.look, focused=True), *gallery]


class Batch(WorkScreen):
    """Asks the helper that knows torch, and shows what it answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "view", id="batch.view", tooltip="the next page of images"),
        Binding("escape", "back", "back", id="batch.back", tooltip="back to the settings"),
        Binding("q", "leave", "leave", id="batch.leave", tooltip="leave; runs go on training"),
    ]

    def __init__(self, title: str, about: Mapping[str, Any]) -> None:
        super().__init__()
        self._title, self._about = title, about

    def compose(self) -> ComposeResult:
        self.images = Images(self.bench.look, self._title)
        yield self.too_small()
        with Vertical(id="all"):
            yield self.images
            yield self.key_bar()

    def on_answered(self, message: Answered) -> None:
        if message.question == "batch" and message.about == self._about:
            self.images.show(message.answer)

    def on_refused(self, message: Refused) -> None:
        if message.what == "batch":
            self.images.words = f"{message.error.message}   {message.error.hint}"
            self.images.redraw()

    def action_view(self) -> None:
        self.images.page += 1
        self.images.redraw()
