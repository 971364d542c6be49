import os
import platform
import signal
import subprocess
import sys
import time

import pytest

from tests.builders import START, append, build_run, ended, loop, metrics, new_run, opening, started
from workbench.events.types import Paused, RunQueued
from workbench.locks import lock_holder
from workbench.runs.files import read_json, replace_file
from workbench.runs.reading.feed import Feed, open_run
from workbench.runs.status import Evidence, Exit, Status, boot_id, is_process, judge, process_started, read_exit, status

ALIVE = {"started": True, "has_steps": True, "lock_held": True, "process_alive": True}
GONE = {"started": True, "has_steps": True}

TRUTH = [
    # An end that was recorded counts, whatever else there is to see.
    ({**GONE, "ended": "finished", "ended_reason": "20 epochs"}, "finished", "20 epochs"),
    ({**GONE, "ended": "stopped", "ended_reason": "stopped by ada"}, "stopped", "stopped by ada"),
    ({**GONE, "ended": "failed", "ended_reason": "NaN at step 3"}, "failed", "NaN at step 3"),
    ({**ALIVE, "ended": "finished"}, "finished", ""),
    ({**GONE, "ended": "finished", "exit": Exit(signal="SIGKILL")}, "finished", ""),
    ({**GONE, "ended": "finished", "same_host": False, "quiet_seconds": 1e6}, "finished", ""),
    ({**GONE, "ended": "finished", "same_boot": False}, "finished", ""),
    # Then what the supervisor saw.
    ({**GONE, "exit": Exit(signal="SIGKILL")}, "died", "it was killed by SIGKILL; `workbench resume` continues"),
    ({**GONE, "exit": Exit(signal="SIGKILL", out_of_memory=True)}, "died", "the system ran out of memory and killed it; `workbench"),
    ({**GONE, "exit": Exit(signal="SIGSEGV", state="finished")}, "died", "it was killed by SIGSEGV; `workbench resume` continues from its"),
    ({**GONE, "exit": Exit(code=0, state="finished", reason="20 epochs")}, "finished", "20 epochs"),
    ({**GONE, "exit": Exit(code=1, state="failed", reason="the disk is full")}, "failed", "the disk is full"),
    ({**GONE, "exit": Exit(code=3)}, "failed", "its worker left with exit code 3; worker.log may say why"),
    ({**GONE, "exit": Exit(code=0, state="enchanted")}, "failed", "its worker left with exit code 0; worker.log may say why"),
    ({"started": False, "exit": Exit(code=2, state="failed", reason="no such device")}, "failed", "no such device"),
    ({**GONE, "exit": Exit(signal="SIGKILL"), "same_host": False, "quiet_seconds": 9.0}, "died", "it was killed by SIGKILL"),
    # Another host is never called dead.
    ({**GONE, "same_host": False, "same_boot": False, "quiet_seconds": 5.0, "host": "box"}, "running", ""),
    ({**GONE, "same_host": False, "same_boot": False, "quiet_seconds": 45.0, "host": "box"}, "running", "no news for 40 s"),
    ({**GONE, "same_host": False, "same_boot": False, "quiet_seconds": 720.0, "host": "box"}, "unknown", "no news for 12 min from box"),
    ({**GONE, "same_host": False, "paused": True, "quiet_seconds": 5.0, "host": "box"}, "paused", ""),
    ({"started": False, "same_host": False, "quiet_seconds": 5.0, "host": "box"}, "starting", ""),
    ({"started": False, "same_host": False, "quiet_seconds": 90.0, "host": "box"}, "unknown", "no news for 1 min from box"),
    # Claimed, and no word of a worker.
    ({"started": False, "claimed_seconds": 3.0}, "starting", "its worker is being started"),
    ({"started": False, "claimed_seconds": 300.0}, "died", "its worker never started; worker.log may say why"),
    ({"started": False, "claimed_seconds": 300.0, "lock_held": True}, "starting", ""),
    # The same host: boot, lock, process.
    ({**ALIVE, "same_boot": False, "lock_held": False, "process_alive": False}, "died", "the machine was restarted while it ran"),
    ({**GONE, "same_boot": False, "process_alive": True}, "died", "the machine was restarted while it ran"),
    (ALIVE, "running", ""),
    ({**ALIVE, "quiet_seconds": 20.0}, "running", ""),
    ({**ALIVE, "quiet_seconds": 3600.0}, "running", "no news for 1 h"),
    ({**ALIVE, "process_alive": False}, "running", ""),
    ({**ALIVE, "paused": True}, "paused", ""),
    ({**ALIVE, "paused": True, "quiet_seconds": 3600.0}, "paused", ""),
    ({**ALIVE, "has_steps": False}, "starting", ""),
    ({**ALIVE, "has_steps": False, "quiet_seconds": 3600.0}, "starting", ""),
    ({**ALIVE, "lock_held": False}, "unknown", "its process lives but does not hold its lock"),
    (GONE, "died", "its process is gone and left no word; the machine or a person killed it"),
    ({**GONE, "paused": True}, "died", "its process is gone and left no word; the machine or a person killed it"),
    ({**GONE, "has_steps": False}, "died", "its process is gone and left no word; the machine or a person killed it"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _far_runs_live() -> None:
    """How long news from another host counts is part of what is tested here."""


@pytest.mark.parametrize(("facts", "state", "reason"), TRUTH)
def test_the_state_of_a_run_follows_from_the_evidence(facts, state, reason):
    found = judge(Evidence(**facts))
    assert found.state == state
    assert found.reason == reason or (reason and found.reason.startswith(reason))
    assert found.is_live == (state in ("starting", "running", "paused"))


# --- The evidence itself ----------------------------------------------------------------------------------------------------

HOLDER = """
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of a run, as its worker does."""
    folder = new_run(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder.lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield folder, process
    process.kill()
    process.communicate()


def test_a_lock_is_seen_without_taking_it_and_is_free_once_its_holder_is_killed(holder):
    folder, process = holder
    for _ in range(3):
        assert lock_holder(folder.lock) == process.pid
    process.kill()
    process.wait()
    assert lock_holder(folder.lock) is None


def test_a_lock_that_may_only_be_read_is_seen_as_well(holder):
    folder, process = holder
    folder.lock.chmod(0o400)
    assert lock_holder(folder.lock) == process.pid


def test_no_lock_file_and_no_plain_file_are_no_lock(tmp_path):
    assert lock_holder(tmp_path / "none") is None
    os.mkfifo(tmp_path / "pipe")
    assert lock_holder(tmp_path / "pipe") is None
    assert lock_holder(tmp_path) is None


def _worker(process):
    return {"pid": process.pid, "process_started": process_started(process.pid)}


def test_a_run_lives_as_long_as_its_worker_and_has_died_when_that_was_killed(holder):
    folder, process = holder
    now = time.time()
    append(folder, [*opening(at=now - 20, **_worker(process)), loop(at=now - 10), metrics(range(1, 50), at=now - 10)])
    feed = open_run(folder)
    assert feed.status == Status("running")
    append(folder, [Paused(at=now, step=49, by="ada")])
    feed.poll()
    assert feed.refresh() == Status("paused")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert feed.refresh().state == "died"
    replace_file(folder.exit_file(1), b'{"attempt":1,"code":null,"signal":"SIGKILL","out_of_memory":true}')
    assert feed.refresh().reason.startswith("the system ran out of memory")


def test_a_worker_that_lives_without_its_lock_is_not_called_dead(holder):
    folder, process = holder
    append(folder, [*opening(**_worker(process)), loop(), metrics([1])])
    folder.lock.unlink()
    assert open_run(folder).status.state == "unknown"


def test_a_process_with_the_same_number_but_another_start_is_another_process(holder):
    _, process = holder
    born = process_started(process.pid)
    assert born is not None
    assert is_process(process.pid, born)
    assert not is_process(process.pid, born + 1)
    assert not is_process(0, 0.0)
    process.kill()
    process.wait()
    assert process_started(process.pid) is None


def test_a_process_that_is_dead_but_not_buried_does_not_live(holder):
    _, process = holder
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process_started(process.pid) is None


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "died"),
        ({"boot_id": "another"}, "died"),
        ({"host": "elsewhere"}, "unknown"),
        ({"host": "elsewhere", "at": "now"}, "running"),
    ],
)
def test_the_evidence_is_gathered_from_log_lock_and_host(tmp_path, facts, state):
    at = time.time() - 20 if facts.pop("at", None) else START
    folder = build_run(tmp_path, [started(at=at, **facts), loop(at=at), metrics(range(1, 101), at=at)])
    assert open_run(folder).status.state == state


