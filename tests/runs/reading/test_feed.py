import itertools
import json
import math
import os
from dataclasses import asdict

import pytest

from tests.builders import (
    START,
    append,
    build_run,
    checkpoint,
    ended,
    evaluated,
    finished_run,
    loop,
    metrics,
    new_run,
    opening,
    started,
    state_of,
)
from workbench.errors import WorkbenchError
from workbench.events import types as events
from workbench.events.codec import encode
from workbench.runs.files import replace_file
from workbench.runs.folder import Labels, RunRecord
from workbench.runs.reading import feed as feeds
from workbench.runs.reading.feed import Feed, open_run, read_state, write_summary
from workbench.runs.report import strict


def _summarised(state):
    """What a list needs of a state, without lists and tuples being told apart."""
    left_out = ("series", "ghosts", "times", "log", "at_checkpoint", "settings_at_checkpoint", "answers")
    facts = {**asdict(state), "rate": list(state.rate), "ended": repr(state.ended)}
    return {name: strict(value) for name, value in facts.items() if name not in left_out}


def _log():
    """Two attempts, a pause, a change, numbers that are not finite."""
    return [
        *finished_run()[:-1],
        events.Paused(at=START + 51, step=400, by="ada"), events.Resumed(at=START + 60, step=400, by="ada"),
        events.SettingChanged(at=START + 61, step=400, name="lr", old=1e-3, new=None, by="ada"),
        events.PreviewSaved(at=START + 62, step=400, name="worst", title="t", kind="images", file="a.json"),
        events.RequestAnswered(at=START + 63, step=400, request="1", kind="set", accepted=True, message="lr is off"),
        started(2, at=START + 100), loop(400, at=START + 110, elapsed_seconds=42.0, steps_total=800),
        metrics(range(401, 451), at=START + 100, value=lambda step: math.nan if step > 440 else 1 / step),
        evaluated(450, math.nan, math.inf),
    ]  # fmt: skip


def test_reading_a_run_adds_up_its_log(tmp_path):
    folder = build_run(tmp_path, _log(), labels=Labels(name="wide"))
    feed = open_run(folder)
    assert repr(feed.state.summaries) == repr(state_of(_log()).summaries)
    assert repr(read_state(folder)) == repr(feed.state)
    assert (feed.labels.name, feed.record.recipe, feed.behind, feed.reader.dropped.total) == ("wide", "cnn", False, 0)


@pytest.mark.parametrize("more", [0, 3])
def test_a_brief_look_from_the_summary_sees_what_a_full_reading_sees(tmp_path, more):
    log = _log()
    folder = build_run(tmp_path, log[: len(log) - more])
    state = read_state(folder)
    write_summary(folder, state, folder.events.stat().st_size)
    append(folder, [*log[len(log) - more :], ended("failed", step=450, at=START + 160, reason="NaN")] if more else [])
    brief, full = Feed(folder, brief=True), open_run(folder)
    assert brief.reader.offset > 0
    brief.read_all()
    assert _summarised(brief.state) == _summarised(full.state)
    assert brief.state.trail.means()
    assert brief.status == full.status
    assert math.isnan(brief.state.summaries["train/loss"].last)


def test_a_summary_is_strict_json_of_nobody_elses(tmp_path):
    folder = build_run(tmp_path, _log())
    write_summary(folder, read_state(folder), 0)

    def refuse(constant):
        raise AssertionError(constant)

    body = json.loads(folder.summary.read_bytes(), parse_constant=refuse)
    assert body["state"]["summaries"]["train/loss"]["last"] == "NaN"
    assert not {"series", "ghosts", "log"} & set(body["state"])
    assert folder.summary.stat().st_mode & 0o777 == 0o600


def _damage(kind, body, size):
    if kind == "offset into a line":
        return {**body, "offset": body["offset"] - 7}
    return {
        "older format": {**body, "format": 0},
        "newer format": {**body, "format": 99},
        "offset beyond the file": {**body, "offset": size + 1},
        "offset beyond any file": {**body, "offset": 10**30},
        "negative offset": {**body, "offset": -1},
        "offset of another kind": {**body, "offset": "7"},
        "offset true": {**body, "offset": True},
        "no state": {"format": body["format"], "offset": body["offset"]},
        "state of another kind": {**body, "state": [1]},
        "a field of another kind": {**body, "state": {**body["state"], "summaries": {"train/loss": 7}}},
        "no object": [1, 2],
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "older format", "newer format", "offset beyond the file", "offset beyond any file", "offset into a line", "negative offset",
        "offset of another kind", "offset true", "no state", "state of another kind", "a field of another kind", "no object", "torn",
        "binary", "missing",
    ],
)  # fmt: skip
def test_a_damaged_or_old_summary_is_passed_over_for_the_log(tmp_path, kind):
    folder = build_run(tmp_path, _log())
    write_summary(folder, read_state(folder), folder.events.stat().st_size)
    body = folder.summary.read_bytes()
    if kind == "missing":
        folder.summary.unlink()
    elif kind in ("torn", "binary"):
        folder.summary.write_bytes(body[:200] if kind == "torn" else b"\xff\x00" + body)
    else:
        folder.summary.write_text(json.dumps(_damage(kind, json.loads(body), folder.events.stat().st_size)))
    brief = Feed(folder, brief=True)
    assert brief.reader.offset == 0
    assert _summarised(brief.read_all().state) == _summarised(open_run(folder).state)


