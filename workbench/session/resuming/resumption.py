"""What an attempt goes on from: a checkpoint of its own, one of the run that it was forked from, or another run's weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from workbench.errors import WorkbenchError
from workbench.events.types import Noticed
from workbench.runs.folder import RunFolder
from workbench.session.best import Best
from workbench.session.journal import Journal
from workbench.session.resuming.keeper import Keeper
from workbench.session.resuming.replay import Replay
from workbench.session.resuming.restoring import restore
from workbench.session.resuming.warm_start import adopt
from workbench.training.machine.seed import restore_random_state

_JUDGED_BY = {"monitor", "dataset", "path", "split_seed"}  # with another of these, an earlier evaluation is no measure for later ones


class Resumption:
    """Finds the newest good checkpoint and gives the parts what it has of them; the rest waits for the loop to begin.

    Attributes:
        origin: step and attempt of the checkpoint; None for a run that begins. Attempt 0 is that of a fork's parent.
        changed: settings that have other values than when it was saved.
        replay: changes made by hand behind it, to be made again.
    """

    def __init__(self, folder: RunFolder, keeper: Keeper, journal: Journal) -> None:
        self._folder, self._keeper, self._journal = folder, keeper, journal
        self.origin: tuple[int, int] | None = None
        self.changed: set[str] = set()
        self.replay = Replay(folder)
        self._state: dict[str, Any] | None = None

    @property
    def is_fork_at_its_start(self) -> bool:
        return self._folder.record().fork is not None and self.origin is not None and self.origin[1] == 0

    def attach(self, parts: Mapping[str, Any], device: torch.device, phase: Callable[[str], None]) -> None:
        """Load the parts.

        Raises:
            WorkbenchError: a fork's checkpoint cannot be read, or does not fit the settings.
        """
        record = self._folder.record()
        found = self._keeper.newest_good(device)
        if found is None and record.fork is not None:
            why = f"the checkpoint at step {record.fork.step:,} that {self._folder.id} was forked at cannot be read"
            raise WorkbenchError(why, "fork anew")
        if found is None:
            if record.weights and record.parent:
                phase(f"reading the weights of {record.parent}")
                classes = tuple(self._journal.state.data.get("classes") or ())
                self._journal.write(Noticed(at=time.time(), message=adopt(self._folder, record.parent, parts, classes, device)))
            return
        attempt, self._state = found
        self.origin = (int(self._state["step"]), attempt)
        self.changed = self.replay.amended(self.origin) | (set(record.fork.changed) if record.fork and attempt == 0 else set())
        restore(parts, self._state["parts"], self.changed, str(record.parent if record.fork else self._folder.id))
        if "optimizer" in self.changed:
            self._journal.notice("another optimizer begins without a memory of earlier gradients")

    def take(self) -> dict[str, Any] | None:
        """The rest of what the checkpoint holds, once."""
        state, self._state = self._state, None
        return state

    def restore_best(self, state: Mapping[str, Any], best: Best, device: torch.device) -> None:
        """What earlier evaluations found, where they still measure the same."""
        if not _JUDGED_BY.isdisjoint(self.changed):
            return
        best.load_state_dict(state)
        if best.weights is None:
            best.weights = self._keeper.weights_of(best.step, device)
        step = best.step
        if best.lost():
            self._journal.notice(f"the weights of the best evaluation, at step {step:,}, are gone; the best from here on counts")

    def restore_random(self, state: Mapping[str, Any]) -> None:
        """The states of all random numbers, unless the seed was changed."""
        if "seed" not in self.changed:
            restore_random_state(state["random"])

    def live(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Live settings that were in force and are not changed since; a fork has them among its settings."""
        if self.origin is None or self.origin[1] == 0:
            return {}
        return {name: value for name, value in state.get("live", {}).items() if name not in self.changed}
