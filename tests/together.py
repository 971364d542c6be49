"""Functions run as by several processes of one run: forked ones, which need no second import of torch."""

from __future__ import annotations

import os
import pickle
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from workbench.training.machine.ranks import ranks

T = TypeVar("T")


def by_each_of(count: int, work: Callable[[], T], folder: Path, *, joined: bool = True) -> list[T]:
    """What `work` returns in each of `count` processes, by rank; an error in one is raised here.

    Args:
        joined: they have met before; else the work itself lets them.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(count):
        if (child := os.fork()) == 0:
            os._exit(_be(rank, count, port, work, folder / f"rank-{rank}", joined=joined))
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    said = [pickle.loads((folder / f"rank-{rank}").read_bytes()) for rank in range(count)]
    assert codes == [0] * count, "\n".join(str(each) for each, code in zip(said, codes, strict=True) if code)
    return said


def _be(rank: int, count: int, port: int, work: Callable[[], object], answer: Path, *, joined: bool) -> int:
    here = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in here.items()}, MASTER_ADDR="localhost", GLOO_SOCKET_IFNAME="lo")
    try:
        torch.set_num_threads(1)
        if joined:
            ranks.join(torch.device("cpu"))
        answer.write_bytes(pickle.dumps(work()))
    except BaseException:  # noqa: BLE001  a child must never come back into pytest
        answer.write_bytes(pickle.dumps(traceback.format_exc()))
        return 1
    return 0
