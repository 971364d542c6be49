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
