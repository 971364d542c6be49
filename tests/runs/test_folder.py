import errno
import hashlib
import json
import math
import os
import stat

import pytest

from tests.builders import SETTINGS, START, new_run
from workbench.errors import WorkbenchError
from workbench.runs import files
from workbench.runs import folder as folders
from workbench.runs.files import read_json, replace_file
from workbench.runs.folder import Labels, RunFolder, RunRecord


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_what_prepare_makes_is_nobody_elses(tmp_path):
    old = os.umask(0)
    try:
        folder = new_run(tmp_path)
    finally:
        os.umask(old)
    assert {path.name: oct(_mode(path)) for path in folder.path.iterdir()} == {
        "control": "0o700",
        "samples": "0o700",
        "checkpoints": "0o700",
        "labels.json": "0o600",
        "run.json": "0o600",
    }


def test_record_and_labels_read_back_as_they_were_written(tmp_path):
    folder = new_run(
        tmp_path,
        labels=Labels(name="wide net", tags=("a", "b"), note="two\nlines", pin=True),
        parent="cnn-0",
        settings={"lr": 1e-3, "epochs": None, "nesterov": True, "seed": 0, "device": "cpu"},
        command_line=["workbench", "train", "cnn"],
    )
    record = folder.record()
    assert (record.id, record.recipe, record.parent, record.created_at) == ("cnn-1", "cnn", "cnn-0", START)
    assert [type(value) for value in record.settings.values()] == [float, type(None), bool, int, str]
    assert folder.labels() == Labels(name="wide net", tags=("a", "b"), note="two\nlines", pin=True)


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b"\xff\xfe", b'{"recipe":7}', b'{"recipe":"cnn","settings":[]}'])
def test_a_damaged_record_leaves_what_the_id_says(tmp_path, text):
    folder = new_run(tmp_path, "my_recipe-12")
    if text is None:
        (folder.path / "run.json").unlink()
    else:
        (folder.path / "run.json").write_bytes(text)
    record = folder.record()
    assert (record.id, record.recipe, record.settings, record.created_at) == ("my_recipe-12", "my_recipe", {}, 0.0)
    assert folder.claimed_at > 0


def test_a_record_cannot_give_its_run_another_id(tmp_path):
    folder = new_run(tmp_path)
    replace_file(folder.path / "run.json", b'{"id":"../../etc","recipe":"cnn"}')
    assert folder.record().id == "cnn-1"


@pytest.mark.parametrize("text", [b"", b"{", b'{"name":7}', b'{"tags":"a"}', b"null"])
def test_damaged_labels_are_no_labels(tmp_path, text):
    folder = new_run(tmp_path, labels=Labels(name="good"))
    (folder.path / "labels.json").write_bytes(text)
    assert folder.labels() == Labels()


def test_labels_that_change_leave_no_temporary_file(tmp_path):
    folder = new_run(tmp_path)
    before = set(folder.path.iterdir())
    folder.write_labels(Labels(name="new"))
    assert folder.labels().name == "new"
    assert set(folder.path.iterdir()) == before


def test_text_from_a_run_folder_is_cleaned(tmp_path):
    folder = new_run(tmp_path)
    body = {"recipe": "c\x1b[2Jnn", "settings": {"da\x07ta": "\u202eset"}, "command_line": ["\x9b"], "versions": {"a": "\x1b"}}
    replace_file(folder.path / "run.json", json.dumps(body).encode())
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(repr(folder.record()).encode().decode("unicode_escape"))
    assert folder.record().settings == {"da\ufffdta": "\ufffdset"}


# --- Replacing a file -------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_in_the_order_that_survives_a_power_cut(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os,
        "fsync",
        lambda descriptor: calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file") or fsync(descriptor),
    )
    monkeypatch.setattr(os, "replace", lambda *paths: calls.append("rename") or replace(*paths))
    replace_file(tmp_path / "a", b"text")
    assert calls == ["file", "rename", "folder"]
    replace_file(tmp_path / "a", b"more", durable=False)
    assert calls[3:] == ["rename"]
    assert (tmp_path / "a").read_bytes() == b"more"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    replace_file(tmp_path / "a", b"old")

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WorkbenchError, match="No space left on device") as caught:
        replace_file(tmp_path / "a", b"new")
    assert "free some space" in caught.value.hint
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_run_that_cannot_be_prepared_is_an_error_in_words(tmp_path):
    folder = RunFolder(tmp_path / "cnn-1")
    with pytest.raises(WorkbenchError, match="cannot write"):
        folder.prepare(RunRecord(id="cnn-1", recipe="cnn"), Labels())


# --- Reading JSON -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [b"", b"[1]", b"7", b"{", b"\xff", b"{" * 100_000, b'{"a":' * 100 + b'"\\u001b"' + b"}" * 100, b'{"a":' + b"9" * 5000 + b"}"],
)
def test_what_is_no_json_object_is_an_empty_one(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text)
    assert read_json(tmp_path / "a.json") == {}


def test_a_file_that_is_missing_too_large_or_no_file_is_an_empty_object(tmp_path, monkeypatch):
    assert read_json(tmp_path / "none") == {}
    assert read_json(tmp_path) == {}
    os.mkfifo(tmp_path / "pipe")
    assert read_json(tmp_path / "pipe") == {}
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert read_json(tmp_path / "endless") == {}
    monkeypatch.setattr(files, "_LARGEST_JSON", 20)
    (tmp_path / "a").write_text('{"a":1}')
    (tmp_path / "b").write_text('{"a":"' + "x" * 20 + '"}')
    assert (read_json(tmp_path / "a"), read_json(tmp_path / "b")) == ({"a": 1}, {})


