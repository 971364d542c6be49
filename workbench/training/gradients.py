"""How large the gradients are, in all and per layer, and keeping them within bounds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SMALL = 1e-6  # keeps the division by a norm of 0 finite; torch.nn.utils.clip_grad_norm_ has the same


class NonFiniteGradient(Exception):
    """A gradient was NaN or infinite, and the update that it would have made was left out.

    Attributes:
        step: the first such update, counted from 1.
        updates_ago: how many updates came after it; 0 where each is looked at as it happens.
        norm: the global norm: nan, inf or -inf; nan where it was seen only afterwards.
    """

    def __init__(self, step: int, updates_ago: int = 0, norm: float = float("nan")) -> None:
        what = "NaN" if norm != norm else "infinite"
        super().__init__(f"the gradient of step {step} was {what if not updates_ago else 'NaN or infinite'}; its update was not applied")
        self.step = step
        self.updates_ago = updates_ago
        self.norm = norm


class GradientNorms:
    """The global gradient norm and the norm per layer of a model, from one foreach call and without waiting for the device.

    A layer is a module that owns parameters itself: `conv1`, `encoder.lstm`.
    """

    def __init__(self, model: nn.Module) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        owners = [name.rpartition(".")[0] or "model" for name, _ in named]
        self.layers = tuple(dict.fromkeys(owners))
        self.parameters = [parameter for _, parameter in named]
        device = self.parameters[0].device
        self._owner = torch.tensor([self.layers.index(owner) for owner in owners], device=device)  # (parameters,)

    def gradients(self) -> list[Tensor]:
        """The gradients there are; a parameter that the loss did not reach has none."""
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    def measure(self) -> Tensor:
        """(1 + layers,) fp32: the global norm, then that of each of `layers`; a layer without a gradient has 0."""
        gradients = self.gradients()
        owner = self._owner
        if not gradients:
            return torch.zeros(1 + len(self.layers), device=owner.device)
        if len(gradients) < len(self.parameters):
            owner = owner[torch.tensor([parameter.grad is not None for parameter in self.parameters], device=owner.device)]
        norms = torch.stack(torch._foreach_norm(gradients)).float()
        squares = norms.new_zeros(1 + len(self.layers)).index_add_(0, owner + 1, norms * norms)
        squares[0] = squares.sum()
        return squares.sqrt_()


def clip(gradients: Sequence[Tensor], norm: Tensor, largest: float) -> None:
    """Scale gradients in place so that their global norm, which is `norm`, is at most `largest`.

    Pascanu, Mikolov, Bengio 2013, algorithm 1 (arXiv:1211.5063). The device is not waited for.
    """
    torch._foreach_mul_(list(gradients), (largest / (norm + _SMALL)).clamp(max=1.0))
