"""How logged numbers become events."""

from __future__ import annotations

from pathlib import Path

from tests.builders import new_run
from tests.training_runs import events_of
from workbench.events.types import Metrics
from workbench.events.writer import EventWriter
from workbench.runs.reading.state import RunState
from workbench.session.journal import Journal


def test_what_is_logged_now_and_then_does_not_cut_up_what_is_logged_always(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    journal = Journal(folder, EventWriter(folder.events), RunState())
    for step in range(1, 31):
        journal.log(step, {"train/loss": float(step), "train/lr": 0.1, **({"train/update_ratio": 0.5} if step % 10 == 1 else {})})
    journal.flush()
    always, sometimes = [event for event in events_of(folder) if isinstance(event, Metrics)]
    assert always.steps == list(range(1, 31))
    assert set(always.values) == {"train/loss", "train/lr"}
    assert always.values["train/loss"] == [float(step) for step in range(1, 31)]
    assert sometimes.steps == [1, 11, 21]
    assert sometimes.values == {"train/update_ratio": [0.5, 0.5, 0.5]}
    assert len(sometimes.at) == 3
