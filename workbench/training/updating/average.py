"""An exponential average of a network's weights: a smoother network than any single step's, at no cost in training."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

_HEAD_START = 10  # updates; the first ones count for more, or the untrained weights would stay in the average for long


def averaged_copy(network: nn.Module) -> nn.Module:
    """A copy that `follow` keeps; its weights are buffers, so that nothing trains them and no count of parameters has them.

    Polyak and Juditsky 1992; for generators Yazici et al. 2019 (arXiv:1806.04498).
    """
    copied = copy.deepcopy(network).eval()
    for module in copied.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach().clone(memory_format=torch.preserve_format))
    return copied


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float, updates: int) -> None:
    """Move the average towards the network: average = d * average + (1 - d) * network.

    d is `decay`, and less for the first `updates` (counted from 1): (1 + updates) / (10 + updates). Whole numbers, such as
    the count of batches that a norm has seen, are copied.
    """
    share = 1 - min(decay, (1 + updates) / (_HEAD_START + updates))
    followed = _tensors(network)
    own = dict(average.named_buffers())
    floats = [name for name, tensor in own.items() if tensor.is_floating_point()]
    torch._foreach_lerp_([own[name] for name in floats], [followed[name] for name in floats], share)
    for name in own.keys() - set(floats):
        own[name].copy_(followed[name])


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}
