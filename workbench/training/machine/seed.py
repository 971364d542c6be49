"""Random numbers: seeding all of them, and keeping their states so that a resumed run draws what it would have drawn."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any

import torch


def seed_everything(seed: int) -> None:
    """Seed Python, torch on every device, and numpy where something has imported it."""
    random.seed(seed)
    torch.manual_seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)


def random_state() -> dict[str, Any]:
    """The states of all generators that `seed_everything` seeds, as primitives and tensors, for a checkpoint."""
    state: dict[str, Any] = {"python": random.getstate(), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    if "numpy" in sys.modules:
        name, keys, *rest = sys.modules["numpy"].random.get_state()
        state["numpy"] = [name, torch.from_numpy(keys.astype("int64")), *rest]  # torch has no uint32 on every device
    return state


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Set the generators to what `random_state` returned; a device that is no longer there is left out."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(state["torch"].cpu())
    for index, each in enumerate(state.get("cuda", ())[: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(each.cpu(), index)
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"].cpu())
    if "numpy" in state:
        import numpy as np  # only where the run that was saved had it

        name, keys, *rest = state["numpy"]
        np.random.set_state((name, keys.cpu().numpy().astype("uint32"), *rest))
