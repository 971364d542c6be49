"""Arithmetic and memory format, which follow from the device and never from a timing, so that equal runs stay equal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeVar

import torch
from torch import nn

Precision = Literal["fp32", "bf16", "fp16"]
M = TypeVar("M", bound=nn.Module)


def resolve(wanted: Literal["auto", "fp32", "bf16"], device: torch.device) -> Precision:
    """The precision of the forward pass: auto is bf16 where the device computes with it, fp16 on older CUDA cards, else fp32."""
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
    """A context in which the forward pass runs in `precision`; weights and gradients stay fp32."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.float16 if precision == "fp16" else torch.bfloat16)


def memory_format(device: torch.device) -> Literal["channels_last", "contiguous"]:
    """The layout of 4-dimensional weights that the device's convolutions are fastest in."""
    return "channels_last" if device.type in ("cpu", "cuda") else "contiguous"


def in_memory_format(model: M, device: torch.device) -> M:
    """The model with its 4-dimensional weights in the layout that the device's convolutions are fastest in."""
    if memory_format(device) == "channels_last":
        model.to(memory_format=torch.channels_last)
    return model
