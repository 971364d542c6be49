"""The form of a recipe's settings: a row for each, changed with the arrows or by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key, Paste
from textual.message import Message

from workbench.charts.rows import Row, Rows, Span, cells, cut, fit, width_of
from workbench.tui.editing.line_editor import LineEditor
from workbench.tui.theme import Look
from workbench.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from workbench.schema import Setting, Value
    from workbench.tui.editing.form import Form

_MOST_NAME, _MOST_VALUE = 20, 12  # cells
_TYPED = set("0123456789.+-")  # typing a digit on a number begins to edit it: no letter, so no command is lost
_NOTES_FROM = 60  # cells of the pane: a note beside every field
_HELP_FROM = 100  # cells beside a field: what it is, too
_LEAST_NOTE = 12


class SettingsForm(Pane):
    """Arrows move, left and right change along a ladder, enter or a digit types, esc leaves."""

    title = "SETTINGS"

    class Changed(Message):
        """A value, or what is being typed, is another."""

    def __init__(self, look: Look, *, id: str = "settings") -> None:
        super().__init__(look, id=id)
        self.form: Form | None = None
        self.every = False
        self.word = ""
        self.editor: LineEditor | None = None
        self._before: Value = None

    def edit(self, form: Form) -> None:
        """Show another form."""
        self.form, self.editor, self.cursor, self.top, self.word = form, None, 0, 0, ""
        self.redraw()

    @property
    def shown(self) -> list[Setting]:
        """Those that matter most and, below them, as many of the others as there is room for: first what shapes the model."""
        if self.form is None:
            return []
        listed = self.form.shown(every=self.every, find=self.word)
        spare = self.size.height - 2 - len(listed)
        if self.every or self.word or spare <= 0:
            return listed
        others = sorted((setting for setting in self.form.settings if setting not in listed), key=lambda setting: setting.group != "model")
        return [*listed, *others[:spare]]

    @property
    def count(self) -> int:
        return len(self.shown)

    @property
    def at_cursor(self) -> Setting | None:
        shown = self.shown
        return shown[self.cursor] if self.cursor < len(shown) else None

    @property
    def is_changed_here(self) -> bool:
        """Whether the setting under the cursor is not as it was when the form began."""
        return self.form is not None and (here := self.at_cursor) is not None and self.form.is_changed(here.name)

    def find(self, word: str, *, typing: bool = False) -> None:
        """List only the settings that a word is found in; all of them again for an empty one, with the cursor where it was."""
        kept = self.at_cursor if not word else None
        self.word, self.cursor, self.top = word, 0, 0
        if kept:
            self.go_to(kept.name)
        self.redraw()
        self.post_message(self.Moved(self))

    def go_to(self, name: str) -> None:
        """Put the cursor on a setting, where it is listed."""
        self.cursor = next((index for index, setting in enumerate(self.shown) if setting.name == name), self.cursor)
        self.redraw()

    def step(self, direction: int) -> None:
        """Change the value under the cursor along its ladder."""
        if self.form and (setting := self.at_cursor):
            self.form.step(setting.name, direction)
            self._changed()

    def reset(self) -> None:
        """The value under the cursor becomes the preset's again."""
        if self.form and (setting := self.at_cursor):
            self.form.reset(setting.name)
            self._changed()

    def toggle_all(self) -> None:
        """List all settings in their groups, or the basic ones."""
        kept = self.at_cursor
        self.every, self.word = not self.every, ""
        self.cursor = next((index for index, setting in enumerate(self.shown) if setting == kept), 0)
        self._changed()

    def begin(self, character: str = "") -> None:
        """Type into the field under the cursor; choices and switches step instead."""
        setting = self.at_cursor
        if self.form is None or setting is None:
            return
        if setting.kind in ("choice", "switch"):
            self.step(1)
            return
        self._before = self.form.values[setting.name]
        self.editor = LineEditor(self.form.text(setting.name), selected=True)
        if character:
            self.editor.key(character, character)
            self.form.type(setting.name, self.editor.text)
        self._changed()

    def end(self, keep: bool = True) -> None:
        """Stop typing, with the text taken (a wrong one stays, marked) or the value as it was before."""
        self.editor = None
        if self.form and (setting := self.at_cursor) and not keep:
            self.form.mistakes.pop(setting.name, None)
            self.form.values[setting.name] = self._before
        self._changed()

    def on_key(self, event: Key) -> None:
        if self.screen.has_class("-too-small"):
            return
        if self.editor is None:
            setting = self.at_cursor
            if event.character in _TYPED and setting and setting.kind in ("number", "whole"):
                event.stop()
                event.prevent_default()
                self.begin(event.character or "")
            return
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape", "tab", "up", "down"):
            self.end(keep=event.key != "escape")
            if event.key in ("up", "down"):
                self.move(-1 if event.key == "up" else 1)
        elif self.editor.key(event.key, event.character):
            self._typed()

    def on_paste(self, event: Paste) -> None:
        if self.editor:
            event.stop()
            self.editor.insert(event.text)
            self._typed()

    def on_blur(self) -> None:
        if self.editor:
            self.end()

    def heading_right(self) -> str:
        changed = len({*self.form.changed, *self.form.mistakes}) if self.form else 0
        return f"{changed} changed" if changed else ""

    def compose_rows(self, width: int, height: int) -> Rows:
        form = self.form
        if form is None:
            return [self.heading(width)]
        self.title = f"SETTINGS {form.recipe.name}/{form.preset.name}" + (f" {form.origin}" if form.origin else "")
        shown = self.shown
        hidden = len(form.settings) - len(shown)
        rows, at = self._listed(width, shown)
        foot = f"+ {hidden} more (a)" if hidden and not self.word else f"found: {self.word}   esc shows all" if self.word else "fewer (a)"
        room = height - 2
        self.top = max(0, min(self.top, at, len(rows) - room))
        self.top = max(self.top, at - room + 1)
        listed = rows[self.top : self.top + room]
        blank = [[Span("")]] * (room - len(listed))
        return [self.heading(width), *listed, [Span(f"   {foot}", "muted")], *blank]

    def _listed(self, width: int, shown: list[Setting]) -> tuple[Rows, int]:
        """A row for each setting, below the names of groups where all are listed, and the row of the cursor."""
        rows: Rows = []
        at = 0
        group = ""
        columns = (
            min(_MOST_NAME, max((cells(_label(setting)) for setting in shown), default=0)),
            min(_MOST_VALUE, max((cells(self.form.text(setting.name)) for setting in shown), default=0)) if self.form else 0,
        )
        for index, setting in enumerate(shown):
            if (self.every or self.word) and setting.group != group:
                group = setting.group
                rows.append([Span(f" {group}", "title")])
            if index == self.cursor:
                at = len(rows)
            rows.append(self._row(setting, index == self.cursor, width, columns))
        return rows, at

    def _row(self, setting: Setting, here: bool, width: int, columns: tuple[int, int]) -> Row:
        from workbench.tui.editing.form import beside  # pydantic comes with it: not before the first paint

        assert self.form is not None
        form, ascii_only = self.form, self.look.ascii_only
        wrong, changed = setting.name in form.mistakes, form.is_changed(setting.name)
        sign = "!" if wrong else self.look.marks.changed if changed else " "
        row: Row = [
            Span(f" {sign} ", "error" if wrong else "changed"),
            Span(fit(_label(setting), columns[0]), self.cursor_ink if here else ""),
        ]
        row += self._value(setting, here, columns[1], "error" if wrong else "changed" if changed else "")
        room = width - width_of(row)
        told = here or changed or width > _NOTES_FROM
        note = beside(setting, form.text(setting.name), setting.text(form.base[setting.name]), form.base_name) if told else ""
        if room > _HELP_FROM:
            note += f"   {setting.help}"
        elif cells(note) > room:
            note = note.partition(", ")[0]
        return [*row, Span(fit(cut(note, room, ascii_only=ascii_only), room) if room >= _LEAST_NOTE else "", "muted")]

    def _value(self, setting: Setting, here: bool, width: int, ink: str) -> Row:
        """The value in `width + 6` cells: with marks that it can be stepped, or being typed, where the cursor is."""
        assert self.form is not None
        text = fit(self.form.text(setting.name), width, ascii_only=self.look.ascii_only)
        if here and self.editor:
            return [Span("   "), *self.editor.spans(width + 1), Span("  ")]
        if not here or setting.kind == "text":
            return [Span("   "), Span(text, ink), Span("   ")]
        less, more = self.look.marks.less, self.look.marks.more
        short = text.rstrip()
        return [Span(f" {less} ", "key"), Span(short, ink or "title"), Span(f" {more} ", "key"), Span(" " * (width - cells(short)))]

    def line_at(self, y: int) -> int:
        return -1 if self.every or self.word else super().line_at(y)

    def _typed(self) -> None:
        if self.form and self.editor and (setting := self.at_cursor):
            self.form.type(setting.name, self.editor.text)
            self._changed()

    def _changed(self) -> None:
        self.redraw()
        self.post_message(self.Changed())


def _label(setting: Setting) -> str:
    return setting.name.replace("_", " ")
