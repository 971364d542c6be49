"""What the settings file asks of the interface and cannot have: keys, slots of charts, slots of devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import printable
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.keys import Keys, _character_to_key

from workbench.errors import WorkbenchError, unknown
from workbench.paths import settings_file
from workbench.preferences import Preferences

if TYPE_CHECKING:
    from workbench.recipe import Recipe

_MODIFIERS = ("ctrl+", "shift+", "alt+")
_NAMED = {key.value for key in Keys} | {_character_to_key(character) for character in printable if character.isprintable()}
_PREVIEW = "preview:"


def check(wanted: Preferences) -> None:
    """Check what can be checked before the recipes are known.

    Raises:
        WorkbenchError: a key or a slot of a device cannot be; names the setting.
    """
    from workbench.queue import slots

    wrong = wrong_keys(wanted.keys) if wanted.keys else []
    if wrong:
        raise WorkbenchError(f"[keys] in {settings_file()}: {wrong[0]}", "; ".join(wrong[1:]) or "`?` in the interface shows all ids")
    if wanted.device_slots:
        try:
            slots.parse(wanted.device_slots)
        except WorkbenchError as error:
            raise WorkbenchError(f"`device_slots` in {settings_file()}: {error.message}", error.hint) from error


def wrong_keys(own: Mapping[str, str]) -> list[str]:
    """What is wrong with a user's keys: ids that there are not, keys that no keyboard has, keys that something else has."""
    tables = _tables()
    known = {binding.id or "": binding for table in tables for binding in table}
    found = []
    for name, key in own.items():
        if name not in known:
            found.append(_first_line(unknown("id", name, known)))
        elif wrong := [part for part in key.split(",") if not _is_key(part)]:
            found.append(f"`{name}` = `{key}`: there is no key `{wrong[0]}`; for example f5, ctrl+s, or a letter")
    if not found:
        found = [clash for table in tables for clash in _clashes(table, own)]
    return list(dict.fromkeys(found))


def wrong_slots(slots: Mapping[str, Sequence[str]], recipes: Mapping[str, Recipe]) -> list[str]:
    """What is wrong with the charts that are to stand first: recipes, and charts of theirs, that there are not."""
    found = []
    for name, wanted in slots.items():
        if name not in recipes:
            found.append(_first_line(unknown("recipe", name, recipes)))
            continue
        charts = [chart for task in recipes[name].tasks for chart in (*task.charts, *task.slots)]
        for slot in wanted:
            if slot not in charts and not slot.startswith(_PREVIEW):
                found.append(f"{name}: {_first_line(unknown('chart', slot, dict.fromkeys(charts)))}")
    return found


def normal(own: Mapping[str, str]) -> dict[str, str]:
    """Keys as Textual names them: `?` is `question_mark`."""
    return {name: ",".join(map(_named, key.split(","))) for name, key in own.items()}


def _clashes(table: Sequence[Binding], own: Mapping[str, str]) -> list[str]:
    """Bindings of one screen that a user's key takes the place of. Those that share a key by themselves may share another."""
    found = []
    for binding in table:
        for part in normal(own).get(binding.id or "", "").split(","):
            taken = [
                other
                for other in table
                if part and other.key != binding.key and part in normal(own).get(other.id or "", other.key).split(",")
            ]
            found += [f"`{binding.id}` = `{part}`: it is the key of {other.id} ({other.tooltip})" for other in taken]
    return found


def _tables() -> list[list[Binding]]:
    """The table of each screen, with the keys that all have."""
    from workbench.tui.keyed import Keyed
    from workbench.tui.screens.batch import Batch
    from workbench.tui.screens.bench.screen import Bench
    from workbench.tui.screens.compare import Compare
    from workbench.tui.screens.finding import Finding
    from workbench.tui.screens.pages.keys import KeysPage
    from workbench.tui.screens.pages.log import LogPage
    from workbench.tui.screens.pages.page import Page
    from workbench.tui.screens.playground.screen import Playground
    from workbench.tui.screens.run.screen import RunScreen
    from workbench.tui.screens.run.zoom import Zoom
    from workbench.tui.screens.sweeps import Sweeps

    screens = (Bench, RunScreen, Zoom, Compare, Page, LogPage, KeysPage, Batch, Finding, Playground, Sweeps)
    return [[*_bindings(screen.BINDINGS), *_bindings(Keyed.BINDINGS)] for screen in screens]


def _bindings(table: Iterable[BindingType]) -> list[Binding]:
    return [binding for binding in table if isinstance(binding, Binding)]


def _is_key(key: str) -> bool:
    while (modifier := next((each for each in _MODIFIERS if key.startswith(each)), "")) and len(key) > len(modifier):
        key = key.removeprefix(modifier)
    return (len(key) == 1 and key.isprintable() and key != " ") or key in _NAMED


def _named(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key


def _first_line(error: WorkbenchError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message
