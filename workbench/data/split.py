"""Which examples train a model, which choose it and which judge it."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def stratified(labels: Tensor, shares: tuple[float, float, float], seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the training, validation and test examples, each class divided by the same shares.

    A test set must stay what it was, so the choice is made by numpy's RandomState, whose numbers are frozen for good (NEP 19);
    torch promises its own for one version only.

    Shapes:
        labels (N,), whole numbers from 0; returns three index tensors, ascending, without overlap, N in sum
    """
    parts: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    for members in _shuffled_classes(torch.arange(len(labels)), labels, seed):
        first = round(shares[0] * len(members))
        second = first + round(shares[1] * len(members))
        for part, chosen in zip(parts, (members[:first], members[first:second], members[second:]), strict=True):
            part.append(chosen)
    train, validation, test = (torch.cat(part).sort().values for part in parts)
    return train, validation, test


def apart(labels: Tensor, homes: Tensor, shares: tuple[float, float, float], seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the three splits where some examples are kept for validation or testing already.

    Of the others each class is divided by `shares`; a split that is kept already takes none of them.

    Shapes:
        labels (N,); homes (N,): 0 to be divided, 1 validation, 2 test; returns three index tensors, ascending
    """
    pool = (homes == 0).nonzero().flatten()
    kept = [(homes == number).nonzero().flatten() for number in (1, 2)]
    cut = [0.0 if len(part) else share for part, share in zip(kept, shares[1:], strict=True)]
    rest = shares[0] + sum(share for share, left in zip(shares[1:], cut, strict=True) if not left)
    train, *others = (pool[part] for part in stratified(labels[pool], (rest, cut[0], cut[1]), seed))
    for number, part in enumerate(others):
        if len(kept[number]):  # rounding may leave it one example of a class
            train, others[number] = torch.cat([train, part]).sort().values, kept[number]
    return train, others[0], others[1]


def scarce(indices: Tensor, labels: Tensor, per_class: int, seed: int) -> Tensor:
    """At most `per_class` of `indices` from each class; a larger `per_class` adds to the choice and takes nothing away.

    Shapes:
        indices (M,) into labels (N,); returns (at most M,), ascending
    """
    return torch.cat([members[:per_class] for members in _shuffled_classes(indices, labels, seed)]).sort().values


def fingerprint(*parts: Tensor) -> str:
    """SHA-256 of the indices of a split: equal for equal splits on any machine."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode())
        digest.update(" ".join(map(str, part.tolist())).encode())
    return digest.hexdigest()


def _shuffled_classes(indices: Tensor, labels: Tensor, seed: int) -> list[Tensor]:
    """Those of `indices` that are of each class, class by class, each in an order that follows from the seed."""
    import numpy as np  # 0.1 s that only a worker should pay

    numbers = np.random.RandomState(seed)
    members = [indices[labels[indices] == label] for label in range(int(labels.max()) + 1)]
    return [each[torch.from_numpy(numbers.permutation(len(each)))] for each in members]
