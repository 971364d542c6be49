"""How logged numbers become events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import ended, new_run
from tests.training_runs import events_of
from workbench.events.types import Metrics, RunEnded
from workbench.events.writer import EventWriter
from workbench.runs.reading.state import RunState
from workbench.session import journal as journal_room
from workbench.session.journal import Journal


def test_a_run_that_is_over_at_once_knows_its_memory(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    journal = Journal(folder, EventWriter(folder.events), RunState())
    journal.write(ended("stopped", step=0, reason="taken out of the queue"))
    assert journal.state.peak_memory_bytes == 0, "nothing was trained"
    journal.write(ended(step=3, cpu_seconds=0.2))
    assert journal.state.peak_memory_bytes > 1 << 20
    assert isinstance(events_of(folder)[-1], RunEnded), "the end is the last word"


def test_numbers_are_due_five_times_a_second_and_sooner_in_a_loop_that_is_very_fast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(tmp_path)
    journal = Journal(folder, EventWriter(folder.events), RunState())
    monkeypatch.setattr(journal_room.time, "monotonic", lambda: 100.0)
    journal.log(1, {"train/loss": 1.0})
    journal.flush()
    journal.log(2, {"train/loss": 0.9})
    journal.log(3, {"train/loss": 0.8})
    assert not journal.is_due(100.1)
    assert journal.is_due(100.2)
    journal.flush()
    assert [event.steps for event in events_of(folder) if isinstance(event, Metrics)] == [[1], [2, 3]]
    for step in range(4, 2004):
        assert not journal.is_due(100.1)
        journal.log(step, {"train/loss": 0.5})
    assert journal.is_due(100.1)


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
