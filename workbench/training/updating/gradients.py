"""How large gradients, weights and updates are, in all and per layer, and keeping gradients within bounds."""

from __future__ import annotations

import math
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


class LayerNorms:
    """The global norm and the norm per layer of what belongs to a model's parameters, from one foreach call.

    A layer is a module that owns parameters itself: `conv1`, `encoder.lstm`. What is measured has one tensor, or None, for each
    of `parameters`: their gradients, themselves, what an update added to them.
    """

    def __init__(self, model: nn.Module) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        owners = [name.rpartition(".")[0] or "model" for name, _ in named]
        self.layers = tuple(dict.fromkeys(owners))
        self.parameters = [parameter for _, parameter in named]
        self._owners = [self.layers.index(owner) for owner in owners]
        self._places: dict[tuple[int, ...], Tensor] = {}  # on the device: a copy each step would wait for it

    @property
    def gradients(self) -> list[Tensor | None]:
        """A parameter that the loss did not reach has none."""
        return [parameter.grad for parameter in self.parameters]

    def measure(self, tensors: Sequence[Tensor | None]) -> Tensor:
        """(1 + layers,) on the device, which is not waited for: the global norm, then that of each of `layers`.

        A layer without a tensor has 0.
        """
        device = self.parameters[0].device
        owners, found = self._found(tensors)
        if not found:
            return torch.zeros(1 + len(self.layers), device=device)
        if owners not in self._places:
            self._places[owners] = torch.tensor(owners, device=device) + 1
        norms = torch.stack(torch._foreach_norm(found))
        squares = norms.new_zeros(1 + len(self.layers)).index_add_(0, self._places[owners], norms * norms)
        squares[0] = squares.sum()
        return squares.sqrt_()

    def read(self, tensors: Sequence[Tensor | None]) -> list[float]:
        """The same as numbers. On the CPU, where a small model's step is mostly calls of kernels, it takes half the time."""
        squares = [0.0] * len(self.layers)
        owners, found = self._found(tensors)
        if found:
            norms: list[float] = torch.stack(torch._foreach_norm(found)).tolist()
            for owner, norm in zip(owners, norms, strict=True):
                squares[owner] += norm * norm
        return [math.sqrt(sum(squares)), *map(math.sqrt, squares)]

    def _found(self, tensors: Sequence[Tensor | None]) -> tuple[tuple[int, ...], list[Tensor]]:
        """The tensors that there are, and the layer of each."""
        pairs = [(owner, tensor) for owner, tensor in zip(self._owners, tensors, strict=True) if tensor is not None]
        return tuple(owner for owner, _ in pairs), [tensor for _, tensor in pairs]


def clip(gradients: Sequence[Tensor], norm: Tensor | float, largest: float) -> None:
    """Scale gradients in place so that their global norm, which is `norm`, is at most `largest`.

    Pascanu, Mikolov, Bengio 2013, algorithm 1 (arXiv:1211.5063). A norm that is a tensor stays on its device.
    """
    factor = largest / (norm + _SMALL)
    if isinstance(factor, Tensor):
        torch._foreach_mul_(list(gradients), factor.clamp(max=1.0))
    elif factor < 1.0:
        torch._foreach_mul_(list(gradients), factor)
