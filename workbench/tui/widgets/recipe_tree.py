"""The recipes and their presets, one of which is chosen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.charts.rows import Row, Rows, Span, fit
from workbench.tui.theme import Look
from workbench.tui.widgets.pane import Pane, inked

if TYPE_CHECKING:
    from workbench.recipe import Preset, Recipe

_ABOUT_ROWS = 4  # what the chosen preset is, below the tree


class RecipeTree(Pane):
    """A line for each preset below a line for its recipe; the cursor stands on presets."""

    title = "RECIPE"

    def __init__(self, look: Look, *, id: str = "recipes") -> None:
        super().__init__(look, id=id)
        self.presets: list[tuple[Recipe, Preset]] = []
        self.problem = ""
        self._top = 0

    def offer(self, recipes: Mapping[str, Recipe], problem: str = "") -> None:
        """Show these recipes."""
        self.problem = problem
        self.presets = [(recipe, preset) for recipe in recipes.values() for preset in recipe.presets]
        self.redraw()
        self.post_message(self.Moved(self))

    @property
    def chosen(self) -> tuple[Recipe, Preset] | None:
        return self.presets[self.cursor] if self.cursor < len(self.presets) else None

    @property
    def count(self) -> int:
        return len(self.presets)

    def line_at(self, y: int) -> int:
        heads = 0
        for index, (recipe, _) in enumerate(self.presets):
            heads += not index or self.presets[index - 1][0] is not recipe
            if index + heads == y - 1 + self._top:
                return index
        return -1

    def find(self, word: str) -> None:
        """Go to the first preset whose text has the word."""
        word = word.lower()
        for index, (recipe, preset) in enumerate(self.presets):
            if word in f"{recipe.name}/{preset.name} {preset.summary} {recipe.summary}".lower():
                self.place(index)
                return

    def compose_rows(self, width: int, height: int) -> Rows:
        chosen = self.chosen
        if chosen is None:
            words = self.problem or "looking for recipes ..."
            return [self.heading(width), *([Span(f" {line}", "error" if self.problem else "muted")] for line in _wrapped(words, width - 2))]
        about = self._about(chosen, width) if height >= 10 else []
        room = height - 1 - len(about)
        tree, at = self._tree(width)
        self._top = max(0, min(at - room // 2, len(tree) - room))
        shown = tree[self._top : self._top + room]
        return [self.heading(width), *shown, *([[Span("")]] * (room - len(shown))), *about]

    def _tree(self, width: int) -> tuple[Rows, int]:
        rows: Rows = []
        at = 0
        marks = self.look.marks
        for index, (recipe, preset) in enumerate(self.presets):
            if not index or self.presets[index - 1][0] is not recipe:
                family = fit(recipe.family, max(0, width - len(recipe.name) - 6), ascii_only=self.look.ascii_only)
                rows.append([Span(f" {marks.opened} {recipe.name}  ", "title"), Span(family, "muted")])
            pointer = marks.pointer if index == self.cursor else " "
            row: Row = [Span(f"   {pointer} {fit(preset.name, 9)} "), Span(preset.expect, "muted")]
            if index == self.cursor:
                at, row = len(rows), inked(row, self.cursor_ink, width)
            rows.append(row)
        return rows, at

    def _about(self, chosen: tuple[Recipe, Preset], width: int) -> Rows:
        recipe, preset = chosen
        lines = _wrapped(preset.summary or recipe.summary, width - 2)[: _ABOUT_ROWS - 1]
        rows: Rows = [[Span(f" {fit(line, width - 1, ascii_only=self.look.ascii_only)}")] for line in lines]
        return [*rows, [Span(" notes, equations: ", "muted"), Span("i", "key")]]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(8, width)) or [""]
