"""fp16 gradients: scaled where they are computed, unscaled where they are measured and used."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from workbench.settings import Optimization
from workbench.training.optimizer import Optimizer
from workbench.training.updating.gradients import NonFiniteGradient
from workbench.training.updating.scaling import LossScale


def _optimizer(model, **settings):
    run = SimpleNamespace(precision="fp16", epoch=0, progress=0.0)
    return Optimizer(model, Optimization(optimizer="sgd", momentum=0.0, **settings), run, mask=True)


def test_norms_and_updates_are_those_of_the_unscaled_gradient():
    model = nn.Linear(2, 1, bias=False)
    nn.init.ones_(model.weight)
    optimizer = _optimizer(model, lr=0.5)
    loss = (model(torch.tensor([[3.0, 4.0]]))).sum()
    optimizer.backward(loss)
    assert model.weight.grad.norm() > 1000  # what fp16 holds well is far above what is reported
    report = optimizer.step()
    assert float(report["train/grad_norm"]) == pytest.approx(5.0)
    torch.testing.assert_close(model.weight.detach(), torch.tensor([[1 - 1.5, 1 - 2.0]]))


def test_an_overflow_leaves_the_update_out_and_halves_the_scale_and_training_goes_on():
    model = nn.Linear(1, 1, bias=False)
    optimizer = _optimizer(model, lr=0.1)
    before = model.weight.detach().clone()
    model.weight.grad = torch.full((1, 1), float("inf"))
    optimizer.step()
    optimizer.check()
    assert torch.equal(model.weight, before)
    assert float(optimizer.state_dict()["loss_scale"]["scale"]) == 2.0**15
    optimizer.backward(model(torch.ones(1, 1)).sum())
    optimizer.step()
    torch.testing.assert_close(model.weight.detach(), before - 0.1)


def test_gradients_that_overflow_at_any_scale_are_an_error():
    model = nn.Linear(1, 1, bias=False)
    optimizer = _optimizer(model)
    for _ in range(30):
        model.weight.grad = torch.full((1, 1), float("nan"))
        optimizer.step()
    with pytest.raises(NonFiniteGradient):
        optimizer.check()


def test_the_scale_is_part_of_the_state():
    scale, other = LossScale(torch.device("cpu")), LossScale(torch.device("cpu"))
    assert bool(scale.unscale([torch.tensor([float("inf")])]))
    other.load_state_dict(scale.state_dict())
    assert float(other.apply(torch.tensor(1.0))) == 2.0**15
