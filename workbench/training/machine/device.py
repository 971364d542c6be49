"""Which device a run trains on."""

from __future__ import annotations

import platform
import re

import torch

from workbench import units
from workbench.errors import WorkbenchError

_GPU = re.compile(r"cuda(?::(\d{1,4}))?")


def choose(name: str) -> torch.device:
    """The device that `name` stands for: auto, cpu, cuda, cuda:N or mps.

    auto takes the GPU with most free memory, else Apple's GPU, else the CPU; cuda takes the GPU with most free memory.

    Raises:
        WorkbenchError: there is no such device on this machine, or `name` names none.
    """
    gpu = _GPU.fullmatch(name)
    if name == "auto":
        return _freest_gpu() or torch.device("mps" if _has_mps() else "cpu")
    if name == "cpu" or (name == "mps" and _has_mps()):
        return torch.device(name)
    if gpu is None and name != "mps":
        raise WorkbenchError(f"unknown device `{name}`", f"this machine has {_in_words(available())}; `auto` chooses")
    if gpu is not None and gpu[1] is None and (freest := _freest_gpu()) is not None:
        return freest
    if gpu is not None and gpu[1] is not None and int(gpu[1]) < torch.cuda.device_count():
        return torch.device("cuda", int(gpu[1]))
    hint = f"this machine has {_in_words(available())}; `--device auto` chooses{_why_no_gpu()}"
    raise WorkbenchError(f"there is no device `{name}` here", hint)


def available() -> tuple[str, ...]:
    """The names of all devices that `choose` would accept here besides auto and cuda."""
    return ("cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count())), *(("mps",) if _has_mps() else ()))


def describe(device: torch.device) -> str:
    """The device as a person names it: `cuda:0 (NVIDIA H100, 79.2 GB)`, `cpu (x86_64, 2 threads)`."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{device} ({properties.name}, {units.size(properties.total_memory)})"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({platform.machine()}, {threads} thread{'s' if threads != 1 else ''})"
    return str(device)


def _freest_gpu() -> torch.device | None:
    count = torch.cuda.device_count()
    if count == 1:  # asking for its memory would open a context that nothing needs yet
        return torch.device("cuda", 0)
    free = {index: _free_memory(index) for index in range(count)}
    return torch.device("cuda", max(free, key=lambda index: free[index])) if free else None


def _free_memory(index: int) -> int:
    """Free bytes of a GPU; -1 where it does not let us in (another process has it to itself)."""
    try:
        return torch.cuda.mem_get_info(index)[0]
    except RuntimeError:
        return -1


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _in_words(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _why_no_gpu() -> str:
    if torch.cuda.device_count():
        return ""
    built = torch.version.cuda is not None
    return "; torch sees no GPU (is its driver installed?)" if built else "; this build of torch is for the CPU only"
