"""Runs that the diagnosis is held to: healthy ones, and ones that really train with bad settings."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.diagnosis.diagnose import diagnose
from workbench.diagnosis.finding import Finding
from workbench.events.reader import EventReader
from workbench.events.types import Event, Metrics, RunEnded
from workbench.events.writer import EventWriter
from workbench.finding import by_name, from_path
from workbench.recipe import Recipe
from workbench.runs.folder import Labels, RunFolder, RunRecord
from workbench.runs.reading.apply import apply
from workbench.runs.reading.feed import read_state
from workbench.runs.reading.state import RunState
from workbench.schema import Value, build, flat
from workbench.session.journal import Journal
from workbench.settings import Common

_LOOKS = 200  # at a run while it goes on, besides one behind each event


@dataclass(frozen=True)
class Scenario:
    """A run: a recipe, a preset, and the settings that differ from it."""

    recipe: str
    preset: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""  # of a recipe that is not built in

    @property
    def name(self) -> str:
        """Of its folder; another one where a setting is another, be it the preset's, and the same wherever this project lies."""
        told = json.dumps([Path(self.path).name, flat(configured(self)[1])], sort_keys=True, default=str)
        return f"{self.recipe}-{self.preset}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

    def command(self) -> str:
        flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in self.settings.items())
        return f"{self.recipe} --preset {self.preset} {flags}".rstrip()


def configured(scenario: Scenario) -> tuple[Recipe, Common]:
    """The recipe, and all of its settings."""
    recipe = from_path(Path(scenario.path)) if scenario.path else by_name(scenario.recipe)
    preset = next(each for each in recipe.presets if each.name == scenario.preset)
    config = build(recipe.config, {**preset.settings, "threads": 1, "device": "cpu", **scenario.settings}, recipe=recipe.name)
    assert isinstance(config, Common)
    return recipe, config


def recorded(scenario: Scenario, root: Path) -> RunFolder | None:
    """The folder of a run that was trained to its end before."""
    folder = RunFolder(root / scenario.name)
    return folder if folder.events.exists() and any(isinstance(event, RunEnded) for event in _events(folder)) else None


def trained(scenario: Scenario, root: Path) -> RunFolder:
    """The folder of a run that was trained to its end, now or by an earlier call, in this process as a worker trains it."""
    if (folder := recorded(scenario, root)) is not None:
        return folder
    folder = RunFolder(root / scenario.name)
    from workbench.session.failure import explain
    from workbench.session.handle import Session
    from workbench.worker.attempt import _end, _started  # the worker's own first and last events

    recipe, config = configured(scenario)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.events.unlink(missing_ok=True)
    record = RunRecord(id=folder.id, recipe=recipe.name, preset=scenario.preset, settings=flat(config), created_at=time.time())
    folder.prepare(record, Labels())
    journal = Journal(folder, EventWriter(folder.events), read_state(folder))
    journal.write(_started(1))
    session = None
    try:
        session = Session(folder, recipe, config, journal, 1)
        recipe.train(config, session)
        session.returned()
        ended = _end(session, "finished", session.end_reason())
    except Exception as error:  # noqa: BLE001  a run that fails is what some scenarios are about
        ended = explain(error, session, record, journal)
    journal.write(ended, commit=True)
    journal.close()
    return folder


def first_findings(folder: RunFolder) -> dict[str, tuple[int, Finding]]:
    """What the diagnosis said of a run at any time of it, by rule: the step at which it was first said, and what was said then."""
    state, settings, found = RunState(), folder.record().settings, {}
    looks = _looks(list(_events(folder)))
    for event in looks:
        at = event.at[-1] if isinstance(event, Metrics) else event.at
        for is_news in (False, True):  # once more right before the news, when the last of them is oldest
            if is_news:
                apply(event, state)
            if not is_news and at - state.news_at < 1.0:
                continue
            in_force = {**settings, **state.amended, **state.settings_now}
            for finding in diagnose(state, in_force, now=at, is_live=state.ended is None):
                found.setdefault(finding.rule, (state.step, finding))
    return found


def _looks(events: list[Event]) -> Iterator[Event]:
    """The events, with groups of steps cut into pieces: what is said of a run must not hang on how fast it was."""
    last = max((event.steps[-1] for event in events if isinstance(event, Metrics) and event.steps), default=0)
    size = max(5, last // _LOOKS)
    for event in events:
        if not isinstance(event, Metrics):
            yield event
            continue
        for start in range(0, len(event.steps), size):
            piece = slice(start, start + size)
            values = {key: column[piece] for key, column in event.values.items()}
            yield Metrics(steps=event.steps[piece], at=event.at[piece], values=values)


def _events(folder: RunFolder) -> Iterator[Event]:
    reader = EventReader(folder.events)
    while events := reader.poll():
        yield from events
