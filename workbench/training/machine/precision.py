"""Arithmetic and memory format, which follow from the device and never from a timing, so that equal runs stay equal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from workbench.errors import ExitCode, WorkbenchError

Precision = Literal["fp32", "bf16", "fp16", "fp64"]
M = TypeVar("M", bound=nn.Module)


def resolve(wanted: Literal["auto", "fp32", "bf16", "fp64"], device: torch.device) -> Precision:
    """The precision of a run: auto is bf16 where the device computes with it, fp16 on older CUDA cards, else fp32.

    Raises:
        WorkbenchError: the device has no such arithmetic.
    """
    if wanted == "fp64" and device.type == "mps":
        raise WorkbenchError("Apple's GPUs do not compute in fp64", "take --device cpu, or --precision fp32", code=ExitCode.WRONG_USE)
    if wanted != "auto":
        return wanted
    if computes_bf16(device):
        return "bf16"
    return "fp16" if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (7, 0) else "fp32"


def computes_bf16(device: torch.device) -> bool:
    """Whether the device has bf16 arithmetic of its own: NVIDIA since Ampere, CPUs with AVX512_BF16 or AMX.

    Elsewhere bf16 is emulated, which is slower than fp32 and no more exact.
    """
    if device.type == "cuda":
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        has: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older torch cannot tell: fp32
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """A context in which the forward pass runs in `precision`; weights and gradients stay what they are."""
    if precision in ("fp32", "fp64"):
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.float16 if precision == "fp16" else torch.bfloat16)


def in_precision(model: M, precision: str) -> M:
    """The model with weights of that precision: fp32, or fp64, where each layer then takes fp32 inputs as well.

    It begins with the same weights, widened, so that two runs differ in nothing but rounding.
    """
    if precision == "fp64":
        model.double()
        for module in model.modules():
            if any(tensor.is_floating_point() for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False))):
                module.register_forward_pre_hook(lambda _, inputs: doubled(inputs))
    return model


def doubled(values: Any) -> Any:
    """Tensors of real numbers as fp64, also those in tuples; all else as it is."""
    if isinstance(values, tuple) and type(values) is tuple:
        return tuple(map(doubled, values))
    return values.double() if isinstance(values, Tensor) and values.is_floating_point() else values


def widened(values: Tensor) -> Tensor:
    """What a 16-bit forward pass left as fp32, for a loss or a norm; fp32 and fp64 as they are."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def memory_format(device: torch.device) -> Literal["channels_last", "contiguous"]:
    """The layout of 4-dimensional weights that the device's convolutions are fastest in."""
    return "channels_last" if device.type in ("cpu", "cuda") else "contiguous"


def in_memory_format(model: M, device: torch.device) -> M:
    """The model with its 4-dimensional weights in the layout that the device's convolutions are fastest in."""
    if memory_format(device) == "channels_last":
        model.to(memory_format=torch.channels_last)
    return model
