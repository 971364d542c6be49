"""Two processes that train one run are asked, stopped, killed and queued like one."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.queue.lining import Standing
from tests.together import by_each_of
from tests.training_runs import configure, end_of, events_of, logged, prepare, train_here, wait_for
from workbench.events.types import CheckpointSaved, EpochsChanged, RequestAnswered, RunQueued, SettingChanged
from workbench.finding import find_recipe, from_path
from workbench.launching.awaiting import await_start
from workbench.launching.cluster import torchrun_line
from workbench.launching.force import force_stop
from workbench.launching.launch import start
from workbench.queue import line
from workbench.runs import control
from workbench.runs.folder import RunFolder
from workbench.runs.reading.feed import open_run
from workbench.runs.store import Store
from workbench.schema import Value
from workbench.worker.__main__ import Order, work

QUICK: dict[str, Value] = {
    "threads": 1,
    "precision": "fp64",
    "evaluate_every": 1000,
    "preview_every": 1000,
    "processes": 2,
    "batch_size": 32,
}
LONG: dict[str, Value] = {**QUICK, "epochs": 100000}


@contextlib.contextmanager
def two(root: Path, **values: Value) -> Iterator[RunFolder]:
    """A run in two processes that has made its first step; all that is left of it is killed at the end."""
    recipe = find_recipe("cnn")
    folder = start(Store(root), recipe, "digits", configure(recipe, "digits", **{**LONG, **values}))
    try:
        await_start(folder)
        yield folder
    finally:
        for pid in processes_of(folder).values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not processes_of(folder))


def processes_of(folder: RunFolder) -> dict[str, int]:
    """The workers of a run by rank; their launcher, which has none, is `launcher`."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder.path).encode() + b"\0" in (place / "cmdline").read_bytes():
                names = dict(each.partition("=")[::2] for each in (place / "environ").read_text().split("\0"))
                is_supervisor = "from workbench.worker.supervise" in (place / "cmdline").read_text()
                found["supervisor" if is_supervisor else names.get("RANK", "launcher")] = int(place.name)
    return found


def say(folder: RunFolder, kind: control.Kind, **arguments: object) -> control.Answer:
    offset = control.log_size(folder)
    return control.wait(folder, control.ask(folder, kind, by="a test", **arguments), seconds=60, offset=offset)


def steps_of(folder: RunFolder) -> int:
    return open_run(folder).state.step


def state_of(folder: RunFolder) -> str:
    return open_run(folder).status.state


def test_what_is_asked_of_two_processes_happens_in_both(tmp_path: Path) -> None:
    with two(tmp_path) as folder:
        assert say(folder, "pause").accepted
        assert state_of(folder) == "paused"
        still = steps_of(folder)
        assert say(folder, "set", lr="0.000321", batch_size="48", dropout="0.1").accepted
        assert say(folder, "save").step == still
        assert steps_of(folder) == still
        assert say(folder, "resume").accepted
        changed = wait_for(lambda: next((event for event in events_of(folder) if isinstance(event, EpochsChanged)), None))
        assert changed.examples_per_step == 48
        wait_for(lambda: steps_of(folder) > changed.step + 5)
        assert say(folder, "stop").message.startswith("stopped at step")
        wait_for(lambda: not processes_of(folder))
        assert state_of(folder) == "stopped"
    events = events_of(folder)
    assert [(event.name, event.new) for event in events if isinstance(event, SettingChanged)] == [
        ("lr", 0.000321), ("batch_size", 48), ("dropout", 0.1)
    ]  # fmt: skip
    rates = logged(folder, "train/lr")
    assert {rate for step, rate in rates.items() if step > still} == {0.000321}
    assert [event.kind for event in events if isinstance(event, RequestAnswered)] == ["pause", "set", "save", "resume", "stop"]
    end = end_of(folder).step
    assert [event.step for event in events if isinstance(event, CheckpointSaved)][-1] == end
    repeated = prepare(tmp_path, find_recipe("cnn"), configure(find_recipe("cnn"), "digits", **{**LONG, "processes": 1}))

    def as_they_did(session, step: int) -> None:
        if step == still:
            for name, value in (("lr", 0.000321), ("batch_size", 48), ("dropout", 0.1)):
                session._change(name, value, "a test")
        if step == changed.step + 5:
            session.requests.signalled = "SIGTERM"

    train_here(repeated, find_recipe("cnn"), configure(find_recipe("cnn"), "digits", **{**LONG, "processes": 1}), at_step=as_they_did)
    expected = logged(repeated, "train/loss")
    found = logged(folder, "train/loss")
    assert {step: found[step] for step in expected} == pytest.approx(expected, rel=1e-6)


