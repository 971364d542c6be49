import copy
import math
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workbench.settings import Optimization
from workbench.training.optimizer import Optimizer
from workbench.training.updating.gradients import LayerNorms, NonFiniteGradient

RULES = ("sgd", "rmsprop", "adagrad", "adam", "adamw")


def _run(**changes):
    return SimpleNamespace(**{"precision": "fp32", "epoch": 0, "progress": 0.0, **changes})


def _model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 3))


def _batch(size=16):
    numbers = torch.Generator().manual_seed(1)
    return torch.randn(size, 6, generator=numbers), torch.randint(3, (size,), generator=numbers)


def _train(optimizer, model, steps=5, batch=None):
    inputs, labels = batch or _batch()
    reported = []
    for _ in range(steps):
        optimizer.backward(F.cross_entropy(model(inputs), labels))
        reported.append(optimizer.step())
    return reported


def _weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def _theirs(name, settings, model):
    """Torch's optimizer with decay on the matrices alone, in its plainest form: neither foreach nor fused."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    betas = {"betas": (settings.beta1, settings.beta2)}
    more = {"sgd": {"momentum": settings.momentum, "nesterov": settings.nesterov}, "rmsprop": {"momentum": settings.momentum}}
    kinds = {"sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW"}
    return getattr(torch.optim, kinds[name])(groups, settings.lr, foreach=False, **more.get(name, betas if "adam" in name else {}))


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("name", RULES)
def test_every_rule_makes_the_updates_that_torch_makes(name, mask):
    settings = Optimization(optimizer=name, lr=0.01, weight_decay=0.1, nesterov=name == "sgd", beta1=0.8, beta2=0.95, momentum=0.7)
    model = _model()
    reference = copy.deepcopy(model)
    theirs = _theirs(name, settings, reference)
    _train(Optimizer(model, settings, _run(), mask=mask), model)
    inputs, labels = _batch()
    for _ in range(5):
        theirs.zero_grad()
        F.cross_entropy(reference(inputs), labels).backward()
        theirs.step()
    for ours, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, other, rtol=1e-5, atol=1e-7)


def test_weight_decay_shrinks_weights_and_spares_biases_and_norms():
    model = _model()
    before = _weights(model)
    optimizer = Optimizer(model, Optimization(optimizer="sgd", lr=0.1, momentum=0.0, weight_decay=0.5), _run())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for old, new in zip(before, _weights(model), strict=True):
        torch.testing.assert_close(new, old * (0.95 if old.ndim > 1 else 1.0))


def test_l1_is_the_gradient_of_the_sum_of_absolute_weights():
    model, reference = _model(), _model()
    settings = Optimization(optimizer="sgd", lr=0.1, momentum=0.0, l1=0.03)
    reported = _train(Optimizer(model, settings, _run()), model, steps=1)[0]
    inputs, labels = _batch()
    penalty = sum(p.abs().sum() for p in reference.parameters() if p.ndim > 1)
    (F.cross_entropy(reference(inputs), labels) + 0.03 * penalty).backward()
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in reference.parameters()))
    assert reported["train/grad_norm"] == pytest.approx(norm, rel=1e-5)
    for ours, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, other.detach() - 0.1 * other.grad)


@pytest.mark.parametrize("mask", [False, True])
def test_norms_are_those_before_clipping_and_clipping_is_torchs(mask):
    model, reference = _model(), _model()
    settings = Optimization(optimizer="sgd", lr=1.0, momentum=0.0, clip_norm=0.05)
    reported = _train(Optimizer(model, settings, _run(), mask=mask), model, steps=1)[0]
    inputs, labels = _batch()
    F.cross_entropy(reference(inputs), labels).backward()
    layers = {name: [p.grad for p in layer.parameters()] for name, layer in reference.named_children() if list(layer.parameters())}
    expected = {name: float(torch.cat([g.flatten() for g in grads]).norm()) for name, grads in layers.items()}
    assert {key: float(value) for key, value in reported.items() if key.startswith("train/grad_norm/")} == pytest.approx(
        {f"train/grad_norm/{name}": norm for name, norm in expected.items()}
    )
    total = nn.utils.clip_grad_norm_(reference.parameters(), 0.05)
    assert float(reported["train/grad_norm"]) == pytest.approx(float(total))
    assert float(total) > 0.05, "nothing was clipped, so nothing was tested"
    for ours, other in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, other.detach() - other.grad)


def test_a_small_gradient_is_not_scaled_up_to_the_clipping_norm():
    model, free = _model(), _model()
    _train(Optimizer(model, Optimization(optimizer="sgd", clip_norm=1e6), _run()), model)
    _train(Optimizer(free, Optimization(optimizer="sgd"), _run()), free)
    assert all(torch.equal(a, b) for a, b in zip(_weights(model), _weights(free), strict=True))


def test_accumulated_shares_of_a_batch_make_the_update_of_the_whole():
    def plain():  # batch norm would see the parts
        torch.manual_seed(0)
        return nn.Linear(6, 3)

    model, reference = plain(), plain()
    inputs, labels = _batch(10)
    optimizer = Optimizer(model, Optimization(optimizer="adam"), _run())
    for part in (slice(0, 4), slice(4, 8), slice(8, 10)):
        optimizer.backward(F.cross_entropy(model(inputs[part]), labels[part]), share=len(labels[part]) / 10)
    ours = optimizer.step()
    other = _train(Optimizer(reference, Optimization(optimizer="adam"), _run()), reference, steps=1, batch=(inputs, labels))[0]
    assert ours["train/grad_norm"] == pytest.approx(other["train/grad_norm"], rel=1e-5)
    torch.testing.assert_close(model.weight, reference.weight)
    assert model.weight.grad is None, "the next update would start from this one's gradient"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_on_the_cpu_a_gradient_that_is_not_finite_stops_the_step_before_it_touches_anything(bad):
    model = _model()
    optimizer = Optimizer(model, Optimization(), _run())
    _train(optimizer, model, steps=3)
    weights, memory = _weights(model), copy.deepcopy(optimizer.state_dict()["rules"])
    optimizer.backward(model(_batch()[0]).sum() * bad)
    with pytest.raises(NonFiniteGradient, match="the gradient of step 4 was") as caught:
        optimizer.step()
    assert caught.value.step == 4
    assert not math.isfinite(caught.value.norm)
    assert all(torch.equal(a, b) for a, b in zip(weights, _weights(model), strict=True))
    for name, rule in optimizer.state_dict()["rules"].items():
        for key, tensors in rule.items():
            assert all(torch.equal(old, new) for old, new in zip(memory[name][key], tensors, strict=True))


@pytest.mark.parametrize("first", [1, 3])
@pytest.mark.parametrize("name", RULES)
def test_on_an_accelerator_the_device_leaves_out_the_bad_update_and_all_that_follow(name, first):
    model = _model()
    optimizer = Optimizer(model, Optimization(optimizer=name, lr=0.01, clip_norm=1.0), _run(), mask=True)
    _train(optimizer, model, steps=first - 1)
    optimizer.check()
    weights = _weights(model)
    optimizer.backward(model(_batch()[0]).sum() * math.nan)
    assert math.isnan(optimizer.step()["train/grad_norm"]), "the step itself must not raise: that would have waited for the device"
    _train(optimizer, model, steps=2)
    assert all(torch.equal(a, b) for a, b in zip(weights, _weights(model), strict=True))
    with pytest.raises(NonFiniteGradient) as caught:
        optimizer.check()
    assert (caught.value.step, caught.value.updates_ago) == (first, 2)


@pytest.mark.parametrize("name", RULES)
def test_a_resumed_optimizer_makes_bit_identical_updates(name):
    settings = Optimization(optimizer=name, lr=0.01, schedule="cosine", warmup_steps=8, weight_decay=0.01, clip_norm=1.0, l1=1e-3)
    model = _model()
    optimizer = Optimizer(model, settings, _run(progress=0.2))
    _train(optimizer, model, steps=3)
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    reported = _train(optimizer, model, steps=4)
    resumed_model = _model()
    resumed = Optimizer(resumed_model, settings, _run(progress=0.2))
    resumed_model.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    assert _train(resumed, resumed_model, steps=4) == reported
    assert all(torch.equal(a, b) for a, b in zip(_weights(model), _weights(resumed_model), strict=True))


def test_setting_lr_makes_it_exactly_so_and_ends_the_schedule_also_after_a_resume():
    run = _run(progress=0.5)
    model = _model()
    optimizer = Optimizer(model, Optimization(lr=0.1, schedule="cosine", warmup_steps=100), run)
    assert _train(optimizer, model, steps=1)[0]["train/lr"] == pytest.approx(0.1 * 0.5 * 0.01)
    optimizer.change("lr", 3e-4)
    run.progress = 0.9
    assert _train(optimizer, model, steps=1)[0]["train/lr"] == 3e-4
    resumed = Optimizer(model, Optimization(lr=0.1, schedule="cosine", warmup_steps=100), run)
    resumed.load_state_dict(optimizer.state_dict())
    assert _train(resumed, model, steps=1)[0]["train/lr"] == 3e-4


def test_weight_decay_and_clipping_can_be_changed_while_training():
    model = _model()
    optimizer = Optimizer(model, Optimization(optimizer="sgd", lr=0.1, momentum=0.0), _run())
    optimizer.change("weight_decay", 0.5)
    before = _weights(model)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    torch.testing.assert_close(_weights(model)[0], before[0] * 0.95)
    optimizer.change("clip_norm", 1e-9)
    optimizer.change("weight_decay", 0.0)
    before = _weights(model)
    _train(optimizer, model, steps=1)
    assert all(torch.allclose(a, b, atol=1e-8) for a, b in zip(before, _weights(model), strict=True))
    optimizer.change("clip_norm", None)
    _train(optimizer, model, steps=1)
    assert not torch.allclose(before[0], _weights(model)[0], atol=1e-4)
    with pytest.raises(ValueError, match="momentum"):
        optimizer.change("momentum", 0.5)


def test_the_step_schedule_counts_epochs_and_plateau_hears_evaluations():
    model = _model()
    run = _run()
    optimizer = Optimizer(model, Optimization(lr=0.1, schedule="step", decay_every=1, decay_factor=0.5), run)
    rates = []
    for run.epoch in (0, 0, 1, 1, 2):
        rates += [report["train/lr"] for report in _train(optimizer, model, steps=1)]
    assert rates == [0.1, 0.1, 0.05, 0.05, 0.025]
    listening = Optimizer(model, Optimization(lr=0.1, schedule="plateau", decay_every=1, decay_factor=0.5), _run())
    deaf = Optimizer(model, Optimization(lr=0.1), _run())
    for value in (0.9, 0.8):
        listening.evaluated(value, "max")
        deaf.evaluated(value, "max")
    assert (listening.lr, deaf.lr) == (0.05, 0.1)


def test_precision_is_bf16_inside_the_context_only_when_the_run_says_so():
    model = _model()
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        optimizer = Optimizer(model, Optimization(), _run(precision=name))
        with optimizer.precision():
            assert model(_batch()[0]).dtype == kind
        assert model[0].weight.dtype == torch.float32


def test_layers_are_the_modules_that_own_parameters_and_unreached_ones_have_norm_0():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))
            frozen = nn.Linear(3, 3).requires_grad_(False)
            self.inner = nn.ModuleDict({"used": nn.Linear(3, 3), "unused": nn.Linear(3, 3), "frozen": frozen})

        def forward(self, x):
            return self.inner["used"](x * self.scale)

    model = Branching()
    norms = LayerNorms(model)
    assert norms.layers == ("model", "inner.used", "inner.unused")
    model(torch.ones(2, 3)).sum().backward()
    total, scale, used, unused = norms.measure(norms.gradients).tolist()
    assert scale == pytest.approx(float(model.scale.grad.norm()))
    assert used == pytest.approx(float(torch.cat([p.grad.flatten() for p in model.inner["used"].parameters()]).norm()))
    assert unused == 0.0
    assert total == pytest.approx(math.hypot(scale, used))
    assert norms.read(norms.gradients) == pytest.approx([total, scale, used, unused])


def test_channels_last_weights_get_the_updates_that_others_get():
    torch.manual_seed(0)
    model = nn.Conv2d(4, 6, 3)
    reference = copy.deepcopy(model)
    model.to(memory_format=torch.channels_last)
    images = torch.randn(2, 4, 8, 8)
    for each in (model, reference):
        optimizer = Optimizer(each, Optimization(), _run())
        for _ in range(3):
            optimizer.backward(each(images).square().mean())
            optimizer.step()
    torch.testing.assert_close(model.weight, reference.weight, rtol=1e-4, atol=1e-6)


def test_training_does_not_import_torchs_compiler():
    code = """
