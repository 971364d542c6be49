"""How weights and gradients are spread in each layer, and which units are dead, as previews: for a look inside while it learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.recipe import Preview
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.ranks import ranks

_BAR = 20  # cells of the bar of a layer that is dead in all
DECADES = range(-9, 3)  # bins of |x|, a decade each: below 1e-8, 1e-8 to 1e-7, ..., 10 and more; with one more for exact zeros


def histograms(model: nn.Module | Mapping[str, nn.Module], loss: Callable[..., Tensor], *inputs: Any) -> Iterator[Preview]:
    """The previews `weights`, `gradients` and `dead_units` of a model on one batch; costs one forward and one backward pass.

    The model is run as in evaluation, so that batch norm learns nothing and dropout draws nothing; its gradients, its mode
    and the random numbers are left as they were, and so is the training.

    Args:
        model: a network, or several by their names, which then stand before those of their layers.
        loss: from `inputs` to a loss, through the model; of several networks the sum, each reached by its own part of it.
    """
    parts = {"": model} if isinstance(model, nn.Module) else model
    named = [
        (f"{part}.{name}" if part else name, parameter)
        for part, network in parts.items()
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    ]
    device = named[0][1].device
    # cuDNN cannot go back through a recurrent layer in evaluation mode; torch's own kernels can.
    with (
        evaluating(*parts.values()),
        Activity(model) as activity,
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        torch.backends.cudnn.flags(enabled=False),
        torch.enable_grad(),
    ):
        gradients = torch.autograd.grad(loss(*inputs), [parameter for _, parameter in named], allow_unused=True)
    found = [(name, gradient) for (name, _), gradient in zip(named, gradients, strict=True) if gradient is not None]
    whole = ranks.added([gradient * ranks.share for _, gradient in found]) if ranks.count > 1 else [gradient for _, gradient in found]
    yield spread("weights", "weights log10 |w|: % of each layer by size", _by_layer(named))
    yield spread(
        "gradients", "gradients log10 |g|: % of each layer by size", _by_layer(zip((name for name, _ in found), whole, strict=True))
    )
    if shares := activity.shares():
        longest = max(map(len, shares))
        lines = [f"{name:{longest}} {share:6.1%}  {'#' * round(_BAR * share)}".rstrip() for name, share in shares.items()]
        yield Preview("dead_units", "dead units: those that say the same to every example", "text", text="\n".join(lines))


@torch.no_grad()
def spread(name: str, title: str, layers: dict[str, Tensor]) -> Preview:
    """Of each layer's numbers, how many % are 0 and in each decade of |x|; NaN in a row that has one.

    Shapes:
        layers: one flat tensor each
    """
    columns = ("=0", "<", *map(str, DECADES[1:]))  # exponents: a column of a small chart is three cells wide
    rows = torch.stack([_shares(values) for values in layers.values()]).tolist() if layers else []
    return Preview(name, title, "matrix", matrix=tuple(tuple(map(_percent, row)) for row in rows), rows=tuple(layers), columns=columns)


def _percent(share: float) -> float:
    return round(100 * share, 1)  # as many digits as a cell of 80 columns holds


def _shares(values: Tensor) -> Tensor:
    """(1 + decades,) on the CPU."""
    sizes = values.detach().float().abs()
    if not bool(torch.isfinite(sizes).all()):
        return torch.full((1 + len(DECADES),), math.nan)
    edges = torch.tensor([10.0**decade for decade in DECADES[1:]], device=sizes.device)
    places = torch.where(sizes == 0, 0, 1 + torch.bucketize(sizes, edges, right=True))
    return (torch.bincount(places, minlength=1 + len(DECADES)) / max(1, sizes.numel())).cpu()


def _by_layer(named: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """The numbers of each layer in one row, whatever its parameters are called."""
    layers: dict[str, list[Tensor]] = {}
    for name, tensor in named:
        layers.setdefault(name.rpartition(".")[0] or "model", []).append(tensor.detach().flatten())
    return {name: torch.cat(tensors) for name, tensors in layers.items()}