def test_a_run_goes_on_with_another_number_of_processes_as_if_nothing_had_happened(tmp_path: Path) -> None:
    recipe = find_recipe("rnn")
    small = {"hidden": 16, "length": 16, "batch_size": 9, "schedule": "constant", "epochs": None, "layers": 2, "dropout": 0.2}
    values = {**QUICK, **small, "processes": 1}
    whole, parted = (prepare(tmp_path, recipe, configure(recipe, "text", **values, max_steps=last)) for last in (12, 4))
    train_here(whole, recipe, configure(recipe, "text", **values, max_steps=12))
    for count, last in ((2, 4), (3, 8), (1, 12)):
        order = Order(launched=True, amended={"max_steps": last})
        assert by_each_of(count, lambda order=order: work(parted, order), tmp_path, joined=False) == [0] * count
    assert logged(parted, "train/loss") == pytest.approx(logged(whole, "train/loss"), rel=1e-6)
    assert len(logged(parted, "train/loss")) == 12


def test_a_forced_stop_leaves_no_process_behind_even_if_one_hangs(tmp_path: Path) -> None:
    with two(tmp_path) as folder:
        os.kill(processes_of(folder)["1"], signal.SIGSTOP)  # the other one waits for it
        force_stop(folder, open_run(folder))
        wait_for(lambda: state_of(folder) == "died")
        wait_for(lambda: not processes_of(folder))
        assert "SIGKILL" in open_run(folder).status.reason


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_launcher_ends_the_run_behind_a_step(number: signal.Signals, tmp_path: Path) -> None:
    with two(tmp_path) as folder:
        os.kill(processes_of(folder)["launcher"], number)
        wait_for(lambda: state_of(folder) == "stopped")
        assert number.name in end_of(folder).reason
        assert open_run(folder).checkpoints()[-1].step == end_of(folder).step
        wait_for(lambda: not processes_of(folder))


def test_ctrl_c_of_who_follows_a_run_of_two_stops_it(tmp_path: Path) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in LONG.items()]
    command = [sys.executable, "-m", "workbench", "train", "cnn", "--preset", "digits", "--now", f"--runs={tmp_path}", *flags]
    follower = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    folder = Store(tmp_path).folder("cnn-1")
    wait_for(lambda: folder.events.exists() and steps_of(folder) > 3)
    follower.send_signal(signal.SIGINT)
    said, _ = follower.communicate(timeout=180)
    assert state_of(folder) == "stopped", said
    assert "stopped at step" in said
    wait_for(lambda: not processes_of(folder))


BREAKS = """
    import dataclasses, os
    from recipes.cnn import RECIPE as CNN

    def train(config, run):
        class Watched:
            def __getattr__(self, name):
                return getattr(run, name)
            def log(self, step, values):
                if step == 3 and os.environ["RANK"] == "1":
                    {breaks}
                run.log(step, values)
            def steps(self, data, *, batches=1):
                for step, found in run.steps(data, batches=batches):
                    if step == 3 and os.environ["RANK"] == "1":
                        {spoils}
                    yield step, found
        CNN.train(config, Watched())

    RECIPE = dataclasses.replace(CNN, name="breaks", train=train)
"""


