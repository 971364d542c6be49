"""Writing the files of a new recipe."""

from __future__ import annotations

import importlib.util
import keyword
import re
from collections.abc import Collection
from pathlib import Path

from workbench.errors import WorkbenchError

_TEMPLATE = Path(__file__).with_name("template")
_STANDS_FOR_NAME = "NAME_OF_RECIPE"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def write(name: str, parent: Path, *, taken: Collection[str] = ()) -> Path:
    """The folder `name` in `parent`, with settings, notes, model, loop and a test; returns where it is.

    Args:
        taken: names that recipes have already.

    Raises:
        WorkbenchError: the name is none or taken, there is something of that name, or the disk is full.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise WorkbenchError(f"`{name}` is no name for a recipe", "small letters, digits and underscores, a letter first: my_recipe")
    folder = parent / name
    if folder.exists():
        raise WorkbenchError(f"there is a {folder} already", "choose another name, or another folder to stand in")
    if name in taken:
        raise WorkbenchError(f"there is a recipe `{name}` already", f"choose another name: my_{name}")
    if importlib.util.find_spec(name):  # which would be imported in its place by whoever stands in `parent`
        raise WorkbenchError(
            f"`{name}` is a module of Python or of a package, which a folder of that name would hide", f"choose another name: my_{name}"
        )
    try:
        folder.mkdir()
        for source in sorted(_TEMPLATE.glob("*.txt")):
            text = source.read_text(encoding="utf-8").replace(_STANDS_FOR_NAME, name)
            (folder / source.name.removesuffix(".txt").replace("test_recipe", f"test_{name}")).write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"cannot write {folder}: {error.strerror or error}", "stand in a folder that you may write") from error
    return folder
