"""Real workers: what they survive, what they answer, and what is left of them when they are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training_runs import configure, end_of, events_of, kill, logged, wait_for, worker
from workbench.errors import ExitCode, WorkbenchError
from workbench.events.types import CheckpointSaved, RequestAnswered, SettingChanged
from workbench.finding import find_recipe
from workbench.launching.ask import Helper
from workbench.launching.awaiting import await_start
from workbench.launching.force import force_stop
from workbench.launching.launch import resume, start
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.status import is_process, process_started
from workbench.runs.store import Store

LONG = {"epochs": 100000}


def say(folder: RunFolder, kind: control.Kind, **arguments: object) -> control.Answer:
    offset = control.log_size(folder)
    return control.wait(folder, control.ask(folder, kind, by="a test", **arguments), seconds=60, offset=offset)


def steps_of(folder: RunFolder) -> int:
    return open_run(folder).state.step


def test_pause_set_save_resume_and_stop_are_answered_and_recorded(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        assert say(folder, "pause").accepted
        assert open_run(folder).status.state == "paused"
        still = steps_of(folder)
        assert say(folder, "set", lr="0.000321").accepted  # requests are answered while it is paused, too
        refused = say(folder, "set", width="3")
        assert not refused.accepted
        assert "lr" in refused.message
        assert not say(folder, "set", lr="-1").accepted
        assert say(folder, "save").step == still
        saved = open_run(folder).checkpoints()
        assert saved[-1].step == still
        assert saved[-1].verified
        assert steps_of(folder) == still
        assert say(folder, "resume").accepted
        wait_for(lambda: steps_of(folder) > still + 5)
        assert say(folder, "stop").message.startswith("stopped at step")
        assert open_run(folder).status.state == "stopped"
    events = events_of(folder)
    assert [event.new for event in events if isinstance(event, SettingChanged)] == [0.000321]
    rates = logged(folder, "train/lr")
    assert rates[still] != 0.000321
    assert {rate for step, rate in rates.items() if step > still} == {0.000321}
    answers = [event.kind for event in events if isinstance(event, RequestAnswered)]
    assert answers == ["pause", "set", "set", "set", "save", "resume", "stop"]
    assert any(isinstance(event, CheckpointSaved) and event.step == end_of(folder).step for event in events), "stopping saves"


def test_a_killed_worker_is_seen_dead_and_resumes_where_it_was(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        answered = say(folder, "save")
        wait_for(lambda: steps_of(folder) > answered.step + 10)
        feed = open_run(folder)
        os.kill(feed.state.pid, signal.SIGKILL)
        wait_for(lambda: feed.read_all().status.state == "died")
        assert "SIGKILL" in wait_for(lambda: feed.refresh().reason if "SIGKILL" in feed.refresh().reason else "")
        assert any(isinstance(event, RequestAnswered) and event.kind == "save" for event in events_of(folder))
        again = await_start(folder, after=resume(folder))
        assert again.state.attempt == 2
        assert again.state.attempts[-1].step is not None
        assert again.state.attempts[-1].step >= answered.step
        say(folder, "stop")


def test_a_worker_outlives_its_supervisor_and_everyone_above_it(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        pid = open_run(folder).state.pid
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert os.getsid(pid) == parent != os.getsid(0), "a session of its own"
        assert Path(f"/proc/{pid}/fd/0").resolve() == Path("/dev/null")
        os.kill(parent, signal.SIGKILL)
        before = steps_of(folder)
        wait_for(lambda: steps_of(folder) > before)
        assert open_run(folder).status.state == "running"
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: open_run(folder).status.state == "died")  # the lock tells, without an exit file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_behind_a_step_with_a_checkpoint(number: signal.Signals, tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        os.kill(open_run(folder).state.pid, number)
        wait_for(lambda: open_run(folder).status.state == "stopped")
        end = end_of(folder)
        assert number.name in end.reason
        assert open_run(folder).checkpoints()[-1].step == end.step
        exit_file = wait_for(lambda: json.loads(folder.exit_file(1).read_text()) if folder.exit_file(1).exists() else None)
        assert (exit_file["code"], exit_file["state"]) == (0, "stopped")
        assert exit_file["peak_memory_bytes"] > 50 << 20


def test_a_forced_stop_kills_the_worker_and_nobody_else(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        feed = open_run(folder)
        os.kill(feed.state.pid, signal.SIGSTOP)  # it cannot answer
        with pytest.raises(WorkbenchError) as refused:
            control.wait(folder, control.ask(folder, "save"), seconds=0.5, offset=control.log_size(folder))
        assert refused.value.code == ExitCode.NO_ANSWER
        assert control.pending(folder) == [], "a request that nobody waits for is withdrawn"
        force_stop(folder, feed)
        wait_for(lambda: feed.read_all().status.state == "died")
        with pytest.raises(WorkbenchError):
            force_stop(folder, feed)


def test_a_device_that_is_not_there_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    folder = start(Store(tmp_path), recipe, "digits", configure(recipe, "digits", device="cuda:9"))
    with pytest.raises(WorkbenchError) as refused:
        await_start(folder)
    assert refused.value.code == ExitCode.WRONG_USE
    assert "cuda:9" in refused.value.message
    assert not folder.path.exists()
    assert Store(tmp_path).ids() == []


def test_a_finished_run_goes_on_only_with_a_raised_limit(tmp_path: Path) -> None:
    with worker(tmp_path, epochs=None, max_steps=5) as folder:
        wait_for(lambda: open_run(folder).status.state == "finished")
        with pytest.raises(WorkbenchError) as refused:
            resume(folder)
        assert "max_steps=10" in refused.value.hint
        feed = await_start(folder, after=resume(folder, changes={"max_steps": 9}))
        wait_for(lambda: feed.read_all().status.state == "finished")
        assert sorted(logged(folder, "train/loss")) == list(range(1, 10))
        assert feed.state.amended == {"max_steps": 9}


def test_a_live_run_cannot_be_resumed_as_a_second_attempt(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        with pytest.raises(WorkbenchError):
            resume(folder)
        say(folder, "stop")


def test_every_file_of_a_run_is_its_owners_alone(tmp_path: Path) -> None:
    with worker(tmp_path, epochs=2) as folder:
        wait_for(lambda: folder.exit_file(1).exists())
        open_to_others = [path for path in [folder.path, *folder.path.rglob("*")] if path.stat().st_mode & 0o077]
        assert open_to_others == []


def test_a_warm_helper_answers_and_then_becomes_the_worker(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    helper = Helper()
    try:
        answer = helper.ask("layers", recipe="cnn", settings={})
        assert answer["parameters"] == sum(layer["parameters"] for layer in answer["layers"])
        assert helper.ask("batch", recipe="cnn", settings={"dataset": "digits"})["shape"][1:] == [8, 8]
        with pytest.raises(WorkbenchError, match="lrr"):
            helper.ask("layers", recipe="cnn", settings={"lrr": 1})
        assert helper._process is not None
        supervisor = helper._process.pid
        folder = start(Store(tmp_path), recipe, "digits", configure(recipe, "digits", threads=1, **LONG), helper=helper)
        feed = await_start(folder)
        assert os.getsid(feed.state.pid) == supervisor, "the very process that had torch already"
        helper.close()
        before = feed.state.step
        wait_for(lambda: feed.read_all().state.step > before)
        say(folder, "stop")
        wait_for(lambda: folder.exit_file(1).exists())  # its supervisor learnt which run it had become
    finally:
        helper.close()
        for run in Store(tmp_path).ids():
            left = open_run(Store(tmp_path).folder(run))
            if left.status.is_live:
                kill(left)


def test_an_idle_helper_leaves_when_its_user_is_gone() -> None:
    code = (
        "import time; from workbench.launching.ask import Helper; h = Helper(); h.start(); print(h._process.pid, flush=True); time.sleep(9)"
    )
    user = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    supervisor = int(user.stdout.readline())
    started = process_started(supervisor)
    assert started is not None
    user.kill()
    user.wait()
    wait_for(lambda: not is_process(supervisor, started))


def test_the_supervisor_stays_small(tmp_path: Path) -> None:
    with worker(tmp_path, **LONG) as folder:
        supervisor = os.getsid(open_run(folder).state.pid)
        status = Path(f"/proc/{supervisor}/status").read_text()
        resident_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
        assert resident_kb < 16 * 1024
        say(folder, "stop")


def test_a_worker_that_cannot_begin_is_told_at_once_with_its_last_words(tmp_path: Path) -> None:
    with worker(tmp_path, epochs=None, max_steps=2) as folder:
        wait_for(lambda: folder.exit_file(1).exists())
        folder.events.rename(tmp_path / "log")
        folder.events.mkdir()
        attempts = resume(folder, changes={"max_steps": 4})
        with pytest.raises(WorkbenchError) as failed:
            await_start(folder, after=attempts)
        assert "events.jsonl" in failed.value.hint


def test_a_disk_that_stays_full_ends_the_run_with_a_reason_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        with worker(small, epochs=None, max_steps=150) as folder:
            filler = small / "filler"
            with pytest.raises(OSError), open(filler, "wb", buffering=0) as file:  # noqa: PT012  until nothing fits any more
                while True:
                    file.write(b" " * 512)
            wait_for(lambda: open_run(folder).state.ended)
            run = open_run(folder)
            assert run.status.state == "finished", "the end of the run found the room that was kept for it"
            assert sorted(logged(folder, "train/loss")) == list(range(1, 151))
            assert json.loads(wait_for(lambda: folder.exit_file(1).exists() and folder.exit_file(1).read_text()))["state"] == "finished"
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_a_run_whose_starter_is_killed_before_torch_was_there_trains_all_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.training_runs import configure\n"
        "from workbench.finding import find_recipe\n"
        "from workbench.runs.store import Store; from workbench.launching.ask import Helper; from workbench.launching.launch import start\n"
        "recipe = find_recipe('cnn'); helper = Helper(); helper.start()\n"
        "config = configure(recipe, 'digits', threads=1, epochs=100000)\n"
        "flush = helper._process.stdin.flush\n"
        "helper._process.stdin.flush = lambda: (flush(), print('asked', flush=True))\n"
        "start(Store(Path(sys.argv[1])), recipe, 'digits', config, helper=helper)"
    )
    user = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    assert user.stdout.readline() == "asked\n"
    user.kill()
    user.wait()
    store = Store(tmp_path)
    wait_for(lambda: store.ids() and open_run(store.folder(store.ids()[0])).state.step > 3)
    say(store.folder(store.ids()[0]), "stop")
