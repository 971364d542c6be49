"""Giving the parts of a run what a checkpoint has of them, and telling in words where they do not fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor, nn

from workbench.errors import ExitCode, WorkbenchError


def restore(parts: Mapping[str, Any], saved: Mapping[str, Any], changed: Collection[str], origin: str) -> None:
    """Load every part; then what was changed since wins over what was saved.

    Args:
        changed: names of the settings that have other values than when the checkpoint was saved.
        origin: where it comes from, for people.

    Raises:
        WorkbenchError: settings were changed that make another model of it.
    """
    for name, part in parts.items():
        if isinstance(part, nn.Module) and changed:
            _check(part, saved.get(name, {}), origin)
        if changed and name not in saved:
            raise _misfit(f"it has nothing for {name}", origin)
        part.load_state_dict(saved[name])
        if changed and hasattr(part, "amend"):
            part.amend(changed)


def set_dropout(parts: Mapping[str, Any], share: float) -> int:
    """Have every dropout among the parts hide another share; returns how many there are.

    A recurrent module of one layer has no place for it: torch drops out between layers.
    """
    count = 0
    for part in parts.values():
        for module in part.modules() if isinstance(part, nn.Module) else ():
            if isinstance(module, nn.modules.dropout._DropoutNd):
                module.p = share
                count += 1
            elif isinstance(module, nn.RNNBase) and module.num_layers > 1:
                module.dropout = share
                count += 1
    return count


def _check(module: nn.Module, saved: Mapping[str, Tensor], origin: str) -> None:
    own = module.state_dict()
    for name in [*own, *(name for name in saved if name not in own)]:
        here, there = (shape_of(weights.get(name)) for weights in (own, saved))
        if here != there:
            raise _misfit(f"{name} is {here} with these settings and {there} in it", origin)


def _misfit(why: str, origin: str) -> WorkbenchError:
    return WorkbenchError(
        f"the model does not fit the checkpoint of {origin}: {why}",
        "keep the settings of the model and the data; `workbench train RECIPE --from RUN` begins anew with others",
        code=ExitCode.WRONG_USE,
    )


def shape_of(value: Tensor | None) -> str:
    """A tensor's shape in words: `64x32`, `a number`, `not there`."""
    return "not there" if value is None else "x".join(map(str, value.shape)) or "a number"
