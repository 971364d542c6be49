"""A recipe's settings as a TOML file: what `train --config` takes, and what the form saves and loads."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ExitCode, WorkbenchError, unknown
from workbench.schema import Setting, Value

_EXAMPLE = "a TOML file such as `lr = 3e-4`"
_LARGEST_BYTES = 1 << 20
_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_COMMENT_WIDTH = 100


@dataclass(frozen=True)
class ConfigFile:
    """What a file says: settings by name and, where it names them, the recipe and the preset that they are of."""

    values: Mapping[str, Value]
    recipe: str = ""
    preset: str = ""


def read(path: Path, settings: Sequence[Setting], *, recipe: str = "") -> ConfigFile:
    """The settings in a TOML file, flat or in tables named after their groups.

    Args:
        recipe: whose settings they have to be, where the file says whose they are.

    Raises:
        WorkbenchError: it cannot be read, is another recipe's, or a key or a value is not a setting's; says where.
    """
    text = _text(path)
    body = _parsed(path, text)
    about = {name: body.pop(name) for name in ("recipe", "preset") if name in body and name not in {each.name for each in settings}}
    for name, value in about.items():
        if not isinstance(value, str):
            raise WorkbenchError(f"`{name}` in {_where(path, text, name)} is `{value}`, expected a name", _EXAMPLE)
    if recipe and about.get("recipe", recipe) != recipe:
        where = _where(path, text, "recipe")
        raise WorkbenchError(f"{where}: settings of `{about['recipe']}`, not of `{recipe}`", f"workbench train {about['recipe']} takes it")
    return ConfigFile(_values(path, text, body, settings), **about)


def recipe_of(path: Path) -> str:
    """The recipe whose settings a file says to hold; empty where it does not say.

    Raises:
        WorkbenchError: it cannot be read.
    """
    named = _parsed(path, _text(path)).get("recipe")
    return named if isinstance(named, str) else ""


def written(recipe: str, preset: str, settings: Sequence[Setting], values: Mapping[str, Value], base: Mapping[str, Value]) -> str:
    """Every setting as the text of a TOML file, group by group, below what each is for; `read` gives back the same values.

    Args:
        base: the preset's values.
    """
    lines = [
        f"# All settings of a run of {recipe}, begun from its preset {preset}. Start one like it:",
        f"# workbench train {recipe} --config FILE",
    ]
    lines += [f"recipe = {_toml(recipe)}", f"preset = {_toml(preset)}"]
    for group in dict.fromkeys(setting.group for setting in settings):
        lines += ["", f"[{group}]"]
        for setting in settings:
            if setting.group == group:
                lines += [
                    *_comment(setting, values[setting.name], base[setting.name]),
                    f"{setting.name} = {_of(setting, values[setting.name])}",
                ]
    return "\n".join(lines) + "\n"


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise WorkbenchError(f"{path} is no file", f"it takes {_EXAMPLE}")
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise WorkbenchError(f"{path} cannot be read: it has more than 1 MB", f"it takes {_EXAMPLE}")
        return data.decode("utf-8")
    except FileNotFoundError as error:
        raise WorkbenchError(f"there is no file {path}", f"it takes {_EXAMPLE}", code=ExitCode.NOT_FOUND) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error
        raise WorkbenchError(f"{path} cannot be read: {why}", f"it takes {_EXAMPLE}") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WorkbenchError(f"{path} cannot be read: {error or 'it is nested too deep'}", f"it takes {_EXAMPLE}") from error


def _values(path: Path, text: str, body: Mapping[str, Any], settings: Sequence[Setting]) -> dict[str, Value]:
    known = {setting.name: setting for setting in settings}
    groups = {setting.group: [other.name for other in settings if other.group == setting.group] for setting in settings}
    found: dict[str, Value] = {}
    for key, value in body.items():
        table = key if key in groups and isinstance(value, dict) else ""
        for name, given in value.items() if table else [(key, value)]:
            where = _where(path, text, name, table)
            names = groups[table] if table else known
            if name not in names:
                raise unknown("setting", name, names, where=f"in {where}" + (f", table [{table}]" if table else ""))
            if name in found:
                raise WorkbenchError(f"setting `{name}` stands twice, the second time in {where}", "take one of the lines away")
            found[name] = _value(known[name], given, where)
    return found


def _value(setting: Setting, value: object, where: str) -> Value:
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    try:
        if isinstance(value, (dict, list)) or (isinstance(value, bool) and setting.kind != "switch"):
            raise setting.refuse(text)
        return setting.parse(text)
    except WorkbenchError as error:
        raise WorkbenchError(f"{where}: {error.message}", error.hint) from error


def _where(path: Path, text: str, name: str, table: str = "") -> str:
    """The file, and the line that a key stands in where it stands at the beginning of one."""
    inside = ""
    key = re.compile(rf"""\s*(?:\[\s*)?["']?{re.escape(name)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if key.match(line) and inside == table:
            return f"{path}, line {number}"
        if header := _TABLE.match(line):
            inside = header[1].strip("\"'")
    return str(path)


def _comment(setting: Setting, value: Value, preset: Value) -> list[str]:
    """What a setting is, what it may be and, where the value differs, what the preset has."""
    differs = "" if value == preset else f" The preset has {_of(setting, preset)}."
    words = f"{setting.help} {setting.expected[:1].upper()}{setting.expected[1:]}.{differs}"
    return [f"# {line}" for line in textwrap.wrap(words, _COMMENT_WIDTH)]


def _of(setting: Setting, value: Value) -> str:
    """A value in TOML, which has no word for none: there it is the setting's own word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return setting.text(value) if isinstance(value, (int, float)) else _toml(setting.text(value))


def _toml(text: str) -> str:
    """A basic string, in which everything that is not printable is escaped: JSON's escapes are TOML's, too.

    Raises:
        WorkbenchError: it has bytes that are no text, which TOML cannot say.
    """
    if not _is_text(text):
        raise WorkbenchError(f"{text!a} is no text that a TOML file can hold", "give it another name")
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}" for character in json.dumps(text, ensure_ascii=False)
    )


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
