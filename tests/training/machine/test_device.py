from types import SimpleNamespace

import pytest
import torch

from workbench.errors import ExitCode, WorkbenchError
from workbench.training.machine import device, precision


@pytest.fixture
def machine(monkeypatch):
    """A function that gives the machine GPUs (by free bytes, None for one that lets nobody in) and Apple's GPU or not."""

    def build(*free, mps=False):
        def memory(index):
            if free[index] is None:
                raise RuntimeError("CUDA error: exclusive")
            return free[index], 100

        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
        monkeypatch.setattr(torch.cuda, "mem_get_info", memory)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return build


def test_auto_takes_the_gpu_with_most_free_memory_then_apples_then_the_cpu(machine):
    machine(10, 50, None, 30, mps=True)
    assert device.choose("auto") == torch.device("cuda:1")
    machine(mps=True)
    assert device.choose("auto") == torch.device("mps")
    machine()
    assert device.choose("auto") == torch.device("cpu")


def test_a_named_device_is_taken_at_its_word(machine):
    machine(10, 50)
    assert device.choose("cuda:0") == torch.device("cuda:0")
    assert device.choose("cuda") == torch.device("cuda:1")
    assert device.choose("cpu") == torch.device("cpu")


def test_one_gpu_is_not_asked_for_its_memory(machine, monkeypatch):
    machine(10)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: pytest.fail("this opens a context of hundreds of MB"))
    assert device.choose("auto") == torch.device("cuda:0")


@pytest.mark.parametrize("name", ["cuda:9", "cuda", "mps"])
def test_a_device_that_is_not_there_is_wrong_use_and_names_those_that_are(machine, name):
    machine(*([10, 20] if name == "cuda:9" else []))
    with pytest.raises(WorkbenchError) as caught:
        device.choose(name)
    assert caught.value.code == ExitCode.WRONG_USE == 2
    assert caught.value.message == f"there is no device `{name}` here"
    assert ("`cpu`, `cuda:0`, `cuda:1`" if name == "cuda:9" else "this machine has `cpu`") in caught.value.hint
    assert "--device auto" in caught.value.hint


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:-1", "cuda:99999", "CUDA", "cuda:0 "])
def test_what_names_no_device_is_refused(machine, name):
    machine(10)
    with pytest.raises(WorkbenchError, match="unknown device"):
        device.choose(name)


def test_a_device_is_described_in_words(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert device.describe(torch.device("cpu")).endswith(", 3 threads)")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert device.describe(torch.device("cpu")).endswith(", 1 thread)")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(name="NVIDIA X", total_memory=80_000_000_000))
    assert device.describe(torch.device("cuda:0")) == "cuda:0 (NVIDIA X, 80 GB)"


def test_auto_precision_follows_from_what_the_device_computes_with(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda:0")
    for has, expected in (({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx512_f": True}, "fp32"), ({}, "fp32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda has=has: has)
        assert precision.resolve("auto", cpu) == expected
    for capability, expected in (((9, 0), "bf16"), ((8, 0), "bf16"), ((7, 5), "fp16"), ((6, 1), "fp32")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _, capability=capability: capability)
        assert precision.resolve("auto", gpu) == expected
    assert precision.resolve("auto", torch.device("mps")) == "fp32"


def test_a_wanted_precision_is_kept():
    assert precision.resolve("bf16", torch.device("cpu")) == "bf16"
    assert precision.resolve("fp32", torch.device("cpu")) == "fp32"


def test_fp64_is_refused_where_a_device_has_none():
    assert precision.resolve("fp64", torch.device("cpu")) == "fp64"
    with pytest.raises(WorkbenchError) as refused:
        precision.resolve("fp64", torch.device("mps"))
    assert "--device cpu" in refused.value.hint


def test_layers_in_fp64_take_narrower_inputs_and_give_what_they_gave():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())
    images = torch.randn(2, 3, 8, 8)
    before = model(images)
    outputs = precision.in_precision(model, "fp64")(images)
    assert outputs.dtype == torch.float64
    torch.testing.assert_close(outputs.float(), before)
    assert precision.widened(outputs) is outputs
    assert precision.widened(outputs.bfloat16()).dtype == torch.float32


def test_convolutions_get_the_channels_last_layout_and_the_same_results():
    torch.manual_seed(0)
    model = torch.nn.Conv2d(3, 4, 3)
    images = torch.randn(2, 3, 8, 8)
    before = model(images)
    placed = precision.in_memory_format(model, torch.device("cpu"))
    assert placed.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(placed(images), before)
