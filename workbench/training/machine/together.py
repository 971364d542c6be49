"""Layers that look at the whole batch when several processes have a part of it each: batch norm, dropout, and that of recurrent stacks.

torch's own `SyncBatchNorm` does the same for batch norm on GPUs alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.rnn import PackedSequence

from workbench.training.machine.precision import widened
from workbench.training.machine.ranks import ranks


def join_layers(model: nn.Module) -> None:
    """Let the batch norms and dropouts of a model look at the whole batch; names and weights stay what they are."""
    for module in model.modules():
        if isinstance(module, _BatchNorm) and type(module) in _JOINED:
            module.__class__ = _JOINED[type(module)]
        elif type(module) is nn.Dropout:
            module.__class__ = JoinedDropout
        elif type(module) in _STACKS:
            module.__class__ = _STACKS[type(module)]


class _Everyone(torch.autograd.Function):
    """The rows (R, N) of all processes, each of which has one (N,); its gradient is the sum of those that all of them have for it."""

    @staticmethod
    def forward(_: Any, row: Tensor) -> Tensor:
        rows = row.new_zeros(ranks.count, len(row))
        rows[ranks.rank] = row
        return ranks.added([rows])[0]

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return ranks.added([gradient])[0][ranks.rank]


class _Joined(_BatchNorm):
    """Batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167) over the rows of all processes.

    Means and variances are put together as in Chan, Golub, LeVeque 1983, eq. 2.1: one message forwards and one backwards.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training or ranks.part is None:
            return super().forward(inputs)
        axes = [axis for axis in range(inputs.ndim) if axis != 1]
        shape = [1, -1, *[1] * (inputs.ndim - 2)]
        values = widened(inputs)
        own = values.new_full((1,), values.numel() // values.shape[1])
        variance, mean = torch.var_mean(values, axes, correction=0)  # (C,) each
        everyone: Tensor = _Everyone.apply(torch.cat([own, mean, variance]))
        counts, means, variances = torch.split(everyone, [1, len(mean), len(mean)], dim=1)  # (R, 1), (R, C), (R, C)
        count = counts.sum().detach()
        mean = (counts * means).sum(dim=0) / count
        variance = (counts * (variances + (means - mean).square())).sum(dim=0) / count
        self._remember(mean.detach(), variance.detach(), count)
        scale = (variance + self.eps).rsqrt()
        centred = values - mean.view(shape)
        if not self.affine:
            return (centred * scale.view(shape)).to(inputs.dtype)
        outputs: Tensor = torch.addcmul(self.bias.view(shape), centred, (scale * self.weight).view(shape))
        return outputs.to(inputs.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), share)


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
        back = sorted(range(inputs.ndim), key=order.__getitem__)
        return _mask(inputs, [shape[axis] for axis in order], self.p).permute(back)


class _Stack(nn.RNNBase):
    """Recurrent layers, one called after the other where there is dropout between them: its masks are drawn for the whole batch."""

    def forward(self, inputs: Any, state: Any = None) -> tuple[Any, Any]:
        if not self.training or not self.dropout or self.num_layers == 1 or ranks.part is None:
            outputs, after = super().forward(inputs, state)
            return outputs, after
        ways = 2 if self.bidirectional else 1
        before = None if state is None else state if isinstance(state, tuple) else (state,)
        reached = []
        for number in range(self.num_layers):
            own = None if before is None else tuple(each[number * ways : (number + 1) * ways] for each in before)
            inputs, after = self._layer(number, self._dropped(inputs) if number else inputs, own)
            reached.append(after)
        joined = tuple(torch.cat(parts) for parts in zip(*reached, strict=True))
        return inputs, joined if self.mode == "LSTM" else joined[0]

    def _layer(self, number: int, inputs: Any, state: tuple[Tensor, ...] | None) -> tuple[Any, tuple[Tensor, ...]]:
        """What one of its layers computes by itself."""
        mark = f"_l{number}"
        weights: dict[str, Tensor] = {
            name.replace(mark, "_l0"): weight for name, weight in self.named_parameters() if name.removesuffix("_reverse").endswith(mark)
        }
        kind: Any = next(kind for kind in _STACKS if isinstance(self, kind))
        more: dict[str, Any] = {"nonlinearity": self.nonlinearity} if isinstance(self, nn.RNN) else {}
        more |= {"proj_size": self.proj_size} if isinstance(self, nn.LSTM) else {}
        width = weights["weight_ih_l0"].shape[1]
        layer = kind(width, self.hidden_size, bias=self.bias, batch_first=self.batch_first, bidirectional=self.bidirectional,
                     device="meta", **more)  # fmt: skip
        outputs, after = functional_call(layer, weights, (inputs, state if self.mode == "LSTM" or state is None else state[0]))
        return outputs, after if self.mode == "LSTM" else (after,)

    def _dropped(self, outputs: Any) -> Any:
        """What a layer hands to the next. Torch draws in the order (T, B, H), or in that in which the batch is packed."""
        if isinstance(outputs, PackedSequence):
            rows, every = _packed_rows(outputs)
            return outputs._replace(data=outputs.data * _mask(outputs.data, [every, outputs.data.shape[1]], self.dropout)[rows])
        length, batch, width = (outputs.transpose(0, 1) if self.batch_first else outputs).shape
        mask = ranks.drawn(lambda count: _mask(outputs, [length, count, width], self.dropout), batch, dimension=1)
        return outputs * (mask.transpose(0, 1) if self.batch_first else mask)


class _LSTM(_Stack, nn.LSTM):
    pass


class _GRU(_Stack, nn.GRU):
    pass


class _RNN(_Stack, nn.RNN):
    pass


_STACKS: dict[type, type] = {nn.LSTM: _LSTM, nn.GRU: _GRU, nn.RNN: _RNN}


def _packed_rows(packed: PackedSequence) -> tuple[Tensor, int]:
    """Where the rows of a part of the batch would be if all of it were packed, and how many rows that would have."""
    sizes = packed.batch_sizes
    own = torch.arange(int(sizes[0])) if packed.sorted_indices is None else packed.sorted_indices.cpu()
    lengths = torch.empty_like(own)
    lengths[own] = (sizes[:, None] > torch.arange(len(own))).sum(dim=0)
    whole, start = ranks.whole(lengths), ranks.begin(len(own))
    places = (
        torch.arange(len(whole)) if packed.sorted_indices is None else torch.sort(whole, descending=True)[1].argsort()
    )  # as torch packs
    before = torch.cat([whole.new_zeros(1), (whole[:, None] > torch.arange(int(whole.max()))).sum(dim=0).cumsum(dim=0)])
    rows = [before[step] + places[start + own[:size]] for step, size in enumerate(sizes.tolist())]
    return torch.cat(rows).to(packed.data.device), int(whole.sum())


def _mask(like: Tensor, shape: list[int], dropped: float) -> Tensor:
    """0 with the probability `dropped`, else what keeps the mean."""
    return torch.empty(shape, dtype=like.dtype, device=like.device).bernoulli_(1 - dropped).div_(1 - dropped)
