"""Finding recipes: the built-in ones, entry points of other distributions, and paths."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.recipe import Recipe

BUILT_IN = ("cnn", "rnn", "attention", "gan")
ENTRY_POINTS = "workbench.recipes"
VARIABLE = "WORKBENCH_RECIPES"  # folders of recipes, or recipes
_DOES_NOT_RUN = " does not run: "
_HAS_RECIPE = re.compile(r"^RECIPE\b|^(?:from|import)\b.*\bRECIPE\b", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    """Something that should bring a recipe and does not: where it is, in few words, and what is wrong with it."""

    name: str
    error: WorkbenchError

    @property
    def reason(self) -> str:
        """What is wrong, without the path that `name` ends."""
        return self.error.message.partition(_DOES_NOT_RUN)[2] or self.error.message


@dataclass
class Found:
    """All recipes by name, and what brought none."""

    recipes: dict[str, Recipe] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def in_short(broken: Sequence[Broken]) -> str:
    """What is broken, as one line: the first one with its reason, and how many there are besides."""
    if not broken:
        return ""
    more = f"; and {len(broken) - 1} more" if broken[1:] else ""
    return f"{broken[0].name} is broken: {broken[0].reason}{more}"


def search(paths: Iterable[str] = ()) -> Found:
    """All recipes: built in, from entry points, from folders in WORKBENCH_RECIPES, and from `paths`.

    One that is broken does not stop the others, unless it was given in `paths`. Nor does one replace another: runs are
    resumed and asked by the name of their recipe, so the first of a name keeps it, and a later one is broken.

    Raises:
        WorkbenchError: a foreign `recipes` package hides the built-in one, or a given path holds no recipe.
    """
    found = Found({name: _built_in(name) for name in BUILT_IN})
    for entry in entry_points(group=ENTRY_POINTS):
        _add(found, entry.name, partial(_from_entry_point, entry))
    for named in _named():
        if not named.exists():
            error = WorkbenchError(f"there is nothing at {named}, which it names", "name a folder of recipes, or a recipe")
            found.broken.append(Broken(VARIABLE, error))
        for path in _recipes_at(named):
            _add(found, path.name, partial(from_path, path))
    for given in paths:
        recipe = from_path(Path(given))
        found.recipes[recipe.name] = recipe
    return found


def find_recipes(paths: Iterable[str] = ()) -> dict[str, Recipe]:
    """The recipes by name, see `search`, without a word of what is broken."""
    return search(paths).recipes


def is_named(path: str) -> bool:
    """Whether WORKBENCH_RECIPES names the recipe at a path, or its folder, so that it is found and run in any case."""
    wanted = Path(path).expanduser().absolute()
    return any(place.absolute() == wanted for named in _named() for place in _recipes_at(named))


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
    found = search(paths)
    if name in found.recipes:
        return found.recipes[name]
    for broken in found.broken:
        if Path(broken.name).stem == name:
            raise broken.error
    raise unknown("recipe", name, found.recipes, hint="`workbench recipes` lists them")


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
    # Named after the whole path, for two folders may hold a recipe of one name; read afresh, for it may have been mended since.
    name = f"workbench_recipe_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    _forget(name)
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=[str(path)] if path.is_dir() else None)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        _forget(name)
        raise WorkbenchError(
            f"the recipe {source}{_DOES_NOT_RUN}{_reason(error)}{place_in(error, path)}", "mend it and try again"
        ) from error
    return replace(_checked(module, str(source)), path=str(path))  # a copy: the file may have imported it from elsewhere


def place_in(error: BaseException, path: Path) -> str:
    """Where in a recipe, a file or a folder, an error arose: ` (mine.py, line 3)`; empty where it did elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if not frame.filename.startswith("<")]  # <frozen ...> is no file
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    own = [(Path(name), line) for name, line in places if Path(name) == path or (path.is_dir() and Path(name).is_relative_to(path))]
    if not own:
        return ""
    name, line = own[-1]
    return f" ({name.name if name == path else name.relative_to(path)}, line {line})"


def _reason(error: BaseException) -> str:
    """Kind and text of an error, without the place that some texts name: it is of another file, or comes behind."""
    text = str(error)
    if isinstance(error, SyntaxError):
        text = error.msg
    elif isinstance(error, ImportError) and error.path:
        text = text.replace(f" ({error.path})", "")
    return f"{type(error).__name__}: {text}"


def recipes_package() -> Path | None:
    """Where the `recipes` package that Python finds lies; None when there is none."""
    spec = importlib.util.find_spec("recipes")
    places = [*(spec.submodule_search_locations or []), spec.origin] if spec else []
    return next((Path(place) for place in places if place), None)


def _named() -> list[Path]:
    """What WORKBENCH_RECIPES names: folders of recipes, and recipes."""
    return [Path(named).expanduser() for named in os.environ.get(VARIABLE, "").split(os.pathsep) if named]


def _recipes_at(place: Path) -> list[Path]:
    return [place] if _is_recipe(place) else [path for path in sorted(place.glob("*")) if _is_recipe_path(path)]


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[known]


def _add(found: Found, name: str, load: Callable[[], Recipe]) -> None:
    try:
        recipe = load()
    except WorkbenchError as error:
        found.broken.append(Broken(name, error))
    else:
        other = found.recipes.setdefault(recipe.name, recipe)
        if other is not recipe:
            found.broken.append(Broken(name, _taken(recipe, other)))


def _taken(recipe: Recipe, other: Recipe) -> WorkbenchError:
    whose = (
        "a built-in recipe" if other.name in BUILT_IN else f"the recipe at {other.path}" if other.path else "another distribution's recipe"
    )
    where = f"; {recipe.path} needs a name of its own" if recipe.path else ""
    return WorkbenchError(f"`{recipe.name}` is {whose}{where}", "give its RECIPE another name")


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
    except (Exception, SystemExit) as error:
        place = place_in(error, _package(entry))
        raise WorkbenchError(f"{where} does not load: {_reason(error)}{place}", "mend or uninstall its distribution") from error
    return _checked(holder, where)


def _package(entry: EntryPoint) -> Path:
    """Where the package of an entry point lies, or its module."""
    spec = importlib.util.find_spec(entry.module.partition(".")[0])
    return Path(next(iter(spec.submodule_search_locations or [spec.origin or ""]) if spec else iter(("",))))


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


def _is_recipe(place: Path) -> bool:
    """Whether a place is a recipe itself, as its text has it: a folder of recipes may have an `__init__.py`, too."""
    source = place / "__init__.py" if place.is_dir() else place
    try:
        return source.suffix == ".py" and bool(_HAS_RECIPE.search(source.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False


def _is_recipe_path(path: Path) -> bool:
    if path.name.startswith((".", "_")):  # an editor's, Python's own, or the parts of a recipe
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()
