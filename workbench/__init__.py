"""The training workbench: pick a recipe, edit its settings, start it, and watch it learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.recipe import Goal
    from workbench.recording.recorder import Recorder

__version__ = "0.1.0"


def record(
    name: str,
    settings: Any = None,
    *,
    goals: Mapping[str, Goal] | None = None,
    steps_total: int | None = None,
    steps_per_epoch: int = 0,
    tags: tuple[str, ...] = (),
    runs: str | Path | None = None,
) -> Recorder:
    """Record a training loop of your own as a run beside the workbench's: live charts, pause and stop, comparison.

        with workbench.record("baseline", {"lr": 1e-3}, goals={"validation/accuracy": "max"}) as run:
            for step, batch in enumerate(batches, start=1):
                run.log(step, {"train/loss": loss})
                if run.should_stop():
                    break

    Needs no torch and never raises: where nothing can be written, the loop goes on unrecorded. Of several processes, let one
    record.

    Args:
        settings: a dict, a dataclass, or what argparse returns; nested ones become `model.width`.
        goals: whether less ("min") or more ("max") of a metric is better; the first decides which evaluation was best.
        steps_total: for the share that is done and the time that is left.
        steps_per_epoch: for charts over epochs.
        runs: the folder of all runs, where it is not the usual one.
    """
    from workbench.recording import recorder

    return recorder.record(name, settings, goals, steps_total, steps_per_epoch, tags, runs)
