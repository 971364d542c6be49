"""How much memory this process takes at most, and how much more it may take before the system has to kill somebody."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch

_UNLIMITED = 1 << 60


def reset_peak(device: torch.device) -> None:
    """Count peaks from here on; where the system cannot, they count from the start of the process."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """The most resident memory of this process since the last reset."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def device_peak_bytes(device: torch.device) -> int | None:
    """The most that torch held on an accelerator since the last reset; None on the CPU."""
    return int(torch.cuda.max_memory_reserved(device)) if device.type == "cuda" else None


def available_bytes() -> int | None:
    """What may still be taken: what the system has left, and what the control group's limit leaves; None where nobody tells."""
    found = [_system_left(), _group_left()]
    return min((left for left in found if left is not None), default=None)


def _system_left() -> int | None:
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))) * 1024
    return None


def _group_left() -> int | None:
    """Of control groups version 2; the file of version 1 has another name, and its containers see their own meminfo seldom."""
    with contextlib.suppress(OSError, ValueError):
        group = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip()
        folder = Path(f"/sys/fs/cgroup{group}")
        limit = (folder / "memory.max").read_text().strip()
        if limit != "max" and int(limit) < _UNLIMITED:
            return int(limit) - int((folder / "memory.current").read_text())
    return None
