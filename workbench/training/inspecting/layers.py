"""The layers of a model as a table: name, kind, output shape, parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from workbench.training.inspecting.modes import evaluating


def layer_table(model: Any, example: Any, *, counted: Callable[[], int] | None = None) -> tuple[list[dict[str, Any]], int]:
    """Run one example through the model and note what each layer makes of it.

    Shapes:
        example (1, ...), or a tuple of such inputs, on the model's device; output shapes are given without the batch

    Args:
        counted: multiply-adds so far; what a layer adds becomes its `multiply_adds`.

    Returns:
        a row for each module without children, in the order in which they ran, and the number of parameters in all.
    """
    rows: list[dict[str, Any]] = []
    begun: dict[nn.Module, int] = {}
    names = {module: name for name, module in model.named_modules()}

    def note(module: nn.Module, _: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        shape = list(first.shape[1:]) if isinstance(first, Tensor) else []
        count = sum(parameter.numel() for parameter in module.parameters())
        row = {"name": names[module], "kind": type(module).__name__, "output_shape": shape, "parameters": count}
        rows.append(row if counted is None else {**row, "multiply_adds": counted() - begun[module]})

    def begin(module: nn.Module, _: Any) -> None:
        begun[module] = counted() if counted else 0

    leaves = [module for module in model.modules() if not any(True for _ in module.children())]
    hooks = [hook for leaf in leaves for hook in (leaf.register_forward_pre_hook(begin), leaf.register_forward_hook(note))]
    try:
        with evaluating(model), torch.no_grad():
            model(*example) if isinstance(example, tuple) else model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return rows, sum(parameter.numel() for parameter in model.parameters())
