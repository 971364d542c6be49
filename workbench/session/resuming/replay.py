"""What was changed by hand while a run trained, made again when it goes on from a checkpoint before the change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from workbench.events.reader import read_events
from workbench.events.types import CheckpointSaved, SettingChanged, SettingsAmended
from workbench.runs.folder import RunFolder
from workbench.session.requests import Number

Change = tuple[int, str, Number]  # behind this step, this setting, to this value
Key = tuple[int, int]  # step and attempt of a checkpoint


class Replay:
    """Changes by checkpoint: the live ones that came after it was saved, in their order, and what later attempts amended."""

    def __init__(self, folder: RunFolder) -> None:
        self._after: dict[Key, list[Change]] = defaultdict(list)
        self._amended: dict[Key, set[str]] = {}
        self._waiting: list[Change] = []
        changes: list[Change] = []
        self._all_amended: set[str] = set()
        marks: dict[Key, int] = {}
        for event in read_events(folder.events):
            if isinstance(event, SettingChanged):
                changes.append((event.step, event.name, event.new))
            elif isinstance(event, CheckpointSaved):
                marks[event.step, event.attempt] = len(changes)
                self._amended[event.step, event.attempt] = set()
            elif isinstance(event, SettingsAmended):
                self._all_amended.update(event.values)
                for names in self._amended.values():
                    names.update(event.values)
                changes = [(step, "" if name in event.values else name, new) for step, name, new in changes]  # amended: over
        for key, mark in marks.items():
            # An attempt that was itself a replay wrote its changes down again.
            self._after[key] = list(dict.fromkeys(change for change in changes[mark:] if change[0] >= key[0] and change[1]))
        self._from_start = list(dict.fromkeys(change for change in changes if change[1]))

    def amended(self, checkpoint: Key) -> set[str]:
        """The settings that were given other values by an attempt after a checkpoint (step, attempt) was saved."""
        return self._amended.get(checkpoint, self._all_amended)

    def begin(self, checkpoint: Key | None) -> None:
        """Wait for the steps of the changes behind a checkpoint, or from the start."""
        waiting = self._after.get(checkpoint, self._from_start if checkpoint[1] == 0 else []) if checkpoint else self._from_start
        self._waiting = sorted(waiting, key=lambda change: change[0])

    def make(self, step: int, change: Callable[[str, Number, str], object]) -> None:
        """Make the changes that belong behind `step`."""
        while self._waiting and self._waiting[0][0] <= step:
            _, name, value = self._waiting.pop(0)
            change(name, value, "the record")
