"""Errors that ended a run, in words: what happened, at which step, what to do, and a command to do it with."""

from __future__ import annotations

import math
import time
import traceback
from typing import Any

from workbench.errors import ExitCode
from workbench.events.reader import read_events
from workbench.events.types import LoopStarted, Metrics, RunEnded
from workbench.runs.folder import RunFolder, RunRecord
from workbench.runs.reading.state import RunState
from workbench.schema import short_number
from workbench.session.journal import Journal
from workbench.units import compact

_NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "DefaultCPUAllocator: not enough memory")


def explain(error: BaseException, session: Any, record: RunRecord, journal: Journal) -> RunEnded:
    """The end of a run that an error ended.

    Args:
        session: the run's handle, or None when the error came before there was one.
        journal: what was logged is written first, so that the last numbers count.
    """
    journal.flush()
    step = session.step if session else journal.state.step
    reason, advice, command, detail = _words(error, step, record, journal)
    return RunEnded(
        at=time.time(),
        state="failed",
        step=step,
        reason=reason,
        advice=advice,
        command=command,
        detail=detail,
        exit_code=int(ExitCode.RUN_FAILED),
        cpu_seconds=round(session.cpu_seconds(), 3) if session else 0.0,
    )


def _words(error: BaseException, step: int, record: RunRecord, journal: Journal) -> tuple[str, str, str, str]:
    from workbench.training.updating.gradients import NonFiniteGradient

    if isinstance(error, NonFiniteGradient):
        return (*_non_finite(error, step, record, journal), "")
    if is_out_of_memory(error):
        return (*_out_of_memory(record, journal.state), _trace(error))
    where = _last_frame(error, record.recipe_path)
    return (
        f"{type(error).__name__}: {error}{where}",
        "the error is in the recipe or in its data; the log has the traceback",
        "",
        _trace(error),
    )


def _non_finite(error: Any, step: int, record: RunRecord, journal: Journal) -> tuple[str, str, str]:
    state = journal.state
    kind = "NaN" if math.isnan(error.norm) else "infinite"
    bad = step - error.updates_ago
    found = _last_finite(journal.folder, state.loss_key, bad)
    last = f"; the last finite loss was {compact(found[1])} at step {found[0]:,}" if found else ""
    settings = {**record.settings, **state.amended, **state.settings_now}
    lr = settings.get("lr")
    advice = "the update was not applied, and the last finite checkpoint is kept; try a smaller lr, a warm-up, or clip_norm 1"
    command = ""
    if isinstance(lr, float):
        command = f"workbench train {record.recipe_path or record.recipe} --from {record.id} --lr {short_number(float(f'{lr / 10:.3g}'))}"
        if settings.get("clip_norm") is None:
            command += " --clip-norm 1"
    return f"the gradient became {kind} at step {bad:,}{last}", advice, command


def _last_finite(folder: RunFolder, key: str, step: int) -> tuple[int, float] | None:
    """The step and value of the last finite value before a step, read from the log: what is kept in memory is thinned.

    Numbers logged behind the first bad update say nothing about it.
    """
    found = None
    for event in read_events(folder.events):
        if isinstance(event, LoopStarted) and found and found[0] > event.step:
            found = None  # a later attempt replaces what was behind its beginning
        elif isinstance(event, Metrics) and key in event.values:
            values = zip(event.steps, event.values[key], strict=True)
            found = next((one for one in reversed([*values]) if one[0] < step and math.isfinite(one[1])), found)
    return found


def _out_of_memory(record: RunRecord, state: RunState) -> tuple[str, str, str]:
    settings = {**record.settings, **state.amended}
    batch, accumulate = settings.get("batch_size"), settings.get("accumulate") or 1
    if not isinstance(batch, int) or not isinstance(accumulate, int):
        return "the device ran out of memory", "try a smaller model", ""
    reason = f"the device {state.device} ran out of memory with batch_size {batch}"
    if batch < 2:
        return reason, "a batch of one does not fit: the model itself is too large for the device", ""
    command = (
        f"workbench train {record.recipe_path or record.recipe} --from {record.id} --batch-size {batch // 2} --accumulate {accumulate * 2}"
    )
    return reason, "half the batch with twice the accumulation makes the same updates in less memory", command


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is for lack of memory, on whatever device."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words.lower() in str(error).lower() for words in _NO_MEMORY)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-8000:]


def _last_frame(error: BaseException, recipe_path: str) -> str:
    """The line of the recipe that the error came through last; of any file where it came through none."""
    if isinstance(error, SyntaxError) and error.filename:
        return ""  # its text says where
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if (recipe_path and frame.filename.startswith(recipe_path)) or "/recipes/" in frame.filename]
    last = (own or list(frames))[-1:]
    return f" ({last[0].filename.rpartition('/')[2]}, line {last[0].lineno})" if last else ""
