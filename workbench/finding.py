"""Finding recipes: the built-in ones, entry points of other distributions, and paths."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.recipe import Recipe

BUILT_IN = ("cnn", "rnn", "attention", "gan")
ENTRY_POINTS = "workbench.recipes"


def find_recipes(paths: Iterable[str] = ()) -> dict[str, Recipe]:
    """All recipes by name: built in, from entry points, from folders in WORKBENCH_RECIPES, and from `paths`.

    Raises:
        WorkbenchError: a foreign `recipes` package hides the built-in one, or a path or an entry point holds no recipe.
    """
    found = {name: _built_in(name) for name in BUILT_IN}
    for entry in entry_points(group=ENTRY_POINTS):
        recipe = _from_entry_point(entry)
        found[recipe.name] = recipe
    for folder in filter(None, os.environ.get("WORKBENCH_RECIPES", "").split(os.pathsep)):
        for path in sorted(Path(folder).expanduser().glob("*")):
            if _is_recipe_path(path):
                recipe = from_path(path)
                found[recipe.name] = recipe
    for given in paths:
        recipe = from_path(Path(given))
        found[recipe.name] = recipe
    return found


def find_recipe(name: str, paths: Iterable[str] = ()) -> Recipe:
    """One recipe by its name, or by its path (anything with a slash or ending in .py).

    Raises:
        WorkbenchError: there is none of that name, or the path holds none.
    """
    return from_path(Path(name)) if looks_like_path(name) else by_name(name, paths)


def by_name(name: str, paths: Iterable[str] = ()) -> Recipe:
    """One of the found recipes; a name is never taken for a path.

    Raises:
        WorkbenchError: there is none of that name.
    """
    recipes = find_recipes(paths)
    if name not in recipes:
        raise unknown("recipe", name, recipes, hint="`workbench recipes` lists them")
    return recipes[name]


def looks_like_path(name: str) -> bool:
    """Whether a recipe was given as a path rather than by name."""
    return name.endswith(".py") or "/" in name or os.sep in name


def from_path(path: Path) -> Recipe:
    """The RECIPE of a file or of a folder with an `__init__.py`.

    Raises:
        WorkbenchError: the file is missing, does not run, or defines no RECIPE.
    """
    path = path.expanduser().absolute()
    source = path / "__init__.py" if path.is_dir() else path
    if not source.is_file() or source.suffix != ".py":
        raise WorkbenchError(
            f"no recipe at {path}", "give a .py file or a folder with an __init__.py that defines RECIPE", code=ExitCode.NOT_FOUND
        )
    name = f"workbench_recipe_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=[str(path)] if path.is_dir() else None)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        line = _line_in(error, source)
        raise WorkbenchError(f"the recipe {source} does not run: {type(error).__name__}: {error}{line}", "mend it and try again") from error
    return replace(_checked(module, str(source)), path=str(path))  # a copy: the file may have imported it from elsewhere


def recipes_package() -> Path | None:
    """Where the `recipes` package that Python finds lies; None when there is none."""
    spec = importlib.util.find_spec("recipes")
    places = [*(spec.submodule_search_locations or []), spec.origin] if spec else []
    return next((Path(place) for place in places if place), None)


def _built_in(name: str) -> Recipe:
    try:
        module = importlib.import_module(f"recipes.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("recipes", f"recipes.{name}"):
            raise
        raise _foreign() from error
    if not hasattr(module, "RECIPE"):
        raise _foreign()
    return _checked(module, f"recipes.{name}")


def _from_entry_point(entry: EntryPoint) -> Recipe:
    where = f"the entry point {entry.name} = {entry.value}"
    try:
        holder = entry.load()
    except Exception as error:
        raise WorkbenchError(f"{where} does not load: {type(error).__name__}: {error}", "mend or uninstall its distribution") from error
    return _checked(holder, where)


def _foreign() -> WorkbenchError:
    return WorkbenchError(
        f"the `recipes` package at {recipes_package() or 'nowhere'} is not the workbench's",
        "another distribution installed a package of that name; install the workbench in an environment of its own",
    )


def _checked(holder: ModuleType | object, where: str) -> Recipe:
    recipe = holder if isinstance(holder, Recipe) else getattr(holder, "RECIPE", None)
    if not isinstance(recipe, Recipe):
        raise WorkbenchError(f"{where} defines no RECIPE", "a recipe module ends with RECIPE = Recipe(...); see recipes/cnn")
    return recipe


def _is_recipe_path(path: Path) -> bool:
    if path.name.startswith((".", "_")):  # an editor's, Python's own, or the parts of a recipe
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _line_in(error: BaseException, source: Path) -> str:
    if isinstance(error, SyntaxError):
        return f" (line {error.lineno})"
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename == str(source):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""
