"""Loss scaling: keeps the gradients of an fp16 forward pass within what fp16 can hold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_FIRST = 2.0**16
_GROWTH, _BACKOFF, _GROWTH_EVERY = 2.0, 0.5, 2000  # as torch.amp.GradScaler has them
_SMALLEST = 2.0**-8  # fp16 gradients that overflow even so are not too large but wrong


class LossScale:
    """Multiplies the loss, divides the gradients, and halves itself when they overflowed; all on the device, without waiting.

    Micikevicius et al. 2018, section 3.2 (arXiv:1710.03740). torch.amp.GradScaler does the same, but reads the outcome of each
    step from the device to decide whether to update.
    """

    def __init__(self, device: torch.device) -> None:
        self.scale = torch.full((), _FIRST, device=device)
        self._steps_without_overflow = torch.zeros((), dtype=torch.int32, device=device)

    def apply(self, loss: Tensor) -> Tensor:
        return loss * self.scale

    def unscale(self, gradients: list[Tensor]) -> Tensor:
        """Divide gradients in place; returns a bool () on the device: whether one was not finite. The scale then shrinks, else may grow."""
        overflowed = torch.zeros(1, device=self.scale.device)
        torch._amp_foreach_non_finite_check_and_unscale_(gradients, overflowed, self.scale.double().reciprocal().float())
        torch._amp_update_scale_(self.scale, self._steps_without_overflow, overflowed, _GROWTH, _BACKOFF, _GROWTH_EVERY)
        return overflowed[0] > 0

    def is_hopeless(self) -> Tensor:
        """A bool () on the device: gradients overflow although the scale has shrunk to nothing, so they are NaN or infinite themselves."""
        return self.scale < _SMALLEST

    def state_dict(self) -> dict[str, Any]:
        return {"scale": self.scale, "steps_without_overflow": self._steps_without_overflow}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.scale.copy_(state["scale"])
        self._steps_without_overflow.copy_(state["steps_without_overflow"])
