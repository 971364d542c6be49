"""One table of keys: the user's own stand in it, and key bar, help and palette follow from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from workbench.tui.screens.base import WorkScreen
from workbench.tui.widgets.key_bar import shown_key

_MOVING = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab")  # nobody looks for these by words

_LOOK_SECONDS = 0.2  # between two looks at whether a key can still come through
_MOST_LOOKS = 25  # for which a screen that lives may take over one: five seconds


class Handled(Message):
    """A key has gone all its way, and what it does is done."""


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

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._waiting: deque[Key | Paste] = deque()
        self._is_under_way = False
        self._patience: Timer

    async def on_event(self, event: Event) -> None:
        """One key after the other, each for the screen and the line that the one before has led to, also where many come at once."""
        if not isinstance(event, (Key, Paste)) or event.is_forwarded or self._is_urgent(event):
            await super().on_event(event)
        else:
            self._waiting.append(event)
            await self._go_on()

    async def _go_on(self) -> None:
        while self._waiting and not self._is_under_way:
            event = self._waiting.popleft()
            if isinstance(event, Key) and (letter := _behind_escape(event)) and not self._is_own(event.key):
                self._waiting.extendleft((Key(letter, letter), Key("escape", "\x1b")))
                continue
            target = self.focused or self.screen
            await super().on_event(event)
            self._is_under_way = target.post_message(Handled())  # goes the way of the key, behind it
            if self._is_under_way:
                self._wait_for(target, _MOST_LOOKS)

    def _wait_for(self, target: Widget, looks: int) -> None:
        """Go on without what a screen that was left has taken with it; a machine that is merely busy still brings it."""

        async def look() -> None:
            if looks and target.is_attached and target.is_running:
                self._wait_for(target, looks - 1)
            else:
                await self.on_handled()

        self._patience = self.set_timer(_LOOK_SECONDS, look)

    async def on_handled(self) -> None:
        """The key has been everywhere, or is lost with a screen that was left."""
        self._patience.stop()
        self._is_under_way = False
        await self._go_on()

    def _is_urgent(self, event: Key | Paste) -> bool:
        return isinstance(event, Key) and any(binding.priority and binding.key == event.key for binding in self.keys_of(self.BINDINGS))

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
    """The letter of `alt+q` or `alt+shift+q`, which terminals also send for esc and that letter; empty for any other key."""
    return key.character if key.key.startswith("alt+") and key.character and key.character.isalpha() else ""
