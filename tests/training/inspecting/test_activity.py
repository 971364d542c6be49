from pathlib import Path

import pytest
import torch
from torch import nn

from tests.together import by_each_of
from workbench.training.inspecting import activity
from workbench.training.inspecting.activity import Activity
from workbench.training.inspecting.modes import evaluating
from workbench.training.machine.ranks import ranks


def _looked(network, *batches):
    with Activity(network) as looked, torch.no_grad():
        for batch in batches:
            network(batch)
    return looked


def _dense(*biases):
    """Inputs go through as they are, moved by a bias each, to an activation."""
    layer = nn.Linear(len(biases), len(biases))
    with torch.no_grad():
        layer.weight.copy_(torch.eye(len(biases)))
        layer.bias.copy_(torch.tensor(biases))
    return layer


@pytest.mark.parametrize(
    ("kind", "share"),
    [(nn.ReLU, 0.5), (nn.ReLU6, 0.75), (nn.GELU, 0.5), (nn.Hardswish, 0.5), (nn.Tanh, 1.0), (nn.LeakyReLU, 0.0), (nn.ELU, 0.5)],
)
def test_a_unit_is_dead_where_it_answers_all_alike_be_it_with_0_or_saturated(kind, share):
    network = nn.Sequential(_dense(-20.0, -30.0, 20.0, 3.0), kind())
    inputs = torch.rand(32, 4)
    if kind is nn.Tanh:
        inputs[:, 3] += 20
    assert _looked(network, inputs).shares() == {"1": share}


def test_what_another_batch_moves_is_not_dead():
    network = nn.Sequential(_dense(0.0, 0.0), nn.ReLU())
    left, right, neither = torch.zeros(3, 4, 2).unbind()
    left[1, 0] = right[1, 1] = 1.0
    assert _looked(network, left).shares() == {"1": 0.5}
    assert _looked(network, left, neither, right).shares() == {"1": 0.0}
    assert _looked(network, neither, torch.ones(4, 2)).shares() == {"1": 0.0}  # other from batch to batch, equal within each


def test_enough_examples_are_enough(monkeypatch):
    monkeypatch.setattr(activity, "EXAMPLES", 8)
    network = nn.Sequential(_dense(0.0), nn.ReLU())
    assert _looked(network, torch.zeros(4, 1), torch.zeros(4, 1), torch.rand(4, 1)).shares() == {"1": 1.0}
    assert _looked(network, torch.zeros(4, 1), torch.rand(4, 1)).shares() == {"1": 0.0}


def test_units_are_the_channels_of_convolutions_in_one_and_in_two_dimensions_and_the_last_of_sequences():
    flat = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    rows = nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.MaxPool1d(2), nn.ReLU()).eval()
    words = nn.Sequential(nn.Conv1d(5, 5, 1), nn.Linear(5, 4), nn.ReLU())  # places of a sequence behind a layer over channels
    for network, layer, inputs in ((flat, 0, torch.rand(3, 1, 8, 8)), (rows, 0, torch.rand(3, 2, 20)), (words, 1, torch.rand(3, 5, 5))):
        with torch.no_grad():
            network[layer].bias.copy_(torch.tensor([-1e3, 1.0, 1.0, 1.0]))
        assert [*_looked(network, inputs).shares().values()] == [0.25]


def test_an_activation_that_is_used_twice_in_a_pass_stands_for_two_layers():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.relu(x)[:, :2] - 10)

    assert _looked(Twice(), torch.rand(4, 3), torch.rand(4, 3)).shares() == {"relu": 0.0, "relu-2": 1.0}


def test_recurrent_layers_are_watched_packed_or_not():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent = nn.RNN(2, 4, nonlinearity="relu", batch_first=True)

        def forward(self, x):
            packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]), batch_first=True)
            return self.recurrent(x)[0] + self.recurrent(packed)[0].data.sum()

    reader = Reader()
    with torch.no_grad():
        reader.recurrent.bias_ih_l0[0] = -100.0
    shares = _looked(reader, torch.rand(2, 5, 2) + 1).shares()
    assert list(shares) == ["recurrent", "recurrent-2"]
    assert all(share >= 0.25 for share in shares.values())


def test_several_networks_are_told_apart_and_watched_each_in_its_own_passes():
    parts = {"generator": nn.Sequential(_dense(-9.0), nn.ReLU()), "discriminator": nn.Sequential(_dense(0.0), nn.ReLU())}
    with Activity(parts) as looked, torch.no_grad():
        parts["discriminator"](parts["generator"](torch.rand(4, 1)))
        parts["discriminator"](torch.rand(4, 1))
    assert looked.dead("validation") == {"validation/dead_units/generator.1": 1.0, "validation/dead_units/discriminator.1": 0.0}


def test_nothing_is_left_behind_and_parts_of_a_model_that_run_alone_do_not_count():
    network = nn.Sequential(_dense(0.0), nn.ReLU())
    with Activity(network) as looked:
        network[1](torch.rand(4, 1))
    assert looked.shares() == {}
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_each_module_has_its_own_mode_back():
    network = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2))).train()
    network[1].eval()
    with evaluating(network):
        assert not any(module.training for module in network.modules())
    assert [module.training for module in network.modules()] == [True, True, False, False]


def test_of_several_processes_a_unit_is_dead_that_is_so_on_every_one(tmp_path: Path):
    network = nn.Sequential(_dense(0.0, 0.0, 0.0, 0.0), nn.ReLU())
    rows = torch.zeros(4, 4)
    rows[1, 0] = rows[3, 1] = 1.0  # one unit moves in the first process, one in the second
    rows[:2, 2] = 1.0  # alike within each of them, and not between them; nothing moves the last
    with torch.no_grad():
        assert by_each_of(2, lambda: [_looked(network, own).shares() for own in ranks.parts([rows])], tmp_path) == 2 * [[{"1": 0.25}]]
    assert _looked(network, rows).shares() == {"1": 0.25}


def test_processes_that_compute_some_layers_in_half_precision_are_taken_together(tmp_path: Path):
    network = nn.Sequential(_dense(0.0, 0.0), nn.ReLU(), nn.LayerNorm(2), nn.Tanh())

    def work():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return [_looked(network, own).shares() for own in ranks.parts([torch.eye(2)[[0, 0, 1, 1]]])]

    assert by_each_of(2, work, tmp_path) == 2 * [[{"1": 0.0, "3": 0.0}]]