def test_a_summary_of_a_log_that_was_replaced_by_a_shorter_one_is_passed_over(tmp_path):
    folder = build_run(tmp_path, _log())
    write_summary(folder, read_state(folder), folder.events.stat().st_size)
    folder.events.unlink()
    append(folder, finished_run(100))
    assert Feed(folder, brief=True).read_all().state.step == 100


def test_a_summary_that_cannot_be_written_is_an_error_in_words(tmp_path):
    folder = build_run(tmp_path, opening())
    folder.summary.mkdir()
    with pytest.raises(WorkbenchError, match="cannot write"):
        write_summary(folder, read_state(folder), 0)


def test_polls_return_what_is_new_and_nothing_twice(tmp_path):
    log = finished_run()
    folder = build_run(tmp_path, log[:10])
    feed = Feed(folder)
    assert feed.poll() == log[:10]
    assert feed.poll() == []
    append(folder, log[10:])
    assert feed.poll() == log[10:]
    assert feed.state.step == 400


def test_a_long_log_is_polled_in_pieces_and_says_that_it_is_behind(tmp_path, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(feeds.time, "monotonic", lambda: next(clock))  # so that each piece takes a second
    groups = [metrics(range(n, n + 50)) for n in range(1, 60_001, 50)]
    folder = build_run(tmp_path, [*opening(), loop(steps_total=None), *groups])
    feed, found = Feed(folder), []
    found += feed.poll()
    assert feed.behind
    assert 0 < len(found) < len(groups)
    assert feed.refresh().reason == "its log is being read"
    while feed.behind:
        found += feed.poll()
    assert found[-len(groups) :] == groups
    assert feed.refresh().state == "died"


@pytest.mark.parametrize("rubbish", [b"\x00" * 600_000 + b"\n", b'{"type":"dreamt","at":1}\n' * 30_000])
def test_rubbish_in_the_middle_does_not_end_the_reading(tmp_path, rubbish):
    log = finished_run()
    folder = build_run(tmp_path, log[:9])
    with open(folder.events, "ab") as file:
        file.write(rubbish)
    append(folder, log[9:])
    for feed in (open_run(folder), Feed(folder, brief=True).read_all()):
        assert feed.status.state == "finished"
        assert feed.state.summaries["train/loss"].count == 400
        assert feed.reader.dropped.total > 0
    assert read_state(folder).step == 400


def test_a_log_that_was_replaced_is_a_new_state(tmp_path):
    folder = build_run(tmp_path, finished_run())
    feed = open_run(folder)
    replace_file(folder.events, b"".join(map(encode, finished_run(100))))
    feed.poll()
    assert (feed.state.step, feed.state.summaries["train/loss"].count) == (100, 100)
    replace_file(folder.events, b"")
    feed.poll()
    assert feed.state.attempt == 0


def test_an_end_that_comes_between_the_look_at_the_log_and_the_look_at_the_lock_is_no_death(tmp_path):
    log = finished_run()
    folder = build_run(tmp_path, log[:-1])
    feed = Feed(folder)
    feed.poll()
    append(folder, log[-1:])
    assert feed.refresh().state == "finished"
    assert feed.poll() == log[-1:]
    assert feed.poll() == []


def test_labels_and_liveness_are_looked_at_again(tmp_path):
    folder = build_run(tmp_path, finished_run(), labels=Labels(name="old"))
    feed = open_run(folder)
    folder.write_labels(Labels(name="new"))
    feed.refresh()
    assert feed.labels.name == "new"


def test_a_run_that_was_claimed_a_moment_ago_is_starting_and_its_record_is_read_when_it_comes(tmp_path):
    folder = new_run(tmp_path)
    (folder.path / "run.json").unlink()
    feed = open_run(folder)
    assert feed.status.state == "starting"
    replace_file(
        folder.path / "run.json", RunRecord(id="cnn-1", recipe="cnn", preset="digits", created_at=START).model_dump_json().encode()
    )
    feed.refresh()
    assert feed.record.preset == "digits"


def test_a_run_folder_without_anything_is_no_error(tmp_path):
    folder = new_run(tmp_path)
    for path in folder.path.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    os.utime(folder.path, (START, START))
    feed = open_run(folder)
    assert (feed.status.state, feed.state.attempt, feed.checkpoints()) == ("died", 0, [])


def test_checkpoints_are_verified_in_a_full_look_only(tmp_path):
    folder = build_run(tmp_path, [*opening(), loop(), checkpoint(5)])
    place = folder.checkpoints / "5-1"
    place.mkdir()
    (place / "state.pt").write_bytes(b"flipped")
    (place / "manifest.json").write_text('{"step":5,"attempt":1,"size_bytes":7,"sha256":"of something else","finite":true}')
    assert [one.verified for one in Feed(folder, brief=True).checkpoints()] == [True]
    assert [one.verified for one in open_run(folder).checkpoints()] == [False]
