"""The layers of a model as a table: name, kind, output shape, parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from workbench.training.modes import evaluating


def layer_table(model: Any, example: Any) -> tuple[list[dict[str, Any]], int]:
    """Run one example through the model and note what each layer makes of it.

    Shapes:
        example (1, ...), or a tuple of such inputs, on the model's device; output shapes are given without the batch

    Returns:
        a row for each module without children, in the order in which they ran, and the number of parameters in all.
    """
    rows: list[dict[str, Any]] = []
    names = {module: name for name, module in model.named_modules()}

    def note(module: nn.Module, _: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        shape = list(first.shape[1:]) if isinstance(first, Tensor) else []
        count = sum(parameter.numel() for parameter in module.parameters())
        rows.append({"name": names[module], "kind": type(module).__name__, "output_shape": shape, "parameters": count})

    leaves = [module for module in model.modules() if not any(True for _ in module.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        with evaluating(model), torch.no_grad():
            model(*example) if isinstance(example, tuple) else model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return rows, sum(parameter.numel() for parameter in model.parameters())
