"""How many CPU threads a step is fastest with: measured, since it depends on the model, the batch and on who else works here."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

SECONDS = 2.5  # for all measuring; a first step may not keep anybody waiting longer
_REPEATS = 5
_WORTH = 0.95  # a larger count must take less than this share of the time: it keeps cores from others, and timings are noisy


def trial(
    model: nn.Module, precision: Callable[[], AbstractContextManager[object]], error: Callable[..., Tensor], *batch: Any
) -> Callable[[], None]:
    """What a step costs: the error of a batch and its gradients, on a copy of the model that nobody else sees.

    Args:
        precision: the context of the forward pass, as `Optimizer.precision` gives it.
        error: from the model and `batch` to a loss.
    """
    copied = copy.deepcopy(model)

    def step() -> None:
        with precision():
            loss = error(copied, *batch)
        loss.backward()  # type: ignore[no-untyped-call]

    return step


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def candidates() -> list[int]:
    """1, 2, 4 and so on, up to the cores that this process may use, and torch's own choice."""
    most = cores()
    doubled = [2**power for power in range(most.bit_length()) if 2**power <= most]
    return sorted({*doubled, min(most, torch.get_num_threads()), most})


def fastest(trial: Callable[[], None], *, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> dict[int, float]:
    """Seconds that `trial` takes with each number of threads that was tried, the fastest first; torch is left with that one.

    A trial that is slow is not repeated, and once the time is up no further count is tried.
    """
    counts = candidates()
    deadline = clock() + seconds
    took: dict[int, float] = {}
    for count in counts:
        torch.set_num_threads(count)
        begun = clock()
        trial()  # kernels and memory are prepared in it; where there is no time for another, it counts itself
        took[count] = clock() - begun
        share = clock() + (deadline - clock()) / (len(counts) - len(took) + 1)
        for _ in range(_REPEATS):
            begun = clock()
            if begun + took[count] > share:
                break
            trial()
            took[count] = min(took[count], clock() - begun)
        if clock() > deadline:
            break
    best = counts[0]
    for count in took:
        if took[count] < _WORTH * took[best]:
            best = count
    torch.set_num_threads(best)
    return {best: took.pop(best), **took}
