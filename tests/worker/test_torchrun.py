"""Which device each of several processes takes."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import torch

from tests.training_runs import wait_for
from workbench.errors import ExitCode, WorkbenchError
from workbench.runs.status import process_started
from workbench.worker import torchrun

_CHILD = "subprocess.run([sys.executable, '-c', sys.argv[1]])"


@pytest.fixture
def second_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("wanted", "gpus", "found"),
    [
        ("auto", 2, {"device": "cuda:1"}),
        ("auto", 1, {"device": "cpu"}),  # as the first one does, which would have had a GPU
        ("auto", 0, {"device": "cpu"}),
        ("cuda", 3, {"device": "cuda:1"}),
        ("cuda", 0, {}),  # refused where a device is chosen
        ("cpu", 2, {}),
    ],
)
@pytest.mark.usefixtures("second_of_two")
def test_each_process_takes_a_gpu_or_all_take_the_cpu(
    wanted: str, gpus: int, found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert torchrun.device(wanted) == found


@pytest.mark.parametrize(("wanted", "hint"), [("cuda", "--processes 1"), ("cuda:0", "--device cuda")])
@pytest.mark.usefixtures("second_of_two")
def test_processes_without_a_gpu_each_are_refused(wanted: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(WorkbenchError) as refused:
        torchrun.device(wanted)
    assert hint in refused.value.hint
    assert refused.value.code == ExitCode.WRONG_USE


def test_a_process_is_gone_with_its_launcher() -> None:
    child = "from workbench.worker import torchrun; torchrun.end_with_launcher(); print(os.getpid(), flush=True); time.sleep(600)"
    program = f"import os, subprocess, sys; os.environ['WORKBENCH_LAUNCHER'] = str(os.getpid()); {_CHILD}"
    launcher = subprocess.Popen([sys.executable, "-c", program, f"import os, time; {child}"], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    assert process_started(pid)
    launcher.kill()
    launcher.wait()
    assert launcher.stdout.read() == "", "which ends once nobody can write to it any more"
    wait_for(lambda: not process_started(pid))  # it is a zombie until somebody reaps it


def test_a_process_whose_launcher_has_gone_before_does_not_begin() -> None:
    program = "import os; os.environ['WORKBENCH_LAUNCHER'] = '1'; from workbench.worker import torchrun; torchrun.end_with_launcher()"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL


def test_a_process_by_itself_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert torchrun.device("auto") == {}
