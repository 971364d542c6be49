"""A page of text to scroll: notes, keys, the layers of a model, the log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Row, Rows, Span, cells, fill, fit, printable, wrap
from workbench.tui.messages import Answered, Refused, RunChanged, RunWish, Wish
from workbench.tui.screens.base import WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.key_bar import shown_key
from workbench.tui.widgets.model_lines import table
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

if TYPE_CHECKING:
    from workbench.recipe import Recipe

FAR = 1_000_000
_OPPOSITES = {
    "left": "right", "up": "down", "shift+left": "shift+right", "pageup": "pagedown", "home": "end", "plus": "minus",
    "left_square_bracket": "right_square_bracket", "less_than_sign": "greater_than_sign", "tab": "shift+tab",
}  # fmt: skip
_ARROWS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
_HEADING = re.compile(r"[A-Z][A-Z]+(?:[ '-][A-Z]+)*\b(?![a-z])")


def scrolling(name: str) -> list[Binding]:
    """The keys of a page."""
    return [
        Binding("up", "scroll(-1)", "scroll", key_display="arrows", id=f"{name}.up", tooltip="one line up"),
        Binding("down", "scroll(1)", "down", show=False, id=f"{name}.down", tooltip="one line down"),
        Binding("pageup", "scroll(-20)", "page up", show=False, id=f"{name}.pageup", tooltip="twenty lines up"),
        Binding("pagedown,space", "scroll(20)", "page down", show=False, id=f"{name}.pagedown", tooltip="twenty lines down"),
        Binding("home", f"scroll(-{FAR})", "first line", show=False, id=f"{name}.home", tooltip="the first line"),
        Binding("end", f"scroll({FAR})", "last line", show=False, id=f"{name}.end", tooltip="the last line"),
        Binding("escape", "back", "back", id=f"{name}.back", tooltip="back to the screen before"),
        Binding("q", "leave", "leave", id=f"{name}.leave", tooltip="leave; runs go on training"),
    ]


class Text(Painted):
    """Lines below a heading, from `top` on."""

    def __init__(self, look: Look, title: str, lines: Rows) -> None:
        super().__init__(look, id="text")
        self.title, self.lines, self.top = title, lines, 0

    def scroll_by(self, lines: int) -> None:
        self.top = max(0, min(self.top + lines, len(self.lines) - (self.size.height - 1)))
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        last = min(len(self.lines), self.top + height - 1)
        where = f"{self.top + 1}-{last} of {len(self.lines)}" if len(self.lines) > height - 1 else ""
        return [heading(self.title, where, width, self.look, focused=True), *fill(self.lines[self.top : last], width, height - 1)]


class Page(WorkScreen):
    """Shows lines that do not change."""

    BINDINGS: ClassVar[list[BindingType]] = [*scrolling("page")]

    def __init__(self, title: str, lines: Rows) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Text(self.bench.look, self._title, self._lines)
            yield self.key_bar()

    def action_scroll(self, lines: int) -> None:
        self.query_one(Text).scroll_by(lines)


class LogPage(WorkScreen):
    """The log of a run, which grows while one looks at it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", id="log.find", tooltip="only the lines that have this (a regular expression)"),
        *scrolling("log"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._back = 0
        self._count = 0
        self._find = ""

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Painted(self.bench.look, id="log")
            yield Foot(self.bench.look)
            yield self.key_bar()

    def wish(self) -> Wish:
        width, height = self.query_one("#log").size
        return Wish(run=RunWish(self._run_id, width, log=(width, max(0, height - 1), self._back), log_find=self._find))

    def on_run_changed(self, message: RunChanged) -> None:
        seen = message.seen
        if not self.is_for_this(message):
            return
        pane = self.query_one("#log", Painted)
        self._count = seen.log_lines
        newest = "newest last" if not self._back else f"{self._back} newer lines below"
        count = f"{seen.log_lines} line{'' if seen.log_lines == 1 else 's'}"
        newest = f"/{self._find}: {count}, {newest}" if self._find else newest
        pane.paint(
            [
                heading(f"LOG {seen.id}", ", ".join(filter(None, [newest, seen.news])), pane.size.width, self.bench.look, focused=True),
                *seen.log,
            ]
        )

    def action_scroll(self, lines: int) -> None:
        height = self.query_one("#log").size.height - 1
        self._back = max(0, min(self._back - lines, self._count - height))
        self.tell_wish()

    def action_find(self) -> None:
        self.query_one(Foot).ask(Question("find", self._find, wrong_pattern))

    def on_foot_typed(self, message: Foot.Typed) -> None:
        self._look_for(message.text)

    def on_foot_done(self, message: Foot.Done) -> None:
        self._look_for(message.text or "")

    def _look_for(self, text: str) -> None:
        self._find, self._back = text, 0
        self.tell_wish()


class ModelPage(Page):
    """The layers of a form's model; what they cost comes when the helper has counted it."""

    def __init__(
        self, layers: Sequence[Mapping[str, Any]], parameters: int | None, width: int, look: Look, about: Mapping[str, Any]
    ) -> None:
        super().__init__("MODEL", model_lines(layers, parameters, width, look, ["counting multiply-adds and memory ..."]))
        self._about, self._width = about, width

    def on_answered(self, message: Answered) -> None:
        if message.question == "cost" and message.about == self._about:
            from workbench.views import cost

            found = message.answer
            self._show(model_lines(found["layers"], found["parameters"], self._width, self.bench.look, cost.words(found)))

    def on_refused(self, message: Refused) -> None:
        if message.what == "cost":
            self._show([*self._lines[:-1], [Span(f" {message.error.message}", "error")]])

    def _show(self, lines: Rows) -> None:
        text = self.query_one(Text)
        text.lines = lines
        text.redraw()


def wrong_pattern(text: str) -> str:
    """What is wrong with what somebody looks for; empty where nothing is."""
    from workbench.views.run.board import wrong_pattern

    return wrong_pattern(text)


def of_model(layers: Sequence[Mapping[str, Any]], parameters: int | None, width: int, look: Look) -> Page:
    """The layers with shapes and parameters."""
    return Page("MODEL", model_lines(layers, parameters, width, look, []))


def model_lines(layers: Sequence[Mapping[str, Any]], parameters: int | None, width: int, look: Look, words: Iterable[str]) -> Rows:
    """The table of layers, and below it what they add up to."""
    total = f"{parameters:,} parameters" if parameters is not None else "not measured yet"
    wrapped = [part for text in words for part in wrap(f" {text}", width, ascii_only=look.ascii_only)]
    return [*table(layers, width, look=look), [Span("")], [Span(f" {total}", "title")], *([Span(part)] for part in wrapped)]


def of_notes(recipe: Recipe, look: Look) -> Page:
    """What a recipe is, its equations, what to watch."""
    return Page(f"NOTES {recipe.name}", [_note(printable(line, ascii_only=look.ascii_only)) for line in recipe.notes.splitlines()])


def _note(line: str) -> Row:
    """A line of notes: what it begins with in capitals is a heading, what is indented an equation or a command."""
    if line.startswith("  "):
        return [Span(f" {line}", "command")]
    head = _HEADING.match(line)
    return [Span(f" {head[0]}", "title"), Span(line[head.end() :])] if head else [Span(f" {line}")]


def of_differences(rows: Sequence[tuple[str, ...]], look: Look) -> Page:
    """Where the settings of the form differ from the preset's and from another run's; heads first, the form's values last."""
    if len(rows) == 1:
        return Page("DIFFERENCES", [[Span(f" nothing differs from {' or '.join(rows[0][1:-1])}")]])
    shown = [[printable(text, ascii_only=look.ascii_only) for text in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    lines: Rows = []
    for row in shown:
        inks = ["title", *("muted" if text == row[-1] else "" for text in row[1:-1]), "changed"] if lines else ["muted"] * len(row)
        lines.append([Span(f" {fit(text, size)}  ", ink) for text, size, ink in zip(row, widths, inks, strict=True)])
    return Page("DIFFERENCES", lines)


def of_health(lines: Sequence[tuple[str, str]], width: int, look: Look) -> Page:
    """What is wrong with a run, if anything, with its evidence and what to try."""
    return Page("HEALTH", [[Span(part, ink)] for text, ink in lines for part in wrap(f" {text}", width, ascii_only=look.ascii_only)])


def of_keys(keys: Iterable[Binding], look: Look) -> Page:
    """Every key of a table, with what it does: a key that undoes another in its row, and of several uses of one key the first."""
    table: dict[str, Binding] = {}
    for binding in keys:
        table.setdefault(binding.key.partition(",")[0], binding)
    rows: list[tuple[str, str]] = []
    for key, binding in table.items():
        if key in _OPPOSITES.values() and any(there in table for there, back in _OPPOSITES.items() if back == key):
            continue
        other = table.get(_OPPOSITES.get(key, ""))
        if other is None:
            rows.append((shown_key(binding), binding.tooltip))
        else:
            names = [shown_key(replace(each, key=each.key.partition(",")[0], key_display=None)) for each in (binding, other)]
            rows.append((" ".join(names if look.ascii_only else [_ARROWS.get(name, name) for name in names]), _both(binding, other)))
    return Page("KEYS", [[Span(f" {fit(names, 16)}", "key"), Span(words)] for names, words in rows])


def _both(first: Binding, second: Binding) -> str:
    """What two keys do, what they share said once: `one line up / down`."""
    ours, theirs = first.tooltip.split(" "), second.tooltip.split(" ")
    shared = len([*takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))])
    return f"{first.tooltip} / {' '.join(theirs[shared:])}" if theirs[shared:] else first.tooltip
