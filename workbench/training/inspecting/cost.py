"""What a model costs before it is trained: multiply-adds of each layer, and the memory of a training step."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop

from workbench.settings import Optimization
from workbench.training.inspecting.layers import layer_table
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine import precision
from workbench.training.updating.rules import Rule

# torch's registry has the CUDA kernels of attention and not the CPU's (torch 2.14; pytorch/pytorch: torch/utils/flop_counter.py).
_FORMULAS: dict[Any, Any] = {**flop_registry, torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: sdpa_flop}
_SOME, _MORE = 2, 4  # examples whose difference tells what one more takes; one alone is refused by batch norm


class MultiplyAdds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs within it: `total`, by the formulas of torch's own FLOP counter, which counts two for each.

    That counter itself also tracks modules, which nothing here needs. Matrix products, convolutions and attention count;
    additions, norms and activation functions do not. Recurrent layers count where they are not one fused operation.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = _FORMULAS.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result) // 2
        return result


def with_multiply_adds(model: Any, example: Any) -> tuple[list[dict[str, Any]], int, int]:
    """The table of layers with `multiply_adds` in each row, the parameters in all, and the multiply-adds of an example in all.

    The whole may be more than its rows: attention, for one, is often computed between layers.
    """
    counter = MultiplyAdds()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch 2.14 warns of TF32 whenever this flag is set
        with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False), counter:  # nothing fused
            rows, parameters = layer_table(model, example, counted=lambda: counter.total)
    return rows, parameters, counter.total


def training_memory(
    model: nn.Module, example: Any, batch_size: int, settings: Optimization, device: torch.device, wanted: Any
) -> dict[str, int]:
    """Bytes that a training step holds: weights, gradients, what the optimizer remembers, and the activations of a batch.

    Activations are what the backward pass of the network keeps, measured on two and on four copies of the example; the loss,
    copies in passing and the library itself come on top.
    """
    if precision.resolve(wanted, device) == "fp64":
        model, example = precision.in_precision(copy.deepcopy(model), "fp64"), precision.doubled(example)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = sum(
        tensor.nbytes for tensors in Rule(settings, trained).state_dict().values() for tensor in tensors if isinstance(tensor, Tensor)
    )
    some, more = (_kept_for_backward(model, _repeated(example, count), device, wanted) for count in (_SOME, _MORE))
    each = (more - some) / (_MORE - _SOME)
    parts = {
        "weights": sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers())),
        "gradients": sum(parameter.nbytes for parameter in trained),
        "optimizer": optimizer,
        "activations": round(some + each * (batch_size - _SOME)),
    }
    return {**parts, "total": sum(parts.values())}


def _kept_for_backward(model: nn.Module, inputs: tuple[Tensor, ...], device: torch.device, wanted: Any) -> int:
    """Bytes of all that a forward pass saves for the backward pass, each storage once, the weights themselves apart."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    arithmetic = precision.resolve(wanted, device)
    with evaluating(model):  # which brings every mode back
        model.train()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), _autocast(arithmetic):
            held = model(*inputs)  # as long as it is there, no storage is used twice
        del held
    return sum(kept.values())


def _autocast(arithmetic: str) -> Any:
    """On the CPU, where the model is looked at, both 16-bit forms take what bf16 takes."""
    return precision.autocast("bf16" if arithmetic == "fp16" else arithmetic, torch.device("cpu"))


def _repeated(example: Any, count: int) -> tuple[Tensor, ...]:
    inputs = example if isinstance(example, tuple) else (example,)
    return tuple(each.repeat_interleave(count, dim=0) for each in inputs)