@pytest.mark.parametrize(
    ("breaks", "spoils", "reason"),
    [
        ("raise ValueError('no such row')", "pass", "process 1 of 2 (rank 1) failed: ValueError: no such row"),
        ("os._exit(7)", "pass", "process 1 of 2 (rank 1) failed: it left with exit code 7"),
        ("pass", "found[0][0].mul_(float('nan'))", "the gradient became NaN at step 3"),
    ],
    ids=["error", "exit", "nan"],
)
def test_what_goes_wrong_in_the_second_process_ends_the_run_in_words(breaks: str, spoils: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "breaks.py"
    path.write_text(textwrap.dedent(BREAKS).format(breaks=breaks, spoils=spoils))
    recipe = from_path(path)
    folder = start(Store(tmp_path / "runs"), recipe, "digits", configure(recipe, "digits", **LONG))
    wait_for(lambda: not open_run(folder).status.is_live)
    assert reason in wait_for(lambda: state_of(folder) == "failed" and open_run(folder).status.reason)
    wait_for(lambda: not processes_of(folder))


def test_two_processes_take_one_place_in_the_queue(tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    config = configure(recipe, "digits", **{**QUICK, "device": "cpu", "epochs": None, "max_steps": 3})
    before = Standing(line.room(), "gan-3")
    assert before.do("take") == "cpu"
    try:
        runs = []
        for _ in range(2):
            runs.append(start(Store(tmp_path), recipe, "digits", config, queue=True))
            wait_for(lambda: state_of(runs[-1]) == "queued")
        first, second = runs
    finally:
        before.kill()
    wait_for(lambda: state_of(first) == state_of(second) == "finished")
    ends, starts = end_of(first).at, open_run(second).state.attempts[-1].started_at
    assert starts >= ends, "one at a time on the CPU, as many processes as each may have"
    assert [event.behind for event in events_of(second) if isinstance(event, RunQueued)] == [("gan-3", first.id)]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"patience": 2, "evaluate_every": 2, "lr": 1e-9, "min_delta": 0.1}, "has not improved for 2 evaluations"),
        ({"max_seconds": 1.0}, "trained for 1 seconds"),
    ],
    ids=["patience", "seconds"],
)
def test_a_limit_ends_both_at_the_same_step(limits: dict[str, Value], reason: str, tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    folder = prepare(tmp_path, recipe, configure(recipe, "digits", **{**LONG, **limits}))
    assert by_each_of(2, lambda: work(folder, Order(launched=True)), tmp_path, joined=False) == [0, 0]
    assert (end_of(folder).state, reason in end_of(folder).reason) == ("finished", True), end_of(folder)
    steps = logged(folder, "train/loss")
    assert sorted(steps) == list(range(1, end_of(folder).step + 1))


@pytest.mark.parametrize("machines", [1, 2])
def test_the_line_for_a_cluster_trains_the_run(machines: int, tmp_path: Path) -> None:
    recipe = find_recipe("cnn")
    values = {**QUICK, "epochs": None, "max_steps": 4}
    alone = prepare(tmp_path / "one", recipe, configure(recipe, "digits", **{**values, "processes": 1}))
    train_here(alone, recipe, configure(recipe, "digits", **{**values, "processes": 1}))
    folder = start(Store(tmp_path / "runs"), recipe, "digits", configure(recipe, "digits", **values), begins=False)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    line_of = torchrun_line(folder).replace("--nnodes 1", f"--nnodes {machines}").replace("29400", str(port))
    line_of = line_of.replace("--nproc-per-node 2", f"--nproc-per-node {2 // machines}")
    command = [sys.executable, "-m", "torch.distributed.run", *shlex.split(line_of)[1:]]
    nodes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(machines)]
    said = [node.communicate(timeout=180)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0] * machines, said
    assert end_of(folder).state == "finished"
    assert logged(folder, "train/loss") == pytest.approx(logged(alone, "train/loss"), rel=1e-7)