# --- Checkpoints ------------------------------------------------------------------------------------------------------------


def _checkpoint(folder, step, attempt=1, *, content=b"weights", **changed):
    path = folder.checkpoints / f"{step}-{attempt}"
    path.mkdir()
    (path / "state.pt").write_bytes(content)
    manifest = {
        "step": step, "attempt": attempt, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        "finite": True, "best": False, "metrics": {"validation/accuracy": 0.5}, **changed,
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def test_checkpoints_come_oldest_first_with_what_their_manifests_say(tmp_path):
    folder = new_run(tmp_path)
    for step, attempt in ((200, 1), (100, 1), (150, 2), (1000, 1)):
        _checkpoint(folder, step, attempt, best=step == 150)
    found = folder.saved_checkpoints(verify=True)
    assert [(one.step, one.attempt) for one in found] == [(100, 1), (200, 1), (1000, 1), (150, 2)]
    assert all(one.verified and one.finite for one in found)
    assert [one.best for one in found] == [False, False, False, True]
    assert found[0].metrics == {"validation/accuracy": 0.5}
    assert found[0].size_bytes == 7


def test_a_checkpoint_of_the_wrong_size_is_not_verified_even_at_a_glance(tmp_path):
    folder = new_run(tmp_path)
    (_checkpoint(folder, 1) / "state.pt").write_bytes(b"weigh")
    assert [one.verified for one in folder.saved_checkpoints()] == [False]
    assert [one.verified for one in folder.saved_checkpoints(verify=True)] == [False]


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path):
    folder = new_run(tmp_path)
    (_checkpoint(folder, 1) / "state.pt").write_bytes(b"weighuts"[:7])
    assert [one.verified for one in folder.saved_checkpoints()] == [True]
    assert [one.verified for one in folder.saved_checkpoints(verify=True)] == [False]


def test_of_very_many_checkpoints_the_newest_are_verified(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_LARGEST_HASHED", 15)
    folder = new_run(tmp_path)
    for step in (1, 2, 3):
        (_checkpoint(folder, step) / "state.pt").write_bytes(b"weighuts"[:7])  # of the right size, which a glance believes
    assert [one.verified for one in folder.saved_checkpoints(verify=True)] == [True, False, False]


def test_a_metric_that_is_not_finite_does_not_hide_its_checkpoint(tmp_path):
    folder = new_run(tmp_path)
    _checkpoint(folder, 1, metrics={"validation/loss": None, "train/loss": "Infinity"}, finite=False)
    (found,) = folder.saved_checkpoints()
    assert math.isnan(found.metrics["validation/loss"])
    assert found.metrics["train/loss"] == math.inf
    assert not found.finite


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"{", b"[]", b"\xff\x00", b"{}", b'{"step":1}', b'{"step":"x","attempt":1,"size_bytes":7,"sha256":""}',
        b'{"step":1e999,"attempt":1,"size_bytes":7,"sha256":""}', b'{"step":1,"attempt":1,"size_bytes":NaN,"sha256":""}',
        b'{"step":1,"attempt":1,"size_bytes":7,"sha256":"","metrics":[1]}', b'{"step":1,"attempt":1,"size_bytes":7,"metrics":{"a":"b"}}',
        b'{"step":null,"attempt":1,"size_bytes":7}', b'{"step":1,"attempt":1,"size_bytes":{}}', None,
    ],
)  # fmt: skip
def test_a_checkpoint_with_a_damaged_manifest_is_left_out_and_the_others_are_seen(tmp_path, manifest):
    folder = new_run(tmp_path)
    _checkpoint(folder, 1)
    damaged = _checkpoint(folder, 2) / "manifest.json"
    damaged.unlink() if manifest is None else damaged.write_bytes(manifest)
    assert [one.step for one in folder.saved_checkpoints(verify=True)] == [1]


def test_what_is_no_checkpoint_is_left_out(tmp_path):
    folder = new_run(tmp_path)
    (folder.checkpoints / "notes.txt").write_text("hello")
    (folder.checkpoints / "7-1").mkdir()
    _checkpoint(folder, 5).rename(folder.checkpoints / ".partial-5-1")
    assert folder.saved_checkpoints() == []
    folder.checkpoints.rename(tmp_path / "away")
    assert folder.saved_checkpoints() == []


# --- The worker's own log ---------------------------------------------------------------------------------------------------


def test_the_end_of_the_workers_log_is_cleaned_and_bounded(tmp_path):
    folder = new_run(tmp_path)
    assert folder.worker_log_tail() == []
    folder.worker_log.write_bytes(b"x" * 1_000_000 + b"\nfirst\n\x1b[31mred\xff\rthen\nlast\n")
    assert folder.worker_log_tail(4) == ["first", "\ufffd[31mred\ufffd", "then", "last"]
    assert sum(map(len, folder.worker_log_tail(1000))) < 20_000
    folder.worker_log.unlink()
    os.mkfifo(folder.worker_log)
    assert folder.worker_log_tail() == []


def test_attempts_are_counted_by_their_exit_records(tmp_path):
    folder = new_run(tmp_path)
    assert folder.exit_file(2).name == "exit-2.json"
    assert folder.record().settings == SETTINGS
