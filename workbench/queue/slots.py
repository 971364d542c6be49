"""Which slots the devices of this machine have: as many runs train at a time."""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.paths import user_settings

SETTING = "device_slots"  # in the settings file; its table `slots` is about charts
VARIABLE = "WORKBENCH_SLOTS"
_DEVICE = re.compile(r"cpu|mps|cuda:\d{1,4}")
_DEVICES = Path("/dev")


def parse(text: str) -> tuple[str, ...]:
    """The names of slots: `cuda:0,cuda:1` has one each, `cpu,cpu` two on the CPU, which are `cpu` and `cpu.2`.

    Raises:
        WorkbenchError: one names no device.
    """
    found: list[str] = []
    for device in (part.strip() for part in text.split(",")):
        if not _DEVICE.fullmatch(device):
            raise WorkbenchError(f"`{device}` is no device that could have a slot", "for example cpu, or cuda:0,cuda:1, or cpu,cpu for two")
        count = sum(device_of(slot) == device for slot in found)
        found.append(f"{device}.{count + 1}" if count else device)
    return tuple(found)


def device_of(slot: str) -> str:
    """The device that a slot is on."""
    return slot.partition(".")[0]


def machine_slots() -> tuple[str, ...]:
    """`--slots` or WORKBENCH_SLOTS (`--slots` sets it), `device_slots` of the settings file, or one for the CPU and each GPU.

    Raises:
        WorkbenchError: what was given names no device.
    """
    given = os.environ.get(VARIABLE) or user_settings().get(SETTING)
    return parse(str(given)) if given else ("cpu", *_gpus())


def wanted(device: str) -> tuple[str, ...]:
    """The slots in which a run with this setting of `device` may train. A device that has no slot takes one run at a time, too."""
    known = machine_slots()
    if device == "auto":
        return tuple(slot for slot in known if device_of(slot) != "cpu") or known
    return tuple(slot for slot in known if device_of(slot) == device or (device == "cuda" and slot.startswith("cuda:"))) or (device,)


def assigned(device: str, slot: str, wants: tuple[str, ...]) -> str:
    """The device that a run with this setting takes along with its slot; empty where torch decides."""
    several = len({device_of(each) for each in wants}) > 1 or bool(os.environ.get(VARIABLE) or user_settings().get(SETTING))
    return device_of(slot) if slot and device in ("auto", "cuda") and several and device_of(slot) not in ("auto", "cuda") else ""


def _gpus() -> tuple[str, ...]:
    """NVIDIA's GPUs that processes started here may see, without asking torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        count = len([name for name in visible.split(",") if name.strip() and name.strip() != "-1"])
    else:
        count = len([path for path in _DEVICES.glob("nvidia[0-9]*") if path.name.removeprefix("nvidia").isdigit()])
    return tuple(f"cuda:{index}" for index in range(count))
