"""Runs for tests: trained in this process where speed counts, in real workers where processes are what is tested."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.events.reader import EventReader
from workbench.events.types import Event, Metrics, RunEnded
from workbench.events.writer import EventWriter
from workbench.finding import find_recipe
from workbench.launching.awaiting import await_start
from workbench.launching.launch import start
from workbench.recipe import Batches, Recipe
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.feed import Feed, open_run, read_state
from workbench.runs.store import Store
from workbench.schema import Value, build, flat
from workbench.session.handle import Session
from workbench.session.journal import Journal
from workbench.settings import Common

_LATE_SECONDS = 180.0  # for two processes that import torch beside ten others


def configure(recipe: Recipe, preset: str = "", **values: Value) -> Common:
    """A recipe's config with a preset's and these settings."""
    chosen = next(each for each in recipe.presets if not preset or each.name == preset)
    config = build(recipe.config, {**chosen.settings, **values}, recipe=recipe.name)
    assert isinstance(config, Common)
    return config


def prepare(root: Path, recipe: Recipe, config: Common) -> RunFolder:
    """A claimed and filled folder that no worker was started for."""
    folder = Store(root).claim(recipe.name)
    folder.prepare(RunRecord(id=folder.id, recipe=recipe.name, settings=flat(config), created_at=time.time()), Labels())
    return folder


def train_here(
    folder: RunFolder,
    recipe: Recipe,
    config: Common,
    *,
    attempt: int = 1,
    at_step: Callable[[Session, int], None] | None = None,
    one_batch: bool = False,
) -> Session:
    """One attempt in this process.

    Args:
        at_step: called behind each logged step; may end the run through its requests.
        one_batch: train on the first batch again and again.
    """
    from workbench.worker.attempt import _end, _started  # the worker's own first and last events

    class Watched(Session):
        def log(self, step: int, values: Mapping[str, Any]) -> None:
            super().log(step, values)
            if at_step is not None:
                at_step(self, step)

        def steps(self, data: Batches, *, batches: int = 1) -> Iterator[tuple[int, list[Any]]]:
            return super().steps(OneBatch(data) if one_batch else data, batches=batches)

    journal = Journal(folder, EventWriter(folder.events), read_state(folder))
    journal.write(_started(attempt))
    session = Watched(folder, recipe, config, journal, attempt)
    recipe.train(config, session)
    session.returned()
    journal.write(_end(session, "finished" if session.completed else "stopped", "test"), commit=True)
    journal.summarise(now=True)
    journal.close()
    return session


class OneBatch:
    """The first batch of some training data, as an epoch of its own."""

    def __init__(self, data: Batches) -> None:
        self._data = data
        self.examples = self.batch_size = data.batch_size
        self.unit = data.unit

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        first = next(self._data.epoch(0))
        while True:
            yield first


def stop_at(last: int) -> Callable[[Session, int], None]:
    """For `train_here`: end the run as SIGTERM would, behind this step."""

    def stop(session: Session, step: int) -> None:
        if step == last:
            session.requests.signalled = "SIGTERM"

    return stop


def events_of(folder: RunFolder) -> list[Event]:
    reader = EventReader(folder.events)
    found: list[Event] = []
    while events := reader.poll():
        found += events
    return found


def logged(folder: RunFolder, key: str) -> dict[int, float]:
    """The values of one metric by step; later attempts replace earlier ones."""
    return {
        step: value
        for event in events_of(folder)
        if isinstance(event, Metrics) and key in event.values
        for step, value in zip(event.steps, event.values[key], strict=True)
    }


def end_of(folder: RunFolder) -> RunEnded:
    return next(event for event in reversed(events_of(folder)) if isinstance(event, RunEnded))


def wait_for(what: Callable[[], Any], seconds: float = _LATE_SECONDS) -> Any:
    """The first true value of `what`; fails after `seconds`, by default once that is late even on a machine with a lot else to do."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = what()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:g} s for {what}")


@contextlib.contextmanager
def worker(root: Path, preset: str = "digits", **values: Value) -> Iterator[RunFolder]:
    """A run in a real worker that has made its first step; killed at the end of the block if it still lives."""
    recipe = find_recipe("cnn")
    config = configure(recipe, preset, **{"threads": 1, **values})
    folder = start(Store(root), recipe, preset, config)
    try:
        await_start(folder)
        yield folder
    finally:
        feed = open_run(folder)
        if feed.status.is_live:
            kill(feed)


def kill(feed: Feed) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(feed.state.pid, 9)
    wait_for(lambda: not feed.read_all().status.is_live)
