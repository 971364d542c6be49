"""An average that follows a network."""

from __future__ import annotations

import torch
from torch import nn

from workbench.training.updating.average import averaged_copy, follow


def _network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


def test_a_copy_computes_the_same_and_has_nothing_to_train() -> None:
    network = _network().eval()
    average = averaged_copy(network)
    images = torch.randn(3, 1, 4, 4)
    assert torch.equal(average(images), network(images))
    assert not list(average.parameters())
    assert average.state_dict().keys() == network.state_dict().keys()


def test_it_follows_weights_and_running_statistics_by_the_share_that_the_decay_leaves() -> None:
    network = _network()
    average = averaged_copy(network)
    before = {name: tensor.clone() for name, tensor in average.state_dict().items()}
    network(torch.randn(5, 1, 4, 4))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    follow(average, network, 0.9, updates=10_000)
    for name, tensor in average.state_dict().items():
        now = network.state_dict()[name]
        expected = 0.9 * before[name] + 0.1 * now if tensor.is_floating_point() else now
        torch.testing.assert_close(tensor, expected)


def test_the_first_updates_count_for_more_or_untrained_weights_would_stay() -> None:
    network = nn.Linear(1, 1, bias=False)
    average = averaged_copy(network)
    nn.init.zeros_(network.weight)
    average.weight.fill_(1.0)
    follow(average, network, 0.999, updates=1)
    assert float(average.weight) == torch.tensor(2 / 11)


def test_following_leaves_the_network_and_its_gradients_alone() -> None:
    network = _network()
    network(torch.randn(5, 1, 4, 4)).sum().backward()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    follow(averaged_copy(network), network, 0.5, updates=100)
    assert all(
        torch.equal(parameter, old) and parameter.grad is not None for parameter, old in zip(network.parameters(), before, strict=True)
    )


def test_an_average_is_saved_and_loaded_under_the_names_of_the_network() -> None:
    network = _network()
    average = averaged_copy(network)
    network.load_state_dict(average.state_dict())
    average.load_state_dict(_network().state_dict())
