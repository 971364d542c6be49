"""Whole numbers of eight bits in place of the weights of dense and recurrent layers, for answers on the CPU."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.recipe import Recipe

_KINDS = (nn.Linear, nn.LSTM, nn.GRU)  # that torch has int8 arithmetic for
_MOST_REPEATS = 200
_SECONDS = 2.0  # for all of them


def quantised(module: nn.Module) -> tuple[nn.Module, dict[str, Any]]:
    """A copy whose weights are int8 and whose activations are scaled as they come (dynamic quantisation), and its size in bytes.

    Torch 2.14 still has it, as deprecated in favour of the package torchao, which would be another dependency.

    Raises:
        WorkbenchError: the model has no such layer, or this torch has no such arithmetic.
    """
    names = [name for name, part in module.named_modules() if isinstance(part, _KINDS)]
    if not names:
        raise WorkbenchError("--int8 has nothing to work on: the model has neither a dense nor a recurrent layer", "leave it out")
    try:
        from torch.ao.quantization import quantize_dynamic

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            smaller: nn.Module = quantize_dynamic(module, set(_KINDS), dtype=torch.qint8)  # type: ignore[no-untyped-call]
    except (ImportError, RuntimeError) as error:
        raise WorkbenchError(f"this torch cannot compute with int8 here: {error}", "leave --int8 out") from error
    return smaller.eval(), {"layers": len(names), "bytes_fp32": _bytes(module), "bytes_int8": _bytes(smaller)}


@torch.no_grad()
def compared(recipe: Recipe, config: Any, plain: nn.Module, smaller: nn.Module, inputs: Sequence[Tensor]) -> dict[str, Any]:
    """Seconds of one example through both, in turns, and how far their outputs are apart."""
    pair = []
    for module in (plain, smaller):
        part, given = (module, inputs) if recipe.serves is None else recipe.serves(config, module, tuple(inputs))
        pair.append((part.eval(), given if isinstance(given, tuple) else tuple(given)))
    took: tuple[list[float], list[float]] = ([], [])
    outputs: list[Tensor] = []
    deadline = time.perf_counter() + _SECONDS
    for repeat in range(_MOST_REPEATS):
        if repeat and time.perf_counter() > deadline:
            break
        outputs = []
        for (part, given), seconds in zip(pair, took, strict=True):
            begun = time.perf_counter()
            output = part(*given)
            seconds.append(time.perf_counter() - begun)
            outputs.append(output[0] if isinstance(output, tuple) else output)
    fp32, eight = (min(seconds) for seconds in took)  # what else the machine does only ever adds
    return {"seconds_fp32": fp32, "seconds_int8": eight, "largest_difference": float((outputs[0] - outputs[1]).abs().max())}


def _bytes(module: nn.Module) -> int:
    """Of its weights as they are saved."""
    memory = io.BytesIO()
    torch.save(module.state_dict(), memory)
    return memory.tell()
