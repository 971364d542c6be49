import math

import pytest
import torch
from torch import nn

from workbench.training.inspecting.histograms import DECADES, histograms, spread


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 36, 8), nn.ReLU(), nn.Linear(8, 3)
    )


def looked_at(network: nn.Sequential) -> dict[str, object]:
    images, labels = torch.rand(16, 1, 8, 8), torch.randint(0, 3, (16,))
    found = histograms(network, lambda images, labels: nn.functional.cross_entropy(network(images), labels), images, labels)
    return {preview.name: preview for preview in found}


def test_every_row_is_a_layer_and_its_shares_add_up_to_all() -> None:
    found = looked_at(model())
    assert list(found) == ["weights", "gradients", "dead_units"]
    for name in ("weights", "gradients"):
        assert found[name].rows == ("0", "1", "5", "7")  # type: ignore[attr-defined]
        assert all(sum(row) == pytest.approx(100, abs=0.5) for row in found[name].matrix)  # type: ignore[attr-defined]


def test_numbers_stand_in_the_column_of_their_decade() -> None:
    numbers = torch.tensor([0.0, 1e-12, 1e-8, -0.5, 1.0, 9.9, 1e6, -20.0])
    preview = spread("weights", "", {"dense": numbers})
    shares = {column: share * len(numbers) / 100 for column, share in zip(preview.columns, preview.matrix[0], strict=True) if share}
    assert shares == {"=0": 1, "<": 1, "-8": 1, "-1": 1, "0": 2, "1": 1, "2": 1}
    assert len(preview.columns) == 1 + len(DECADES)


def test_a_layer_with_a_nan_is_marked_and_the_others_are_not() -> None:
    preview = spread("gradients", "", {"bad": torch.tensor([1.0, math.nan]), "good": torch.ones(2)})
    assert all(math.isnan(share) for share in preview.matrix[0])
    assert sum(preview.matrix[1]) == 100


def test_units_that_say_the_same_to_every_example_are_dead() -> None:
    network = model()
    with torch.no_grad():
        network[5].bias.copy_(torch.tensor([-1e3] * 6 + [1e2] * 2))
    dead = looked_at(network)["dead_units"]
    first, died = dead.text.split("\n")  # type: ignore[attr-defined]
    assert first.startswith("2 ")
    assert died.split() == ["6", "75.0%", "#" * 15]


def test_looking_leaves_the_training_as_it_was() -> None:
    network = model()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    images, labels = torch.rand(4, 1, 8, 8), torch.zeros(4, dtype=torch.long)
    random = torch.get_rng_state()
    list(histograms(network, lambda images, labels: nn.functional.cross_entropy(network(images), labels), images, labels))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())


def test_sequences_have_their_units_last() -> None:
    network = nn.Sequential(nn.Linear(2, 5), nn.Tanh())
    with torch.no_grad():
        network[0].weight[0] = 0.0  # type: ignore[index]
    texts = torch.rand(3, 7, 2)
    found = {preview.name: preview for preview in histograms(network, lambda texts: network(texts).sum(), texts)}
    assert found["dead_units"].text.split()[:2] == ["1", "20.0%"]


def test_several_networks_stand_below_each_other_under_their_names() -> None:
    networks = {"G": nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "D": nn.Sequential(nn.Linear(3, 1))}
    networks["D"].eval()
    found = {
        preview.name: preview for preview in histograms(networks, lambda noise: networks["D"](networks["G"](noise)).sum(), torch.rand(4, 2))
    }
    assert found["weights"].rows == found["gradients"].rows == ("G.0", "D.0")
    assert found["dead_units"].text.startswith("G.1 ")
    assert networks["G"].training
    assert not networks["D"].training


def test_what_is_drawn_at_random_within_a_look_is_drawn_again_by_the_training() -> None:
    network = nn.Linear(2, 1)
    before = torch.get_rng_state()
    list(histograms(network, lambda: network(torch.rand(4, 2)).sum()))
    assert torch.equal(torch.get_rng_state(), before)
