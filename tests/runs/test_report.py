import json
import math
import time

import pytest

from tests.builders import START, build_run, checkpoint, ended, evaluated, finished_run, loop, metrics, new_run, opening
from workbench.events import types as events
from workbench.runs.folder import Labels
from workbench.runs.reading.feed import open_run
from workbench.runs.report import report, strict, strict_json

# DESIGN.md, the JSON contract: a key may be added, never renamed.
PROMISED = """
    id name recipe tags state reason attempt step steps_total epoch epochs_total started_at ended_at elapsed_seconds eta_seconds
    throughput throughput_unit device precision parameters settings metrics checkpoints samples diagnosis host pid parent cpu_seconds
    preset dataset baseline task tuning interventions attempts news_age_seconds phase
"""
ADDED = """
    note device_description threads memory_format memory_bytes layers objective advice command versions git_commit command_line folder
    dropped_lines peak_memory_bytes weights sweep trial queue_place forked_at source words_for_none
"""
KEYS = set((PROMISED + ADDED).split())


def _report(root, log, **more):
    return report(open_run(build_run(root, log, **more)))


def test_the_keys_of_a_run_are_those_of_the_contract(tmp_path):
    assert set(_report(tmp_path, finished_run())) == KEYS


def test_a_run_without_anything_has_every_key_as_well(tmp_path):
    assert set(report(open_run(new_run(tmp_path)))) == KEYS


def test_the_keys_of_metrics_checkpoints_and_the_rest_are_pinned(tmp_path):
    shown = events.PreviewSaved(at=START, step=1, name="worst", title="t", kind="images", file="a.json")
    folder = build_run(tmp_path, [*finished_run()[:-1], shown, checkpoint(400, reason="asked"), ended()])
    place = folder.checkpoints / "400-1"
    place.mkdir()
    (place / "state.pt").write_bytes(b"x")
    (place / "manifest.json").write_text('{"step":400,"attempt":1,"size_bytes":1,"sha256":"","finite":true,"metrics":{"a":null}}')
    found = report(open_run(folder))
    assert set(found["metrics"]["validation/accuracy"]) == {"last", "last_step", "best", "best_step", "goal", "unit", "count", "nonfinite"}
    assert set(found["checkpoints"][0]) == {"step", "attempt", "verified", "finite", "best", "size_bytes", "metrics"}
    assert strict(found["checkpoints"][0]["metrics"]) == {"a": "NaN"}
    assert set(found["samples"][0]) == {"step", "name", "title", "kind", "file"}
    assert set(found["interventions"][0]) == {"step", "at", "kind", "text"}
    assert set(found["attempts"][0]) == {"attempt", "started_at", "step", "ended_at", "state", "reason"}


def test_a_finished_run_in_numbers(tmp_path):
    found = _report(tmp_path, finished_run(), labels=Labels(name="wide", tags=("a",), note="n"))
    expected = {
        "id": "cnn-1", "name": "wide", "recipe": "cnn", "preset": "mnist", "tags": ["a"], "note": "n", "state": "finished",
        "reason": "4 epochs", "phase": "finished", "attempt": 1, "step": 400, "steps_total": 400, "epoch": 4, "epochs_total": 4,
        "started_at": START, "ended_at": START + 50, "elapsed_seconds": 40.0, "eta_seconds": None, "throughput": None,
        "throughput_unit": "img/s", "device": "cpu", "precision": "fp32", "parameters": 121_930, "cpu_seconds": 12.5,
        "baseline": {"majority": 0.1}, "task": "classification", "objective": "validation/accuracy", "dropped_lines": 0,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert found["metrics"]["validation/accuracy"] == {
        "last": 0.975, "last_step": 400, "best": 0.975, "best_step": 400, "goal": "max", "unit": "%", "count": 4, "nonfinite": 0,
    }  # fmt: skip
    assert found["metrics"]["train/loss"]["best"] == 1 / 400
    assert found["dataset"]["name"] == "mnist5k"


def test_a_running_run_has_pace_and_time_left(tmp_path, monkeypatch):
    at = time.time() - 10
    monkeypatch.setattr(time, "time", lambda: at + 10)
    found = _report(tmp_path, [*opening(at=at, host="elsewhere"), loop(at=at), metrics(range(1, 101), at=at)])
    assert (found["state"], found["ended_at"]) == ("running", None)
    assert found["throughput"] == pytest.approx(640)
    assert found["eta_seconds"] == pytest.approx(30)
    assert found["elapsed_seconds"] == pytest.approx(10)
    assert found["news_age_seconds"] == 0


def test_settings_are_those_in_force(tmp_path):
    log = [*opening(), events.SettingsAmended(at=START, values={"epochs": 9, "lr": 0.5}), loop()]
    log.append(events.SettingChanged(at=START, step=1, name="lr", old=0.5, new=3e-4, by="ada"))
    found = _report(tmp_path, log, settings={"lr": 1e-3, "epochs": 4, "seed": 0})
    assert found["settings"] == {"lr": 3e-4, "epochs": 9, "seed": 0}


@pytest.mark.parametrize("exit_record", [None, b'{"code":3,"signal":""}'])
def test_a_run_that_left_no_word_ended_with_its_last_news(tmp_path, exit_record):
    folder = build_run(tmp_path, [*opening(), loop(), metrics(range(1, 11))])
    if exit_record:
        folder.exit_file(1).write_bytes(exit_record)
    found = report(open_run(folder))
    assert found["state"] == ("failed" if exit_record else "died")
    assert found["ended_at"] == START + 11
    assert found["elapsed_seconds"] == 1.0


def test_numbers_that_are_not_finite_make_strict_json(tmp_path):
    values = [math.nan, math.inf, -math.inf]
    log = [*opening(), loop(), metrics([1, 2, 3], value=lambda step: values[step - 1]), evaluated(3, math.nan, math.inf)]
    log.append(events.SettingChanged(at=START, step=1, name="lr", old=0.5, new=math.nan, by="ada"))
    found = json.loads(strict_json(_report(tmp_path, log)))
    assert found["metrics"]["train/loss"]["last"] == "-Infinity"
    assert found["metrics"]["validation/accuracy"]["last"] == "NaN"
    assert (found["metrics"]["train/loss"]["best"], found["metrics"]["train/loss"]["nonfinite"]) == (None, 3)
    assert found["settings"]["lr"] == "NaN"


def test_every_number_that_json_has_no_form_for_becomes_a_word_at_any_depth():
    value = {1: [math.nan, (math.inf, {"a": -math.inf})], "b": 1.5, "c": True, "d": None}
    assert strict(value) == {"1": ["NaN", ["Infinity", {"a": "-Infinity"}]], "b": 1.5, "c": True, "d": None}


def test_what_a_diagnosis_found_is_passed_on(tmp_path):
    feed = open_run(build_run(tmp_path, finished_run()))
    assert report(feed, diagnosis=[{"rule": "plateau", "step": 3}])["diagnosis"] == [{"rule": "plateau", "step": 3}]
