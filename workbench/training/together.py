"""Layers that look at the whole batch when several processes have a part of it each: batch norm and dropout.

torch's own `SyncBatchNorm` does the same for batch norm on GPUs alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from workbench.training.precision import widened
from workbench.training.ranks import ranks


def join_layers(model: nn.Module) -> None:
    """Let the batch norms and dropouts of a model look at the whole batch; names and weights stay what they are."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and type(module) in _JOINED:
            module.__class__ = _JOINED[type(module)]
        elif type(module) is nn.Dropout:
            module.__class__ = JoinedDropout


class _Sum(torch.autograd.Function):
    """A sum over all processes; the gradient of each part is the sum of the gradients that all of them have for it."""

    @staticmethod
    def forward(_: Any, value: Tensor) -> Tensor:
        return ranks.added([value])[0]

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return ranks.added([gradient])[0]


class _Joined(_BatchNorm):
    """Batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167) over the rows of all processes."""

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training or ranks.part is None:
            return super().forward(inputs)
        axes = [axis for axis in range(inputs.ndim) if axis != 1]
        shape = [1, -1, *[1] * (inputs.ndim - 2)]
        values = widened(inputs)
        count = ranks.added([values.new_tensor(float(values.numel() // values.shape[1]))])[0]
        mean = _sum(values.sum(axes)) / count  # (C,)
        centred = values - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach(), count)
        scaled = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            scaled = scaled * self.weight.view(shape) + self.bias.view(shape)
        return scaled.to(inputs.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), share)


def _sum(value: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(value)
    return total


class _Joined1d(_Joined, nn.BatchNorm1d):
    pass


class _Joined2d(_Joined, nn.BatchNorm2d):
    pass


class _Joined3d(_Joined, nn.BatchNorm3d):
    pass


_JOINED = {nn.BatchNorm1d: _Joined1d, nn.BatchNorm2d: _Joined2d, nn.BatchNorm3d: _Joined3d}


class JoinedDropout(nn.Dropout):
    """Dropout whose mask is drawn for the whole batch, as one process on the CPU draws it; each process keeps its rows."""

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training or not self.p or ranks.part is None:
            return super().forward(inputs)
        return inputs * ranks.drawn(lambda count: self._mask(inputs, count), len(inputs))

    def _mask(self, inputs: Tensor, count: int) -> Tensor:
        """(count, ...) laid out in memory as the inputs are, since that is the order in which it is drawn."""
        order = sorted(range(inputs.ndim), key=inputs.stride, reverse=True)
        shape = [count, *inputs.shape[1:]]
        empty = torch.empty([shape[axis] for axis in order], dtype=inputs.dtype, device=inputs.device)
        back = sorted(range(inputs.ndim), key=order.__getitem__)
        return empty.permute(back).bernoulli_(1 - self.p).div_(1 - self.p)
