"""The form of each preset that was looked at, with what was changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.recipe import Preset, Recipe
    from workbench.tui.editing.form import Form


class Forms:
    """Keeps them as they were left."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str, str], Form] = {}

    def known(self, recipe: Recipe, preset: Preset) -> Form | None:
        return self._forms.get(_place(recipe, preset))

    def anew(self, recipe: Recipe, preset: Preset) -> Form:
        """A form of the preset in which nothing is changed, in place of the one that was left."""
        from workbench.tui.editing.form import Form

        form = self._forms[_place(recipe, preset)] = Form(recipe, preset)
        return form

    @property
    def touched(self) -> set[tuple[str, str, str]]:
        """Names and paths of recipes with the presets in whose forms something is no longer as the preset has it."""
        return {place for place, form in self._forms.items() if form.changed or form.mistakes or form.origin}


def _place(recipe: Recipe, preset: Preset) -> tuple[str, str, str]:
    return recipe.name, recipe.path, preset.name
