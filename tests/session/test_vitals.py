"""What is measured of the machine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.training_runs import configure, events_of, prepare, train_here
from workbench.events.types import Metrics, MetricsDeclared
from workbench.finding import find_recipe
from workbench.session import journal
from workbench.session import vitals as vitals_room
from workbench.session.vitals import Vitals, gpu_reader


def test_a_look_tells_what_was_since_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wall, cpu = [100.0], [5.0]
    monkeypatch.setattr(vitals_room.time, "monotonic", lambda: wall[0])
    monkeypatch.setattr(vitals_room.time, "process_time", lambda: cpu[0])
    vitals = Vitals(tmp_path, None)
    wall[0], cpu[0] = 102.0, 8.0
    busy = vitals.read()
    assert {*busy, "machine/input_wait"} == set(vitals.metrics)
    assert busy["machine/cpu"] == pytest.approx(1.5)
    wall[0] = 104.0
    assert vitals.read()["machine/cpu"] == 0
    assert busy["machine/memory"] > 1e7
    assert busy["machine/disk_free"] > 0


def test_the_wait_for_batches_is_a_share_of_every_twenty_steps_or_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    vitals = Vitals(tmp_path, None)
    monkeypatch.setattr(vitals_room.time, "monotonic", lambda: clock[0])

    def step(seconds: float, waited: float) -> dict[str, float]:
        clock[0] += seconds
        vitals.waited_seconds += waited
        return vitals.of_step()

    assert step(9.0, 8.0) == {}  # the first step comes late for other reasons
    bursts = [step(0.05, 0.04 if at % 4 == 0 else 0.0) for at in range(20)]
    assert [at for at, values in enumerate(bursts) if values] == [19]
    assert bursts[-1]["machine/input_wait"] == pytest.approx(5 * 0.04 / (20 * 0.05))
    assert [step(1.5, 1.2), step(1.5, 0.0)] == [{}, {"machine/input_wait": pytest.approx(0.4)}]


def test_a_folder_that_is_gone_leaves_only_the_disk_out(tmp_path: Path) -> None:
    assert "machine/disk_free" not in Vitals(tmp_path / "gone", None).read()


def test_a_gpu_has_series_of_its_own_and_a_cpu_none(tmp_path: Path) -> None:
    assert gpu_reader(SimpleNamespace(type="cpu")) is None
    vitals = Vitals(tmp_path, lambda: {"machine/gpu": 0.5, "machine/gpu_memory": 1e9})
    assert {"machine/gpu", "machine/gpu_memory"} <= set(vitals.metrics) & set(vitals.read())
    assert {metric.chart for metric in vitals.metrics.values()} == set(vitals.charts)


def test_a_run_declares_and_logs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FLUSH_SECONDS", 0.0)
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", threads=1, max_steps=3)
    folder = prepare(tmp_path, recipe, config)
    train_here(folder, recipe, config)
    log = events_of(folder)
    declared = next(event for event in log if isinstance(event, MetricsDeclared))
    assert declared.metrics["machine/memory"]["unit"] == "bytes"
    assert any(isinstance(event, Metrics) and "machine/cpu" in event.values for event in log)