def test_a_run_has_steps_only_once_its_newest_attempt_has_one(tmp_path):
    now = time.time()
    log = [*opening(at=START, host="elsewhere"), loop(), metrics(range(1, 101)), started(2, at=now, host="elsewhere"), loop(100, at=now)]
    folder = build_run(tmp_path, log)
    assert open_run(folder).status.state == "starting"
    append(folder, [metrics([101], at=now - 10)])
    assert open_run(folder).status.state == "running"


def test_a_run_that_was_claimed_elsewhere_and_has_not_begun_is_not_called_dead(tmp_path):
    folder = new_run(tmp_path, created_at=time.time() - 600, host="elsewhere")
    assert open_run(folder).status == Status("unknown", "no news for 10 min from elsewhere")
    folder = new_run(tmp_path, "cnn-2", created_at=time.time() - 600, host=platform.node())
    assert open_run(folder).status.state == "died"


def test_only_the_exit_record_of_the_newest_attempt_counts(tmp_path):
    folder = build_run(tmp_path, [*opening(), loop(), metrics([1]), ended("failed", step=1), *opening(2, host="elsewhere", at=time.time())])
    replace_file(folder.exit_file(1), b'{"signal":"SIGKILL"}')
    assert open_run(folder).status.state == "starting"
    replace_file(folder.exit_file(2), b'{"signal":"SIGTERM"}')
    assert open_run(folder).status.state == "died"


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b"\xff\x00", b'"died"'])
def test_a_damaged_exit_record_is_none(tmp_path, text):
    (tmp_path / "exit-1.json").write_bytes(text)
    assert read_exit(tmp_path / "exit-1.json") is None


