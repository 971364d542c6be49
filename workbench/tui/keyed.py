"""One table of keys: the user's own stand in it, and key bar, help and palette follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.key_bar import shown_key

_MOVING = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab")  # nobody looks for these by words

_BEHIND_SECONDS = 0.05  # in which what esc does has been done, such as going back to the screen that the letter is meant for


class Keyed(App[None]):
    """The keys that every screen has, and what is made of the tables of all."""

    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "palette", show=False, id="app.palette", tooltip="find what can be done by its words"),
        Binding("ctrl+z", "suspend_process", "suspend", id="app.suspend", priority=True, tooltip="back to the shell; fg returns"),
        Binding("ctrl+c", "leave", "leave", id="app.interrupt", priority=True, tooltip="leave; runs go on training"),
        Binding("ctrl+q", "leave", "leave", id="app.quit", priority=True, tooltip="leave; runs go on training"),
        Binding("ctrl+l", "repaint", "repaint", id="app.repaint", priority=True, tooltip="paint the screen anew"),
    ]
    own_keys: Mapping[str, str]  # by the ids of bindings

    async def on_event(self, event: Event) -> None:
        """Take a letter close behind esc, which terminals also send for alt and that letter, for what nearly always was typed: both."""
        if isinstance(event, Key) and not event.is_forwarded and (letter := _behind_escape(event)) and not self._is_own(event.key):
            await super().on_event(Key("escape", "\x1b"))
            self.set_timer(_BEHIND_SECONDS, lambda: self.post_message(Key(letter, letter)))
        else:
            await super().on_event(event)

    def _is_own(self, key: str) -> bool:
        return any(key in keys.split(",") for keys in self.own_keys.values())

    def keys_of(self, table: Iterable[BindingType]) -> list[Binding]:
        """A table of keys, with those of the user's own choice in their places."""
        return [self.own(binding) for binding in table if isinstance(binding, Binding)]

    def own(self, binding: Binding) -> Binding:
        """A key as the user has it."""
        key = self.own_keys.get(binding.id or "")
        return replace(binding, key=key, key_display=None) if key else binding

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: the keys of the screen that do something now, and those of the app."""
        offered = screen.offered() if isinstance(screen, WorkScreen) else []
        known: set[str] = set()
        for binding in [*offered, *self.keys_of(self.BINDINGS)]:
            if binding.description in known or binding.key in _MOVING or binding.action == "command_palette":
                continue
            known.add(binding.description)
            title = f"{binding.description}: {binding.tooltip}  ({shown_key(binding)})"  # a line each, and all of it is looked through
            yield SystemCommand(title, "", partial(self._act, screen, binding))

    async def _act(self, screen: Screen[Any], binding: Binding) -> None:
        await self.run_action(binding.action, screen if hasattr(screen, f"action_{binding.action.partition('(')[0]}") else self)


def _behind_escape(key: Key) -> str:
    """The letter of `alt+q` or `alt+shift+q`; empty for any other key."""
    return key.character if key.key.startswith("alt+") and key.character and key.character.isalpha() else ""
