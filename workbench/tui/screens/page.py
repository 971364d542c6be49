"""A page of text to scroll: notes, keys, the layers of a model, the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.charts.rows import Row, Rows, Span, cells, cut, fill, fit, plain, printable, wrap
from workbench.tui.messages import Answered, Refused, RunChanged, RunWish, Wish
from workbench.tui.screens.base import FAR, WorkScreen
from workbench.tui.theme import Look
from workbench.tui.widgets.foot import Foot, Question
from workbench.tui.widgets.key_bar import shown_key
from workbench.tui.widgets.model_lines import table
from workbench.tui.widgets.painted import Painted
from workbench.tui.widgets.pane import heading

if TYPE_CHECKING:
    from workbench.recipe import Recipe

_WHOLE_ROW = 1000  # cells
_KEY, _ID = 13, 22  # cells
_IDS_BESIDE = 100  # columns
_OWN_KEYS = (
    'A line such as "bench.start" = "f5" below [keys] in config.toml gives an id another key; `workbench doctor` says where that is.'
)
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
        Binding("question_mark", "help", "help", id=f"{name}.help", tooltip="all keys of this screen"),
        Binding("q", "leave", "leave", id=f"{name}.leave", tooltip="leave; runs go on training"),
    ]


Lines = Rows | Callable[[int], Rows]  # for a width


class Text(Painted):
    """Lines below a heading, from `top` on."""

    def __init__(self, look: Look, title: str, lines: Lines) -> None:
        super().__init__(look, id="text")
        self.title, self.lines, self.top, self.found = title, lines, 0, ""

    def scroll_by(self, lines: int) -> None:
        self.top += lines
        self.redraw()

    def find(self, word: str) -> None:
        """Only lines that have a word in them; all again for an empty one."""
        self.found, self.top = word, 0
        self.redraw()

    def compose_rows(self, width: int, height: int) -> Rows:
        lines = self.lines(width) if callable(self.lines) else self.lines
        if self.found:
            lines = [row for row in lines if self.found.lower() in plain([row])[0].lower()] or [[Span(" nothing has it", "muted")]]
        self.top = max(0, min(self.top, len(lines) - (height - 1)))
        last = min(len(lines), self.top + height - 1)
        where = f"{self.top + 1}-{last} of {len(lines)}" if len(lines) > height - 1 else ""
        where = f"found: {self.found}{', ' if where else ''}{where}" if self.found else where
        return [heading(self.title, where, width, self.look, focused=True), *fill(lines[self.top : last], width, height - 1)]


class Page(WorkScreen):
    """Shows lines that do not change."""

    BINDINGS: ClassVar[list[BindingType]] = [*scrolling("page")]

    def __init__(self, title: str, lines: Lines) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        yield self.too_small()
        with Vertical(id="all"):
            yield Text(self.bench.look, self._title, self._lines)
            yield self.key_bar()

    def action_scroll(self, lines: int) -> None:
        self.query_one(Text).scroll_by(lines)


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
        self._about, self._width, self._table = about, width, model_lines(layers, parameters, width, look, [])

    def on_answered(self, message: Answered) -> None:
        if message.question == "cost" and message.about == self._about:
            from workbench.views import cost

            found = message.answer
            self._show(model_lines(found["layers"], found["parameters"], self._width, self.bench.look, cost.words(found)))

    def on_refused(self, message: Refused) -> None:
        if message.what == "cost":
            self._show([*self._table, [Span(f" {message.error.message}", "error")]])

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
    written = [printable(line, ascii_only=look.ascii_only) for line in recipe.notes.splitlines()]
    longest = max(map(cells, written), default=0)

    def lines(width: int) -> Rows:
        fitting = written if longest < width else [part for line in _paragraphs(written) for part in wrap(line, width - 1)]
        return [_note(line) for line in fitting]

    return Page(f"NOTES {recipe.name}", lines)


def _paragraphs(lines: Iterable[str]) -> list[str]:
    """The lines of each paragraph, and of each entry of a list, in one; what is indented otherwise stays as it is."""
    found: list[str] = []
    for line in lines:
        goes_on = bool(found) and bool(found[-1]) and not line.startswith("- ")
        if goes_on and line and (not line.startswith(" ") and not found[-1].startswith((" ", "- "))):
            found[-1] += f" {line}"
        elif goes_on and found[-1].startswith("- ") and line.startswith("  ") and not line.startswith("   "):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return found


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

    def lines(width: int) -> Rows:
        widths = _within([max(map(cells, column)) for column in zip(*shown, strict=True)], width - 1)
        found: Rows = []
        for row in shown:
            inks = ["title", *("muted" if text == row[-1] else "" for text in row[1:-1]), "changed"] if found else ["muted"] * len(row)
            parts = zip(row, widths, inks, strict=True)
            found.append([Span(f" {fit(cut(text, size, ascii_only=look.ascii_only), size)} ", ink) for text, size, ink in parts])
        return found

    return Page("DIFFERENCES", lines)


def _within(widths: list[int], width: int) -> list[int]:
    """Columns with a blank on either side, the widest of them narrowed until all fit."""
    while sum(widths) + 2 * len(widths) > width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def of_health(lines: Sequence[tuple[str, str]], width: int, look: Look) -> Page:
    """What is wrong with a run, if anything, with its evidence and what to try."""
    return Page("HEALTH", [[Span(part, ink)] for text, ink in lines for part in wrap(f" {text}", width, ascii_only=look.ascii_only)])


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
    spare = width - sum(cells(span.text) for span in row) - cells(name) - 1
    if spare > 1:
        return [[*row, Span(" " * spare), Span(name, "muted")]]
    return [row, [Span(" " * max(0, width - cells(name) - 1)), Span(name, "muted")]]
