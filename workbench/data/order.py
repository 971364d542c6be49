"""Random numbers that depend on their key alone, so that a position in the data is enough to go on from it exactly."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def generator(*key: int | str) -> torch.Generator:
    """A CPU generator seeded from `key`; other random numbers neither move it nor are moved by it.

    Keys that differ in any part give unrelated numbers, which sums such as seed + epoch would not: seed 0, epoch 1 and
    seed 1, epoch 0 would share their order.
    """
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)  # manual_seed takes 63 bits on every device


def order(seed: int, epoch: int, examples: int) -> Tensor:
    """The order in which an epoch (counted from 0) visits its examples: a permutation (examples,) of their indices."""
    return torch.randperm(examples, generator=generator("order", seed, epoch))


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on the device. Through pinned memory, since from any other a copy to a GPU waits for all that it has to do."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
