"""The rows above the keys: what there is to say, and a line to type into when a screen asks for one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from textual.events import Key, Paste
from textual.message import Message

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, pad, printable, width_of
from workbench.tui.editing.line_editor import LineEditor
from workbench.tui.theme import Look
from workbench.tui.widgets.painted import Painted

_FIELD = 20  # cells to type into
_GOOD_NEWS_SECONDS = 6.0


class Question(NamedTuple):
    """One line to be typed, and what is wrong with a text (empty where nothing is)."""

    label: str
    text: str = ""
    check: Callable[[str], str] = lambda text: ""
    cells: int = _FIELD  # to type into
    example: str = ""  # of what may be typed, shown as long as nothing is


class Foot(Painted):
    """Shows lines, the most important last; a word said by the screen, or a prompt, takes the last row."""

    class Typed(Message):
        """The text of the prompt changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Asks(Message):
        """A line is to be typed."""

    class Done(Message):
        """The prompt is over.

        Attributes:
            label, text: of the question that was asked last, and its answer; None when the prompt was left.
            answers: to every question, by label; `changed` those that are not what stood there. Empty when it was left.
        """

        def __init__(
            self, label: str, text: str | None, answers: Mapping[str, str] | None = None, changed: Mapping[str, str] | None = None
        ) -> None:
            super().__init__()
            self.label, self.text = label, text
            self.answers: Mapping[str, str] = answers if answers is not None else {label: text} if text is not None else {}
            self.changed: Mapping[str, str] = changed if changed is not None else self.answers

    def __init__(self, look: Look, *, id: str = "foot") -> None:
        super().__init__(look, id=id)
        self._lines: Sequence[Row] = ()
        self._spare = 0
        self._word: tuple[str, str] | None = None
        self._editor: LineEditor | None = None
        self._questions: Sequence[Question] = ()
        self._texts: list[str] = []  # what is typed for each of them
        self._place = 0  # of the one that is asked now

    def show(self, lines: Sequence[Row], *, spare: int = 0) -> None:
        """The standing lines, of which the one in place `spare` goes first where there is less room, and then those from the top."""
        self._lines, self._spare = lines, spare
        self.redraw()

    def say(self, text: str = "", ink: str = "warning") -> None:
        """Say something in the last row, good news for a while; nothing for an empty text."""
        word = (text, ink) if text else None
        if word == self._word:
            return
        self._word = word
        self.redraw()
        if ink == "good" and text:
            self.set_timer(_GOOD_NEWS_SECONDS, lambda: self.say() if self._word == (text, ink) else None)

    def ask(self, *questions: Question) -> None:
        """Let the user type a line; `Typed` and `Done` tell of it. Of several questions tab goes to the next; enter answers all."""
        self._questions, self._texts = questions, [question.text for question in questions]
        self._word = None
        self._turn_to(0)
        self.can_focus = True
        self.screen.set_focus(self)  # at once: `focus` waits, and the next key may be waiting, too
        self.redraw()
        self.post_message(self.Asks())

    @property
    def asks_several(self) -> bool:
        return len(self._questions) > 1

    @property
    def label(self) -> str:
        """Of the question that is asked now."""
        return self._questions[self._place].label if self._editor else ""

    @property
    def is_asking(self) -> bool:
        return self._editor is not None

    def on_key(self, event: Key) -> None:
        if self._editor is None or self.screen.has_class("-too-small"):
            return
        event.stop()
        event.prevent_default()
        if event.key in ("tab", "shift+tab"):  # of a single question there is no other: what was typed stays
            self._turn_to((self._place + (1 if event.key == "tab" else -1)) % len(self._questions))
            self.redraw()
        elif event.key == "escape":
            self._over(taken=False)
        elif event.key == "enter":
            self._take()
        elif self._editor.key(event.key, event.character):
            self._typed()

    def on_paste(self, event: Paste) -> None:
        if self._editor:
            event.stop()
            self._editor.insert(event.text)
            self._typed()

    def compose_rows(self, width: int, height: int) -> Rows:
        last = [self._prompt(width)] if self._editor else self._said(width, height) if self._word else []
        room = max(0, height - len(last))
        standing = list(self._lines)
        if len(standing) > room:
            del standing[self._spare]
        lines = [_ended(line, width, self.look) for line in standing[max(0, len(standing) - room) :]]
        blank: Rows = [[Span("")]] * (room - len(lines))
        return [*lines, *blank, *last]

    def _said(self, width: int, height: int) -> Rows:
        """A sentence in as many of the last rows as it takes; the end of one that takes more is cut off."""
        assert self._word is not None
        text, ink = self._word
        lines = textwrap.wrap(printable(text, ascii_only=self.look.ascii_only), max(8, width - 2), break_on_hyphens=False) or [""]
        if len(lines) > height:
            lines[height - 1 :] = [" ".join(lines[max(0, height - 1) :])]
        return [[Span(f" {cut(line, width - 1, ascii_only=self.look.ascii_only)}", ink)] for line in lines]

    def _prompt(self, width: int) -> Row:
        assert self._editor is not None
        question = self._questions[self._place]
        wrong = question.check(self._editor.text.strip())
        about = wrong or self._ways()
        field = max(_FIELD, min(question.cells, width - cells(question.label) - 2 - (cells(about) + 2 if about else 0)))
        room = max(0, width - cells(question.label) - field - 2)
        said = Span(fit(cut(f"  {about}", room, ascii_only=self.look.ascii_only), room), "error" if wrong else "muted")
        typed = self._editor.spans(field)
        if question.example and not self._editor.text:
            example = cut(question.example, field - 1, ascii_only=self.look.ascii_only)
            typed = [Span(" ", "caret"), Span(fit(example, field - 1), "example")]
        return [Span(f" {question.label} ", "title"), *typed, said]

    def _ways(self) -> str:
        """What the keys do: with several questions, which others there are and what was typed for them already."""
        if len(self._questions) == 1:
            return ""  # the key bar says it
        following = (self._place + 1) % len(self._questions)
        changed = [question.label for place, question in enumerate(self._questions) if self._is_changed(place)]
        enter = f"enter takes {', '.join(changed)}" if changed else "enter takes it"
        return f"tab: {self._questions[following].label}, {enter}"

    def _is_changed(self, place: int) -> bool:
        return self._texts[place].strip() != self._questions[place].text

    def _turn_to(self, place: int) -> None:
        """Ask that question; what was typed for the others is kept."""
        self._place = place
        untouched = bool(self._texts[place]) and not self._is_changed(place)
        self._editor = LineEditor(self._texts[place], selected=untouched)

    def _typed(self) -> None:
        assert self._editor is not None
        self._texts[self._place] = self._editor.text
        self.redraw()
        self.post_message(self.Typed(self._editor.text.strip()))

    def _take(self) -> None:
        """Answer all questions, unless one of the answers is wrong: that one is asked again then."""
        wrong = [place for place, question in enumerate(self._questions) if question.check(self._texts[place].strip())]
        if not wrong:
            self._over(taken=True)
        elif self._place not in wrong:
            self._turn_to(wrong[0])
            self.redraw()

    def _over(self, *, taken: bool) -> None:
        question = self._questions[self._place]
        answers = {one.label: text.strip() for one, text in zip(self._questions, self._texts, strict=True)} if taken else {}
        changed = {one.label: answers[one.label] for place, one in enumerate(self._questions) if taken and self._is_changed(place)}
        self._editor = None
        self.can_focus = False
        self.screen.set_focus(None)  # what is typed next is for the screen, also before it hears of the end
        self.redraw()
        self.post_message(self.Done(question.label, answers.get(question.label), answers, changed))


def _ended(line: Row, width: int, look: Look) -> Row:
    """The line, with an ellipsis where it is too long."""
    if width_of(line) <= width:
        return line
    shorter = pad(line, width - 1)
    return [*shorter, Span(look.marks.ellipsis, shorter[-1].ink if shorter else "")]
