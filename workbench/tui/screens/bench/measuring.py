"""The layers of the form's model and the sizes of its data, beside the form: asked for when they may have changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.tui.messages import Answered, Refused
from workbench.tui.widgets.model_lines import ModelLines

if TYPE_CHECKING:
    from workbench.tui.editing.form import Form

_QUESTIONS = ("layers", "contents")


class Measuring:
    """Knows what was asked and answered last.

    Args:
        ask: has a form measured, soon.
    """

    def __init__(self, lines: ModelLines, ask: Callable[[Form], None]) -> None:
        self._lines, self._ask = lines, ask
        self._shaping: object = None  # what model and data that were asked for depend on
        self._unanswered: set[str] = set()

    def measure(self, form: Form) -> None:
        """Ask for layers and sizes, unless only what neither depends on has changed."""
        shaping = None if form.mistakes else form.shaping
        if shaping is None:
            self._lines.fail("no model before the setting marked ! is mended")
        elif shaping != self._shaping:
            self._lines.tell("measuring ...", form.preset.expect)
            self._lines.tell_data("measuring ...")
            self._ask(form)
            self._unanswered = set(_QUESTIONS)
        self._shaping = shaping

    def ask_again(self, form: Form) -> None:
        """Ask once more for what was not answered: the helper that was asked became a worker."""
        if self._unanswered:
            self._ask(form)

    def hear(self, message: Answered, form: Form | None) -> None:
        """Show an answer that is about the model and the data of the form as it is now."""
        if form is None or form.shaped_by(message.about.get("settings", {})) != self._shaping:
            return
        self._unanswered.discard(message.question)
        if message.question == "layers":
            self._lines.measure(message.answer["layers"], int(message.answer["parameters"]))
        elif message.question == "contents":
            from workbench.views import contents

            self._lines.tell_data(contents.brief(message.answer))

    def took_refusal(self, message: Refused) -> bool:
        """Whether it was one of these questions that was refused; the reason stands in place of the answer then."""
        self._unanswered.discard(message.what)
        if message.what == "layers":
            self._lines.fail(message.error.message)
        elif message.what == "contents":
            self._lines.tell_data(message.error.message)
        return message.what in _QUESTIONS
