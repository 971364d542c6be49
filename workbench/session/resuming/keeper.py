"""Which checkpoints a run keeps, and when it takes the time to save one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from workbench.events.types import CheckpointRemoved, CheckpointSaved
from workbench.runs.folder import RunFolder
from workbench.session.journal import Journal

_SHARE = 0.01  # of the time, for routine checkpoints: with the last one, saving stays under 2 % also in short runs
_FIRST_SECONDS = 0.02  # what the first is taken to need: 3 MB, two fsyncs


class Keeper:
    """Saves checkpoints within a share of the time, and removes those that nobody needs."""

    def __init__(self, folder: RunFolder, journal: Journal, attempt: int, *, recent: int | None) -> None:
        self._folder = folder
        self._journal = journal
        self._attempt = attempt
        self._recent = recent
        self._spent = 0.0
        self._longest = _FIRST_SECONDS
        self._best: Path | None = None
        self.last_step: int | None = None
        self.last_size_bytes = 0
        self.best_on_disk: int | None = None

    def may_save(self, elapsed_seconds: float) -> bool:
        """Whether one more routine checkpoint stays within the share of the time."""
        return self._spent + self._longest <= _SHARE * elapsed_seconds

    def save(self, step: int, state: dict[str, Any], *, metrics: dict[str, float], best: bool, reason: str) -> str:
        """Write a checkpoint of `step`; returns what went wrong in words, or nothing.

        Training goes on without it when the disk is full: the older checkpoints are still there.
        """
        from workbench.training import checkpoint

        if self.last_step == step:
            return ""
        path = self._folder.checkpoints / f"{step}-{self._attempt}"
        begun = time.monotonic()
        try:
            saved = checkpoint.save(path, state, {"step": step, "attempt": self._attempt, "metrics": metrics, "best": best})
        except OSError as error:
            self._spent += time.monotonic() - begun
            message = f"no checkpoint at step {step:,}: {error.strerror or error}"
            self._journal.notice(f"{message}; the run goes on")
            return message
        seconds = time.monotonic() - begun
        self._spent, self._longest = self._spent + seconds, max(self._longest, seconds)
        self.last_step, self.last_size_bytes = step, saved.size_bytes
        if best:
            self._best, self.best_on_disk = path, step
        self._journal.write(
            CheckpointSaved(
                at=time.time(), step=step, attempt=self._attempt, size_bytes=saved.size_bytes, finite=saved.finite,
                seconds=round(seconds, 4), reason=reason,
            ),
            commit=True,
        )  # fmt: skip
        for gone in checkpoint.keep(self._folder.checkpoints, self._best, recent=self._recent):
            removed_step, removed_attempt = map(int, gone.name.split("-"))
            self._journal.write(CheckpointRemoved(at=time.time(), step=removed_step, attempt=removed_attempt))
        return ""

    def newest_good(self, device: Any) -> tuple[int, dict[str, Any]] | None:
        """The newest checkpoint that can be trusted, as (the attempt that saved it, its state); damaged ones are noticed."""
        from workbench.training import checkpoint

        found, damaged = checkpoint.newest_good(self._folder.checkpoints, device)
        for damage in damaged:
            instead = f"going on from {found.path.name}" if found else "starting from the first step"
            self._journal.notice(f"checkpoint {damage.path.name} is damaged ({damage.why}); {instead}")
        if found is None:
            return None
        best_step = found.state["best"]["step"]
        for path in checkpoint.newest_first(self._folder.checkpoints):
            if path.name.split("-")[0] == str(best_step):
                self._best, self.best_on_disk = path, best_step
                break
        return int(found.path.name.split("-")[1]), found.state

    def weights_of(self, step: int | None, device: Any) -> dict[str, Any] | None:
        """The model's weights in the newest checkpoint of a step; None where there is none that can be trusted."""
        from workbench.training import checkpoint

        for path in checkpoint.newest_first(self._folder.checkpoints):
            if path.name.split("-")[0] == str(step):
                try:
                    weights: dict[str, Any] = checkpoint.load(path, device)[0]["parts"]["model"]
                except checkpoint.DamagedCheckpoint as damage:
                    self._journal.notice(f"the best checkpoint {path.name} is damaged ({damage.why})")
                else:
                    return weights
        return None
