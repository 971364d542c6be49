import json
import os

import pytest

from tests.builders import append, build_run, new_run, opening
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import RequestAnswered
from workbench.runs import control


def _answer(request, *, accepted=True, message="paused at step 7", step=7):
    return RequestAnswered(at=1, step=step, request=request.id, kind=request.kind, accepted=accepted, message=message)


@pytest.fixture
def folder(tmp_path):
    return build_run(tmp_path, opening())


def test_a_request_is_one_small_file_that_the_worker_finds(folder):
    request = control.ask(folder, "set", by="ada", lr="3e-4")
    assert control.pending(folder) == [request]
    assert (request.kind, request.by, request.arguments) == ("set", "ada", {"lr": "3e-4"})
    (file,) = folder.control.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_requests_are_found_in_the_order_in_which_they_were_asked(folder):
    asked = [control.ask(folder, kind, by="ada") for kind in ("pause", "save", "resume", "stop") * 5]
    assert control.pending(folder) == asked
    assert len({request.id for request in asked}) == 20


def test_a_request_says_who_asks(folder, monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    assert control.ask(folder, "pause").by == "grace"


def test_an_answer_in_the_log_ends_the_wait_and_the_request(folder):
    offset = control.log_size(folder)
    request = control.ask(folder, "pause")
    append(folder, [_answer(request)])
    assert control.wait(folder, request, seconds=60, offset=offset) == control.Answer(True, "paused at step 7", 7)
    assert control.pending(folder) == []


def test_only_the_answer_to_this_request_counts_and_only_behind_the_offset(folder):
    request, other = control.ask(folder, "pause"), control.ask(folder, "pause")
    append(folder, [_answer(request, message="long ago")])
    offset = control.log_size(folder)
    append(folder, [_answer(other, message="another's"), _answer(request, accepted=False, message="mine")])
    assert control.wait(folder, request, seconds=60, offset=offset) == control.Answer(False, "mine", 7)


def test_an_answer_that_comes_while_waiting_is_heard(folder, monkeypatch):
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)
    request = control.ask(folder, "stop")
    answered = []

    def worker():
        if not answered:
            answered.append(request)
            append(folder, [_answer(request, message="stopped at step 9", step=9)])
        return True

    assert control.wait(folder, request, seconds=60, offset=0, is_live=worker).step == 9


def test_a_worker_that_does_not_answer_is_waited_for_so_long_and_no_longer(folder):
    request = control.ask(folder, "pause")
    with pytest.raises(WorkbenchError) as caught:
        control.wait(folder, request, seconds=0.05, offset=0)
    assert caught.value.code == ExitCode.NO_ANSWER == 4
    assert caught.value.message == "cnn-1 did not answer `pause` within 0.05 s"
    assert "workbench stop --force cnn-1" in caught.value.hint
    assert control.pending(folder) == []


def test_a_worker_that_is_gone_is_not_waited_for_to_the_end(folder, monkeypatch):
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(control, "_LAST_WORDS_SECONDS", 0.0)
    request = control.ask(folder, "save")
    with pytest.raises(WorkbenchError, match="cnn-1 ended before it answered `save`") as caught:
        control.wait(folder, request, seconds=600, offset=0, is_live=lambda: False)
    assert caught.value.code == ExitCode.WRONG_USE
    assert control.pending(folder) == []


def test_the_last_words_of_a_worker_that_is_gone_are_heard(folder, monkeypatch):
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)
    request = control.ask(folder, "stop")

    def last_words():
        append(folder, [_answer(request)])
        return False

    assert control.wait(folder, request, seconds=600, offset=0, is_live=last_words).accepted


def test_whoever_loses_patience_takes_the_request_along(folder, monkeypatch):
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)

    def interrupt():
        raise KeyboardInterrupt

    request = control.ask(folder, "stop")
    with pytest.raises(KeyboardInterrupt):
        control.wait(folder, request, seconds=600, offset=0, is_live=interrupt)
    assert control.pending(folder) == []


def test_files_that_are_no_request_are_removed_and_the_others_answered(folder):
    good = control.ask(folder, "pause")
    rubbish = {
        "1.json": b"",
        "2.json": b"\xff\x00\x01",
        "3.json": b'{"kind":"pause"}',
        "4.json": b'{"kind":"explode","arguments":{}}',
        "5.json": b'{"kind":["pause"],"arguments":{}}',
        "6.json": b'{"kind":"pause","arguments":[]}',
        "7.json": b"[]",
        "8.json": b"{" * 100_000,
        "9.json": b'{"kind":"set","arguments":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    }
    for name, data in rubbish.items():
        (folder.control / name).write_bytes(data)
    assert control.pending(folder) == [good]
    assert [path.name for path in folder.control.iterdir()] == [f"{good.id}.json"]


def test_what_is_not_a_plain_file_neither_hangs_nor_leaks(folder):
    good = control.ask(folder, "pause")
    os.mkfifo(folder.control / "0.json")
    (folder.control / "1.json").mkdir()
    (folder.control / "2.json").symlink_to("/dev/zero")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        assert control.pending(folder) == [good]
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == before


def test_a_request_that_is_being_written_is_not_seen(folder):
    (folder.control / ".0.json.abc").write_text("{")
    (folder.control / "notes.txt").write_text("hello")
    assert control.pending(folder) == []
    assert len(list(folder.control.iterdir())) == 2


def test_the_text_of_a_request_is_cleaned(folder):
    body = {"kind": "set", "by": "a\x1b]52;c;AA\x07", "arguments": {"l\x1br": "\x9b2J"}}
    (folder.control / "1.json").write_text(json.dumps(body))
    (request,) = control.pending(folder)
    assert not any(mark in repr(request) for mark in ("\\x1b", "\\x07", "\\x9b"))


def test_a_file_name_that_is_no_text_still_gets_its_answer_into_the_log(folder):
    (folder.control / os.fsdecode(b"\xff.json")).write_text('{"kind":"pause","arguments":{}}')
    (request,) = control.pending(folder)
    append(folder, [_answer(request)])
    control.withdraw(folder, request)
    assert control.pending(folder) == []


def test_asking_in_a_folder_that_is_gone_is_an_error_in_words(folder):
    folder.path.rename(folder.path.with_name("away"))
    with pytest.raises(WorkbenchError, match="cannot write"):
        control.ask(folder, "pause")
    assert control.pending(folder) == []
    assert control.log_size(folder) == 0


def test_a_run_without_control_folder_has_no_requests(tmp_path):
    folder = new_run(tmp_path)
    folder.control.rmdir()
    assert control.pending(folder) == []
