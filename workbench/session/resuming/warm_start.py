"""Beginning with the weights of another run: its best ones, with a new last layer where its classes were others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import ExitCode, WorkbenchError
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import read_state
from workbench.runs.store import Store
from workbench.session.resuming.restoring import shape_of
from workbench.training import trained


def adopt(folder: RunFolder, parent: str, parts: Mapping[str, Any], classes: tuple[str, ...], device: torch.device) -> str:
    """Give every module among `parts` the weights that it has in another run of the same store; says what was taken.

    Args:
        parent: the other run's id; it is looked up among the runs, and never becomes a path by itself.
        classes: those of the data that this run learns; where the other run's differ, the last layer stays new.

    Raises:
        WorkbenchError: there is no such run, none of its checkpoints can be trusted, or its model has another shape.
    """
    store = Store(folder.path.parent)
    if parent not in store.ids():
        raise WorkbenchError(f"there is no run `{parent}` to take weights from", "`workbench runs` lists them", code=ExitCode.WRONG_USE)
    other = store.folder(parent)
    theirs = trained.best(other.checkpoints, device)
    same = tuple(read_state(other).data.get("classes") or ()) == classes
    fresh: list[str] = []
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            fresh += _load(part, theirs.parts.get(name, {}), parent, keep_head=same)
    head = f"; new: {', '.join(fresh)}" if fresh else ""
    return f"begins with the weights of {parent} at step {theirs.step:,}{head}"


def _load(module: nn.Module, theirs: Mapping[str, Tensor], parent: str, *, keep_head: bool) -> list[str]:
    """Load what fits; returns the names of the last layer's weights that stay new.

    Raises:
        WorkbenchError: anything but the last layer differs in name or shape.
    """
    own = module.state_dict()
    last = [name for name, _ in module.named_parameters()][-1].rpartition(".")[0]
    fresh = [name for name in own if name.rpartition(".")[0] == last]
    if keep_head and all(name in theirs and theirs[name].shape == own[name].shape for name in fresh):
        fresh = []
    for name, value in own.items():
        if name not in fresh and (name not in theirs or theirs[name].shape != value.shape):
            raise WorkbenchError(
                f"the weights of {parent} do not fit: {name} is {shape_of(value)} here and {shape_of(theirs.get(name))} in it",
                f"--from {parent} takes its settings over; keep those of the model, and images of the same size",
            )
    module.load_state_dict({name: own[name] if name in fresh else theirs[name] for name in own})
    return fresh