import sys, torch
from types import SimpleNamespace
from workbench.settings import Optimization
from workbench.training.optimizer import Optimizer
for name in ("sgd", "rmsprop", "adagrad", "adam", "adamw"):
    model = torch.nn.Linear(2, 2)
    optimizer = Optimizer(model, Optimization(optimizer=name), SimpleNamespace(precision="fp32", epoch=0, progress=0.0))
    optimizer.backward(model(torch.ones(1, 2)).sum())
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_each_tenth_update_is_measured_against_the_weights():
    model = nn.Linear(2, 1, bias=False)
    optimizer = Optimizer(model, Optimization(optimizer="sgd", lr=0.5, momentum=0.0), _run())
    reports = []
    for _ in range(11):
        with torch.no_grad():
            model.weight.fill_(3.0)
        model.weight.grad = torch.tensor([[0.6, 0.8]])
        reports.append(optimizer.step())
    measured = [index for index, report in enumerate(reports, start=1) if "train/update_ratio" in report]
    assert measured == [1, 11]
    assert reports[0]["train/update_ratio"] == pytest.approx(0.5 / math.hypot(3, 3), rel=1e-5)
    assert reports[10]["train/update_ratio/model"] == pytest.approx(0.5 / math.hypot(3, 3), rel=1e-5)


def test_weights_that_were_zero_have_an_update_ratio_of_zero():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    for mask in (False, True):
        optimizer = Optimizer(model, Optimization(), _run(), mask=mask)
        model.weight.grad = torch.ones(1, 1)
        nn.init.zeros_(model.weight)
        assert float(optimizer.step()["train/update_ratio"]) == 0.0


def test_one_of_several_optimizers_has_metrics_and_a_rate_of_its_own():
    model = nn.Linear(1, 1)
    optimizer = Optimizer(model, Optimization(lr=0.1), _run(), name="critic", lr_scale=0.5)
    optimizer.backward(model(torch.ones(1, 1)).sum())
    report = optimizer.step()
    assert report["train/critic_lr"] == pytest.approx(0.05)
    assert {"train/critic_grad_norm", "train/critic_grad_norm/model", "train/critic_update_ratio"} <= set(report)
    optimizer.change("lr", 0.2)
    assert optimizer.lr == pytest.approx(0.1)