def test_an_exit_record_of_the_wrong_kinds_is_read_without_believing_them(tmp_path):
    (tmp_path / "exit-1.json").write_bytes(b'{"code":"x","signal":7,"reason":["a\\u001b[2J"],"state":{},"out_of_memory":"yes"}')
    found = read_exit(tmp_path / "exit-1.json")
    assert found.code is None
    assert "\x1b" not in found.reason
    assert judge(Evidence(started=True, exit=found)).state == "died"


def test_boots_are_told_apart():
    assert boot_id()
    assert boot_id() == boot_id()


def test_a_state_that_was_never_read_is_not_judged(tmp_path):
    folder = build_run(tmp_path, [*opening(), loop(), metrics([1]), ended()])
    assert Feed(folder).status.state == "unknown"
    assert status(folder, Feed(folder).state, created_at=START, now=START + 5).state == "starting"
    assert read_json(folder.exit_file(1)) == {}


def test_a_queued_run_lives_by_its_lock_alone() -> None:
    waits = {"started": False, "queued": True}
    assert judge(Evidence(**waits, lock_held=True)).state == "queued"
    assert judge(Evidence(**{**waits, "started": True}, lock_held=True)).state == "queued", "another attempt waits"
    gone = judge(Evidence(**waits, claimed_seconds=1))
    assert (gone.state, "queues it again" in gone.reason) == ("died", True)
    assert "restarted" in judge(Evidence(**waits, same_boot=False)).reason
    assert judge(Evidence(**waits, same_host=False, quiet_seconds=5)).state == "queued"
    assert judge(Evidence(**waits, same_host=False, quiet_seconds=500, host="far")).state == "unknown"


def test_what_was_before_counts_no_more_once_another_attempt_waits(tmp_path) -> None:
    queued = RunQueued(at=START + 99, host=platform.node(), boot_id=boot_id(), slots=("cpu",), behind=("gan-3",))
    folder = build_run(tmp_path, [*opening(), loop(), metrics(range(1, 5)), ended("stopped", step=4), queued])
    replace_file(folder.exit_file(1), b'{"code": 0, "state": "stopped"}')
    assert open_run(folder).status.state == "died", "nobody holds its lock"
    append(folder, [ended("stopped", step=4, at=START + 100, reason="taken out of the queue by ada")])
    feed = open_run(folder)
    assert (feed.status.state, feed.status.reason) == ("stopped", "taken out of the queue by ada")
    assert feed.state.attempts[-1].reason == "4 epochs", "the attempt that was made keeps its end"
