import pytest
import torch

from workbench.settings import Optimization
from workbench.training.updating.schedule import Plateau, factor


def _curve(steps=100, per_epoch=10, **settings):
    made = Optimization(**settings)
    return [factor(made, step=step, progress=(step - 1) / steps, epoch=(step - 1) // per_epoch) for step in range(1, steps + 1)]


def test_constant_stays_and_warm_up_rises_to_it_in_a_line():
    assert _curve() == [1.0] * 100
    assert _curve(warmup_steps=4)[:6] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_step_drops_after_each_so_many_epochs():
    curve = _curve(schedule="step", decay_every=3, decay_factor=0.5)
    assert (curve[29], curve[30], curve[59], curve[60]) == (1.0, 0.5, 0.5, 0.25)


def test_cosine_equals_torch():
    parameter = torch.nn.Parameter(torch.zeros(1))
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(torch.optim.SGD([parameter], 1.0), T_max=100)
    for ours in _curve(schedule="cosine"):
        assert ours == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        theirs.optimizer.step()
        theirs.step()


def test_one_cycle_rises_to_exactly_lr_and_ends_far_below_its_start_as_torchs_does():
    curve = _curve(1000, schedule="one-cycle")
    theirs = torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0), 1.0, total_steps=1000)
    rates = []
    for _ in range(1000):
        rates.append(theirs.get_last_lr()[0])
        theirs.optimizer.step()
        theirs.step()
    assert curve[0] == pytest.approx(1 / 25)
    assert max(curve) == curve[300] == 1.0
    assert curve == pytest.approx(rates, abs=0.01)  # torch counts its peak one step earlier
    assert curve[-1] < 1e-5


def test_a_schedule_depends_on_nothing_but_its_position():
    for name in ("constant", "step", "cosine", "one-cycle"):
        settings = Optimization(schedule=name, warmup_steps=5)
        once = [factor(settings, step=s, progress=s / 10, epoch=s // 2) for s in range(1, 10)]
        again = [factor(settings, step=s, progress=s / 10, epoch=s // 2) for s in reversed(range(1, 10))]
        assert once == again[::-1]


def test_plateau_drops_after_so_many_evaluations_without_progress_and_then_waits_anew():
    plateau = Plateau(Optimization(schedule="plateau", decay_every=2, decay_factor=0.1))
    seen = []
    for value in (0.5, 0.6, 0.6, 0.55, 0.55, 0.7, 0.6, float("nan")):
        plateau.evaluated(value, "max")
        seen.append(plateau.factor)
    assert seen == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01])


def test_plateau_follows_a_goal_of_min():
    plateau = Plateau(Optimization(schedule="plateau", decay_every=1, decay_factor=0.5))
    for value in (3.0, 2.0, 1.0):
        plateau.evaluated(value, "min")
    assert plateau.factor == 1.0
    plateau.evaluated(1.5, "min")
    assert plateau.factor == 0.5
