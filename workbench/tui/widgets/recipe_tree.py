"""The recipes and their presets, one of which is chosen."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING

from workbench.charts.rows import Row, Rows, Span, cells, fit, printable
from workbench.tui.theme import Look
from workbench.tui.widgets.pane import Pane, inked

if TYPE_CHECKING:
    from workbench.finding import Broken
    from workbench.recipe import Preset, Recipe

_ABOUT_ROWS = 4  # what the chosen preset is, below the tree


class RecipeTree(Pane):
    """A line for each preset below a line for its recipe; the cursor stands on presets."""

    title = "RECIPE"

    def __init__(self, look: Look, *, id: str = "recipes") -> None:
        super().__init__(look, id=id)
        self.presets: list[tuple[Recipe, Preset]] = []
        self.problem = ""
        self.broken: tuple[Broken, ...] = ()
        self._changed: Set[tuple[str, str, str]] = frozenset()
        self._top = 0
        self._lines: list[int] = []  # the preset of each row of the tree; of a recipe its first

    def offer(self, recipes: Mapping[str, Recipe], problem: str = "", broken: Sequence[Broken] = ()) -> None:
        """Show these recipes, and below them what brought none."""
        self.problem = problem
        self.broken = tuple(broken)
        self.presets = [(recipe, preset) for recipe in recipes.values() for preset in recipe.presets]
        self.redraw()
        self.post_message(self.Moved(self))

    @property
    def chosen(self) -> tuple[Recipe, Preset] | None:
        return self.presets[self.cursor] if self.cursor < len(self.presets) else None

    def choose(self, recipe: Recipe, preset: Preset) -> None:
        """Put the cursor on a preset, without telling."""
        if self.chosen != (recipe, preset) and (recipe, preset) in self.presets:
            self.cursor = self.presets.index((recipe, preset))
            self.redraw()

    def mark(self, changed: Set[tuple[str, str, str]]) -> None:
        """Put a sign at the presets (recipe, its path, preset) whose settings were changed."""
        if changed != self._changed:
            self._changed = changed
            self.redraw()

    @property
    def count(self) -> int:
        return len(self.presets)

    def line_at(self, y: int) -> int:
        row = y - 1 + self._top
        return self._lines[row] if 0 <= row < len(self._lines) else -1

    def find(self, word: str, *, typing: bool = False) -> None:
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
        families = len({recipe.name for recipe, _ in self.presets}) + sum(recipe is chosen[0] for recipe, _ in self.presets)
        about = self._about(chosen, width, max(2, height - 1 - families)) if height >= 10 else []
        room = height - 1 - len(about)
        broken = self._broken(width, room // 3)
        tree, at = self._tree(width, room - len(broken))
        tree += broken
        self._top = max(0, min(at - room // 2, len(tree) - room))
        shown = tree[self._top : self._top + room]
        return [self.heading(width), *shown, *([[Span("")]] * (room - len(shown))), *about]

    def _tree(self, width: int, room: int) -> tuple[Rows, int]:
        """Every recipe with its presets; where they do not fit, with those of the chosen recipe alone. And the row of the cursor."""
        assert self.chosen is not None
        recipes = list(dict.fromkeys(recipe.name for recipe, _ in self.presets))
        opened = recipes if len(recipes) + len(self.presets) <= room else [self.chosen[0].name]
        marks, at = self.look.marks, 0
        rows: Rows = []
        self._lines = []
        longest = max(cells(preset.name) for recipe, preset in self.presets if recipe.name in opened)
        for index, (recipe, preset) in enumerate(self.presets):
            is_open = recipe.name in opened
            if not index or self.presets[index - 1][0] is not recipe:
                family = _whole_words(
                    printable(recipe.family, ascii_only=self.look.ascii_only), width - cells(recipe.name) - 6
                ).removesuffix(" and")
                rows.append([Span(f" {marks.opened if is_open else marks.closed} {recipe.name}  ", "title"), Span(family, "muted")])
                self._lines.append(index)
            if not is_open:
                continue
            pointer = marks.pointer if index == self.cursor else " "
            sign = marks.changed if (recipe.name, recipe.path, preset.name) in self._changed else " "
            name = f"   {pointer}{sign}{fit(preset.name, max(9, longest))} "
            row: Row = [Span(name), Span(_whole_words(preset.expect, width - cells(name)), "muted")]
            if index == self.cursor:
                at, row = len(rows), inked(row, self.cursor_ink, width)
            rows.append(row)
            self._lines.append(index)
        return rows, at

    def _broken(self, width: int, room: int) -> Rows:
        """A row for what is broken, and what is wrong with it, with its line, in as many more as there are."""
        from workbench.views.run.status_lines import mark  # brings pydantic: not before the first paint

        sign = mark("failed", ascii_only=self.look.ascii_only)
        rows: Rows = []
        for broken in self.broken:
            name = fit(f" {sign} {broken.name} is broken", width, ascii_only=self.look.ascii_only)
            reason = [fit(f"     {line}", width, ascii_only=self.look.ascii_only) for line in _wrapped(broken.reason, width - 6)]
            rows += [[Span(name, "error")], *([Span(line, "muted")] for line in reason)]
        return rows[: max(1, room)] if rows else []

    def _about(self, chosen: tuple[Recipe, Preset], width: int, most: int) -> Rows:
        recipe, preset = chosen
        lines = _wrapped(preset.summary or recipe.summary, width - 2)
        room = max(1, min(_ABOUT_ROWS, most) - 1)
        if len(lines) > room:
            last = _whole_words(lines[room - 1], width - 3).rstrip(",:;")
            lines = [*lines[: room - 1], f"{last} {self.look.marks.ellipsis}"]
        rows: Rows = [[Span(f" {fit(line, width - 1, ascii_only=self.look.ascii_only)}")] for line in lines]
        return [*rows, [Span(" notes, equations: ", "muted"), Span("i", "key")]]


def _whole_words(text: str, width: int) -> str:
    """The words of a text that fit; the first of what a preset is expected to reach is how long it takes."""
    while text and cells(text) > width:
        text = text.rpartition(" ")[0]
    return text


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(8, width)) or [""]
