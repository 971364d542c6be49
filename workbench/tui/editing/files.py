"""Settings between a form and a TOML file, for the polling thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench import config_file
from workbench.errors import WorkbenchError, unknown
from workbench.recipe import Recipe
from workbench.runs.files import replace_file
from workbench.schema import build, describe
from workbench.tui.editing.form import Form
from workbench.tui.messages import SettingsRead, SettingsWritten


def read(path: Path, recipes: Mapping[str, Recipe], form: Form) -> SettingsRead:
    """The settings in a file; the form says of which recipe and preset they are where the file does not.

    Raises:
        WorkbenchError: it cannot be read, or it has what that recipe cannot take.
    """
    named = config_file.recipe_of(path) or form.recipe.name
    if named not in recipes:
        raise unknown("recipe", named, recipes, where=f"in {path}")
    recipe = recipes[named]
    found = config_file.read(path, describe(recipe.config), recipe=named)
    wanted = found.preset or (form.preset.name if recipe == form.recipe else recipe.presets[0].name)
    presets = {preset.name: preset for preset in recipe.presets}
    if wanted not in presets:
        raise unknown("preset", wanted, presets, where=f"of recipe `{named}` in {path}")
    try:
        build(recipe.config, {**presets[wanted].settings, **found.values}, recipe=named)
    except WorkbenchError as error:
        raise WorkbenchError(f"{path}: {error.message}", error.hint) from error
    return SettingsRead(path, recipe, presets[wanted], found.values)


def writer(path: Path, form: Form, *, replace: bool) -> Callable[[], SettingsWritten]:
    """What writes the form as it is now.

    Raises:
        WorkbenchError: a value is no text that a file can hold.
    """
    text = config_file.written(form.recipe.name, form.preset.name, form.settings, form.values, form.default)

    def write() -> SettingsWritten:
        if path.is_dir():
            raise WorkbenchError(f"{path} is a folder", f"name a file in it, for example {path / 'settings.toml'}")
        if not path.parent.is_dir():
            raise WorkbenchError(f"there is no folder {path.parent}", "make it first, or name a file in another one")
        if path.exists() and not replace:
            return SettingsWritten(path, done=False)
        try:
            replace_file(path, text.encode())
        except WorkbenchError as error:
            raise WorkbenchError(error.message, "name a file in a folder that you may write to") from error
        return SettingsWritten(path, done=True)

    return write
