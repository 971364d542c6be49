"""What was changed by hand while a run trained, made again when it goes on from a checkpoint before the change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from workbench.events.reader import EventReader
from workbench.events.types import CheckpointSaved, SettingChanged
from workbench.runs.folder import RunFolder

Change = tuple[int, str, float | None]  # behind this step, this setting, to this value


class Replay:
    """Live changes by checkpoint: those that came after it was saved, in their order."""

    def __init__(self, folder: RunFolder) -> None:
        self._after: dict[tuple[int, int], list[Change]] = defaultdict(list)
        self._waiting: list[Change] = []
        changes: list[Change] = []
        marks: dict[tuple[int, int], int] = {}
        for events in EventReader(folder.events).rest():
            for event in events:
                if isinstance(event, SettingChanged):
                    changes.append((event.step, event.name, event.new))
                elif isinstance(event, CheckpointSaved):
                    marks[event.step, event.attempt] = len(changes)
        for key, mark in marks.items():
            # An attempt that was itself a replay wrote its changes down again.
            self._after[key] = list(dict.fromkeys(change for change in changes[mark:] if change[0] >= key[0]))
        self._from_start = list(dict.fromkeys(changes))

    def begin(self, checkpoint: tuple[int, int] | None) -> None:
        """Wait for the steps of the changes behind a checkpoint (step, attempt), or from the start."""
        waiting = self._after[checkpoint] if checkpoint else self._from_start
        self._waiting = sorted(waiting, key=lambda change: change[0])

    def make(self, step: int, change: Callable[[str, float | None, str], None]) -> None:
        """Make the changes that belong behind `step`."""
        while self._waiting and self._waiting[0][0] <= step:
            _, name, value = self._waiting.pop(0)
            change(name, value, "the record")
