"""How the machine bears the run: series like any other, taken every few seconds; the wait for batches every few steps."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.recipe import Chart, Metric
from workbench.session.journal import memory_bytes

METRICS = {
    "machine/cpu": Metric(unit="cores", chart="machine_cpu", help="Cores that the worker keeps busy."),
    "machine/input_wait": Metric("min", "%", "machine_input", "Share of the time that steps waited for their batches."),
    "machine/memory": Metric(unit="bytes", chart="machine_memory", help="Resident memory of the worker."),
    "machine/disk_free": Metric(unit="bytes", chart="machine_disk", help="Room left where the runs lie."),
}
GPU_METRICS = {
    "machine/gpu": Metric(unit="%", chart="machine_gpu", help="Share of the time that the GPU had something to do."),
    "machine/gpu_memory": Metric(unit="bytes", chart="machine_gpu_memory", help="Memory of the GPU that is taken, also by others."),
}
CHARTS = {
    "machine_cpu": Chart("CPU cores busy"),
    "machine_input": Chart("waiting for input"),
    "machine_memory": Chart("memory"),
    "machine_disk": Chart("disk left"),
}
GPU_CHARTS = {"machine_gpu": Chart("GPU busy"), "machine_gpu_memory": Chart("GPU memory")}
# What the wait is a share of: enough steps that several loaders took turns, or, of slow ones, a while.
_WINDOW_STEPS = 20
_WINDOW_SECONDS = 2.0


class Vitals:
    """Reads what changed since the last look.

    Attributes:
        waited_seconds: that steps spent on getting their batches; the loop adds to it.
    """

    def __init__(self, folder: Path, gpu: Callable[[], dict[str, float]] | None) -> None:
        self._folder = folder
        self._gpu = gpu
        self.waited_seconds = 0.0
        self._before = (time.monotonic(), time.process_time())
        self._window: tuple[float, float] | None = None  # when it began, and what had been waited by then
        self._steps = 0

    @property
    def metrics(self) -> dict[str, Metric]:
        return {**METRICS, **(GPU_METRICS if self._gpu else {})}

    @property
    def charts(self) -> dict[str, Chart]:
        return {**CHARTS, **(GPU_CHARTS if self._gpu else {})}

    def of_step(self) -> dict[str, float]:
        """What a step logs besides its own numbers: mostly nothing, now and then the share of the last steps' time that they waited."""
        now = (time.monotonic(), self.waited_seconds)
        if self._window is None:  # the first step comes late for other reasons
            self._window = now
            return {}
        self._steps += 1
        wall, waited = now[0] - self._window[0], now[1] - self._window[1]
        if wall <= 0 or (self._steps < _WINDOW_STEPS and wall < _WINDOW_SECONDS):
            return {}
        self._window, self._steps = now, 0
        return {"machine/input_wait": round(min(1.0, waited / wall), 4)}

    def read(self) -> dict[str, float]:
        now = (time.monotonic(), time.process_time())
        wall, cpu = (new - old for new, old in zip(now, self._before, strict=True))
        self._before = now
        values = {"machine/memory": float(memory_bytes())}
        if wall > 0:
            values["machine/cpu"] = cpu / wall
        with contextlib.suppress(OSError):
            disk = os.statvfs(self._folder)
            values["machine/disk_free"] = float(disk.f_bavail * disk.f_frsize)
        return {**values, **(self._gpu() if self._gpu else {})}


def gpu_reader(device: Any) -> Callable[[], dict[str, float]] | None:
    """Reads a CUDA device's load through NVIDIA's own library; None where there is no such device or library."""
    if device.type != "cuda":
        return None
    try:
        import pynvml  # type: ignore[import-untyped]
    except ImportError:
        return None
    import torch

    try:
        pynvml.nvmlInit()
        # CUDA_VISIBLE_DEVICES renumbers devices for torch, not for the library: the UUID names the same card in both.
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except (AttributeError, pynvml.NVMLError):
        return None

    def read() -> dict[str, float]:
        with contextlib.suppress(pynvml.NVMLError):
            load, memory = pynvml.nvmlDeviceGetUtilizationRates(handle), pynvml.nvmlDeviceGetMemoryInfo(handle)
            return {"machine/gpu": load.gpu / 100, "machine/gpu_memory": float(memory.used)}
        return {}

    return read
