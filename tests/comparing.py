"""Finished runs that differ in what a test wants, with logs by the real writer: for comparisons."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from tests.builders import SETTINGS, START, build_run, ended, opening
from workbench.events.types import DataLoaded, Evaluated, Event, LoopStarted, Measured, Metrics, PreviewSaved
from workbench.runs.folder import Labels, RunFolder


def trained(
    root: Path,
    run_id: str,
    *,
    accuracy: float = 0.9,
    seed: int = 0,
    steps: int = 200,
    batch_size: int = 64,
    seconds: float = 20.0,
    end: str = "finished",
    labels: Labels | None = None,
    dataset: str = "mnist5k",
    split_hash: str = "a",
    memory: int = 1 << 28,
    **settings: Any,
) -> RunFolder:
    """A run of `steps` steps whose accuracy rises to `accuracy`; an epoch is 6,400 examples, with an evaluation and a preview each."""
    at, pace = START + 10, seconds / steps
    each = 6400 // batch_size
    about = DataLoaded(at=START + 3, name=dataset, sha256=f"sum of {dataset}", split_hash=split_hash, task=f"classes of {dataset}")
    begun = LoopStarted(
        at=at, step=0, elapsed_seconds=0, steps_total=steps, steps_per_epoch=each, epochs_total=steps // each,
        examples_per_step=batch_size, unit="img",
    )  # fmt: skip
    log: list[Event] = [*opening(), about, begun]
    for first in range(1, steps + 1, 20):
        group = list(range(first, min(first + 20, steps + 1)))
        losses = [2.3 * math.exp(-step * batch_size / 3000) + (1 - accuracy) + 0.05 * math.sin(step + seed) for step in group]
        log.append(Metrics(steps=group, at=[at + step * pace for step in group], values={"train/loss": losses}))
        last = group[-1]
        if last % 20 == 0:
            reached = accuracy - 0.5 * math.exp(-6 * last / steps) * (last < steps)
            values = {"validation/accuracy": reached, "validation/loss": 1 - reached}
            log.append(Evaluated(at=at + last * pace, step=last, values=values))
            file = f"said-{last}.json"
            log.append(PreviewSaved(at=at + last * pace, step=last, name="said", title="what it said", kind="text", file=file))
    log += [Measured(at=at, step=1, memory_bytes=memory, cpu_seconds=1), Measured(at=at, step=2, memory_bytes=memory // 2, cpu_seconds=2)]
    if end:
        log.append(ended(end, step=steps, at=at + seconds, cpu_seconds=seconds * 0.9))
    folder = build_run(root, log, run_id, labels=labels, settings={**SETTINGS, "seed": seed, "batch_size": batch_size, **settings})
    for last in range(20, steps + 1, 20):
        (folder.samples / f"said-{last}.json").write_text(json.dumps({"text": f"{run_id} at {last}"}))
    return folder


def three_seeds(root: Path, first: int = 1, *, accuracy: float = 0.9, apart: float = 0.01, **more: Any) -> list[RunFolder]:
    """Runs that differ in the seed alone; the middle one reaches `accuracy`, the others `apart` less and more."""
    return [trained(root, f"cnn-{first + seed}", accuracy=accuracy + (seed - 1) * apart, seed=seed, **more) for seed in range(3)]
