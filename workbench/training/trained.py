"""What a run has learnt: its best weights, as its checkpoints still have them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workbench.errors import ExitCode, WorkbenchError
from workbench.training import checkpoint


@dataclass(frozen=True)
class Trained:
    """The parts of a checkpoint (`model` and what else the recipe attached), as they were at `step`.

    Attributes:
        is_best: whether that is the step of the run's best evaluation, rather than its newest good checkpoint.
    """

    step: int
    parts: dict[str, Any]
    is_best: bool


def best(checkpoints: Path, device: torch.device) -> Trained:
    """A run's best evaluation where its checkpoints still have it, else its newest good checkpoint.

    Args:
        checkpoints: the folder of a run's checkpoints.

    Raises:
        WorkbenchError: none of them can be trusted.
    """
    newest, damaged = checkpoint.newest_good(checkpoints, device)
    if newest is None:
        name = checkpoints.parent.name
        if damaged or checkpoint.newest_first(checkpoints):
            why = f": {damaged[0]}" if damaged else ""
            raise WorkbenchError(f"{name} has no checkpoint that can be trusted{why}", "choose another run")
        raise WorkbenchError(
            f"{name} has no checkpoint, so it has no weights to use", f"while it trains, `workbench save {name}` writes one"
        )
    known = newest.state["best"]
    step, parts = int(newest.state["step"]), dict(newest.state["parts"])
    if known["weights"] is not None:
        return Trained(int(known["step"]), {**parts, "model": known["weights"]}, True)
    for path in checkpoint.newest_first(checkpoints):
        if known["step"] is not None and path.name.split("-")[0] == str(known["step"]):
            try:
                return Trained(int(known["step"]), dict(checkpoint.load(path, device)[0]["parts"]), True)
            except checkpoint.DamagedCheckpoint:
                continue  # the newest good one is the next best thing
    return Trained(step, parts, False)


def at(checkpoints: Path, step: int, device: torch.device) -> Trained:
    """The checkpoint of a step, of the newest attempt that has one.

    Raises:
        WorkbenchError: there is none, or it cannot be trusted; says at which steps there are some.
    """
    kept = checkpoint.newest_first(checkpoints)
    newest, _ = checkpoint.newest_good(checkpoints, device)
    if newest is not None and newest.state["best"]["step"] == step:
        return best(checkpoints, device)  # which the newest checkpoint may hold although that of its step is gone
    path = next((path for path in kept if path.name.split("-")[0] == str(step)), None)
    if path is None:
        steps = ", ".join(f"{number:,}" for number in sorted({int(path.name.split("-")[0]) for path in kept}))
        raise WorkbenchError(
            f"{checkpoints.parent.name} has no checkpoint of step {step:,}",
            f"it has those of {steps}" if steps else "it has none",
            code=ExitCode.NOT_FOUND,
        )
    try:
        state, _ = checkpoint.load(path, device)
    except checkpoint.DamagedCheckpoint as damaged:
        raise WorkbenchError(str(damaged), "leave --step out to use the best weights") from damaged
    return Trained(step, dict(state["parts"]), state["best"]["step"] == step)
