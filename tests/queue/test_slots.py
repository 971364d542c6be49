"""Which slots there are."""

from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.queue import slots


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    monkeypatch.setattr(slots, "_DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv(slots.VARIABLE, raising=False)
    monkeypatch.setattr(slots, "user_settings", dict)


@pytest.mark.usefixtures("gpus")
def test_a_machine_has_a_slot_for_the_cpu_and_one_for_each_gpu_that_may_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slots.machine_slots() == ("cpu", "cuda:0", "cuda:1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert slots.machine_slots() == ("cpu", "cuda:0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert slots.machine_slots() == ("cpu",)


@pytest.mark.usefixtures("gpus")
def test_a_run_takes_the_slots_that_its_device_allows() -> None:
    assert slots.wanted("auto") == slots.wanted("cuda") == ("cuda:0", "cuda:1")
    assert slots.wanted("cuda:1") == ("cuda:1",)
    assert slots.wanted("cpu") == ("cpu",)
    assert slots.wanted("mps") == ("mps",), "a device without a slot takes one run at a time, too"
    assert slots.assigned("auto", "cuda:1", ("cuda:0", "cuda:1")) == "cuda:1"
    assert slots.assigned("cuda:1", "cuda:1", ("cuda:1",)) == "", "it says so itself"
    assert slots.assigned("auto", "cpu", ("cpu",)) == "", "torch decides where there is one"


@pytest.mark.usefixtures("gpus")
def test_what_was_given_comes_before_the_file_and_before_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "user_settings", lambda: {"device_slots": "cuda:1"})
    assert slots.machine_slots() == ("cuda:1",)
    monkeypatch.setenv(slots.VARIABLE, "cpu,cpu")
    assert slots.wanted("auto") == ("cpu", "cpu.2")
    assert slots.assigned("auto", "cpu.2", ("cpu", "cpu.2")) == "cpu"


@pytest.mark.parametrize("text", ["gpu", "cuda", "cpu,", "cuda:0;cuda:1", "../cpu"])
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(WorkbenchError, match="no device that could have a slot"):
        slots.parse(text)
