"""How weights and gradients are spread in each layer, and which units are dead, as previews: for a look inside while it learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from workbench.recipe import Preview

DECADES = range(-9, 3)  # bins of |x|, a decade each: below 1e-8, 1e-8 to 1e-7, ..., 10 and more; with one more for exact zeros
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Softplus)
_FLAT = 1e-6  # an output that varies by less over a whole batch says nothing, be it 0 or a saturated 1


def histograms(model: nn.Module, loss: Callable[..., Tensor], *inputs: Tensor) -> Iterator[Preview]:
    """The previews `weights`, `gradients` and `dead_units` of a model on one batch; costs one forward and one backward pass.

    The model is run as in evaluation, so that batch norm learns nothing and dropout draws nothing; its gradients and its mode
    are left as they were, and so is the training.

    Args:
        loss: from `inputs` to a loss, through the model.
    """
    units: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda module, args, output, name=name: _vary(units, name, output))
        for name, module in model.named_modules()
        if isinstance(module, _ACTIVATIONS)
    ]
    was_training = model.training
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    try:
        model.eval()
        with torch.enable_grad():
            gradients = torch.autograd.grad(loss(*inputs), [parameter for _, parameter in named], allow_unused=True)
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    yield spread("weights", "weights per layer, % by size", _by_layer(named))
    found = [(name, gradient) for (name, _), gradient in zip(named, gradients, strict=True) if gradient is not None]
    yield spread("gradients", "gradients per layer, % by size", _by_layer(found))
    if units:
        shares = {name: float((~varies).float().mean()) for name, varies in units.items()}
        yield Preview(
            "dead_units",
            "units that say the same to every example, %",
            "matrix",
            matrix=tuple((_percent(share),) for share in shares.values()),
            rows=tuple(shares),
            columns=("dead",),
        )


@torch.no_grad()
def spread(name: str, title: str, layers: dict[str, Tensor]) -> Preview:
    """Of each layer's numbers, how many % are 0 and in each decade of |x|; NaN in a row that has one.

    Shapes:
        layers: one flat tensor each
    """
    columns = ("0", "less", *(f"1e{decade}" for decade in DECADES[1:]))
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


def _vary(units: dict[str, Tensor], name: str, output: Tensor) -> None:
    """Note which units differ between the examples of a batch, or between the places of an image or a text.

    Shapes:
        output (B, K, ...) with K units where it has more than two dimensions and the last but one other: channels of images;
        (B, T, K) of sequences; (B, K) of dense layers
    """
    values = output.detach()
    last = values.flatten(2).transpose(1, 2).flatten(0, 1) if values.ndim == 4 else values.flatten(0, -2)  # (many, K)
    varies = (last.amax(0) - last.amin(0)) > _FLAT
    units[name] = units[name] | varies if name in units else varies  # of one used several times, any use counts
