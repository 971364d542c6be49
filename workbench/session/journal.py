"""What a worker tells the world: events in the log, numbers in groups, a summary for lists."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import WorkbenchError
from workbench.events.types import Event, Measured, Metrics, Noticed, RunEnded
from workbench.events.writer import EventWriter
from workbench.runs.folder import RunFolder
from workbench.runs.reading.apply import apply
from workbench.runs.reading.feed import write_summary
from workbench.runs.reading.state import RunState

FLUSH_SECONDS = 0.2
_SUMMARY_SECONDS = 2.0
_MEASURE_SECONDS = 2.0
_MOST_ROWS = 2000  # a very fast loop writes sooner, so that a group stays a small piece of memory


class Journal:
    """Writes events and keeps the state that they add up to. Nothing here raises into training."""

    def __init__(self, folder: RunFolder, writer: EventWriter, state: RunState) -> None:
        self.folder = folder
        self.state = state
        self._writer = writer
        self._steps: list[int] = []
        self._at: list[float] = []
        self._rows: list[dict[str, Any]] = []
        self._flushed = self._measured = self._summarised = 0.0
        self._warned_of_disk = False

    def write(self, event: Event, *, commit: bool = False) -> None:
        """Append an event behind all numbers logged before it; `commit` waits until it is on the disk."""
        self.flush()
        if isinstance(event, RunEnded) and event.cpu_seconds:  # a run that was over before it was time knows its memory, too
            self.measure(event.step, event.cpu_seconds, every=0.0)
        self._put(event, commit=commit)

    def log(self, step: int, values: Mapping[str, Any], *, at: float | None = None) -> None:
        """Keep one step's numbers for the next group. Tensors are let go of their graph now and read then.

        Args:
            at: when it was, in seconds since 1970; by default now.
        """
        self._steps.append(step)
        self._at.append(time.time() if at is None else at)
        self._rows.append({key: value.detach() if hasattr(value, "detach") else value for key, value in values.items()})

    def is_due(self, now: float) -> bool:
        """Whether it is time to write what was logged."""
        return now - self._flushed >= FLUSH_SECONDS or len(self._rows) >= _MOST_ROWS

    def flush(self) -> None:
        """Write the numbers logged so far: one event for all keys that the same steps have."""
        self._flushed = time.monotonic()
        if not self._rows:
            self._writer.retry()
            return
        steps, at, rows = self._steps, [round(moment, 3) for moment in self._at], read_rows(self._rows)
        self._steps, self._at, self._rows = [], [], []
        for keys, chosen in _together(rows).items():
            columns = {key: [rows[index][key] for index in chosen] for key in keys}
            self._put(Metrics(steps=[steps[index] for index in chosen], at=[at[index] for index in chosen], values=columns))

    def measure(self, step: int, cpu_seconds: float, *, every: float = _MEASURE_SECONDS) -> bool:
        """Record memory and CPU time, at most each `every` seconds: also the heartbeat of a silent worker. True where it was time."""
        now = time.monotonic()
        due = now - self._measured >= every
        if due:
            self._measured = now
            self.write(Measured(at=time.time(), step=step, memory_bytes=memory_bytes(), cpu_seconds=round(cpu_seconds, 3)))
        return due

    def notice(self, message: str) -> None:
        """A warning for the log."""
        self.write(Noticed(at=time.time(), level="warning", message=message))

    def summarise(self, *, now: bool = False) -> None:
        """Bring summary.json up to date, at most every two seconds unless `now`."""
        moment = time.monotonic()
        if not now and moment - self._summarised < _SUMMARY_SECONDS:
            return
        self._summarised = moment
        if self._writer.waiting:  # the summary would speak of what is not in the log
            return
        with contextlib.suppress(WorkbenchError):  # lists then read more of the log
            write_summary(self.folder, self.state, self._writer.size)

    def close(self) -> int:
        """Write what is left and let go of the log; returns how many events never got into it."""
        self.flush()
        waiting = self._writer.waiting
        self._writer.close()
        return self._writer.lost + waiting

    def _put(self, event: Event, *, commit: bool = False) -> None:
        written = self._writer.write(event, commit=commit)
        apply(event, self.state)
        if not written and not self._warned_of_disk:
            self._warned_of_disk = True
            # The log cannot say it, so worker.log and the screen of whoever started the worker do.
            print(f"the log cannot be written ({self._writer.failure}); events wait in memory", file=sys.stderr, flush=True)
        elif written and self._warned_of_disk:
            self._warned_of_disk = False
            late = Noticed(
                at=time.time(), level="warning", message="the disk was full for a while; what happened meanwhile was written late"
            )
            self._writer.write(late)
            apply(late, self.state)


def memory_bytes() -> int:
    """Resident memory of this process, and what torch holds on an accelerator where there is one."""
    resident = 0
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(AttributeError):  # torch is missing, or a script is still at importing it
        cuda = sys.modules["torch"].cuda if "torch" in sys.modules else None
        resident += int(cuda.memory_reserved()) if cuda and cuda.is_initialized() else 0
    return resident


def read_rows(rows: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Rows of floats. All tensors on an accelerator are read by one transfer; a tensor's value keeps nine digits, which is all of fp32."""
    remote = [value for row in rows for value in row.values() if hasattr(value, "device") and value.device.type != "cpu"]
    fetched = iter(())
    if remote:
        import torch

        fetched = iter(torch.stack([value.float() for value in remote]).tolist())
    return [{key: _number(value, fetched) for key, value in row.items()} for row in rows]


def _together(rows: list[dict[str, float]]) -> dict[tuple[str, ...], Sequence[int]]:
    """Keys that stand in the same rows, and which rows those are: what is logged now and then does not cut up what is logged always."""
    if all(row.keys() == rows[0].keys() for row in rows):
        return {tuple(rows[0]): range(len(rows))}
    found: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        for key in row:
            found.setdefault(key, []).append(index)
    groups: dict[tuple[int, ...], list[str]] = {}
    for key, indices in found.items():
        groups.setdefault(tuple(indices), []).append(key)
    return {tuple(keys): indices for indices, keys in groups.items()}


def _number(value: Any, fetched: Any) -> float:
    if not hasattr(value, "device"):
        return float(value)
    number = float(next(fetched)) if value.device.type != "cpu" else float(value)
    return float(f"{number:.9g}")
