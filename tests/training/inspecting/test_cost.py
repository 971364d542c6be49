"""Multiply-adds against formulas by hand, and the memory of a step against what a model is known to keep."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.settings import Optimization
from workbench.training.inspecting.cost import training_memory, with_multiply_adds

STEPS, INPUTS, HIDDEN = 10, 8, 16
CPU = torch.device("cpu")


class Attending(nn.Module):
    """Self-attention of one head without a parameter, which torch computes in one kernel."""

    def forward(self, tokens: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(tokens, tokens, tokens)


class Between(nn.Module):
    """A product that belongs to no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(INPUTS, HIDDEN)

    def forward(self, rows: Tensor) -> Tensor:
        return self.dense(rows) @ self.dense.weight


@pytest.mark.parametrize(
    ("model", "shape", "formula"),
    [
        (nn.Linear(INPUTS, HIDDEN), (INPUTS,), INPUTS * HIDDEN),
        (nn.Conv2d(3, 4, 5, padding=2), (3, 6, 6), 6 * 6 * 4 * 3 * 25),
        (nn.Conv2d(4, 4, 3, groups=4), (4, 6, 6), 4 * 4 * 4 * 9),
        (nn.ConvTranspose2d(6, 3, 4, stride=2, padding=1), (6, 5, 5), 5 * 5 * 6 * 3 * 16),
        (nn.RNN(INPUTS, HIDDEN, batch_first=True), (STEPS, INPUTS), STEPS * HIDDEN * (INPUTS + HIDDEN)),
        (nn.LSTM(INPUTS, HIDDEN, batch_first=True), (STEPS, INPUTS), 4 * STEPS * HIDDEN * (INPUTS + HIDDEN)),
        (nn.GRU(INPUTS, HIDDEN, batch_first=True), (STEPS, INPUTS), 3 * STEPS * HIDDEN * (INPUTS + HIDDEN)),
        (nn.LSTM(INPUTS, HIDDEN, 2, batch_first=True), (STEPS, INPUTS), 4 * STEPS * HIDDEN * (INPUTS + 3 * HIDDEN)),
        (Attending(), (1, STEPS, INPUTS), 2 * STEPS * STEPS * INPUTS),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_layer_counts_what_its_formula_says(model: nn.Module, shape: tuple[int, ...], formula: int) -> None:
    rows, _, total = with_multiply_adds(model, torch.zeros(1, *shape))
    assert total == formula
    assert [row["multiply_adds"] for row in rows] == [formula]


def test_what_is_computed_between_layers_counts_in_the_whole() -> None:
    rows, parameters, total = with_multiply_adds(Between(), torch.zeros(1, INPUTS))
    assert [row["multiply_adds"] for row in rows] == [INPUTS * HIDDEN]
    assert total == 2 * INPUTS * HIDDEN
    assert parameters == INPUTS * HIDDEN + HIDDEN


def memory(model: nn.Module, batch: int, example: Any, precision: str = "fp32", **settings: Any) -> dict[str, int]:
    return training_memory(model, example, batch, Optimization(**settings), CPU, precision)


def test_the_memory_of_a_step_follows_batch_and_optimizer() -> None:
    model = nn.Sequential(nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 10))
    numbers = 100 * 50 + 50 + 50 * 10 + 10
    found = memory(model, 32, torch.zeros(1, 100), optimizer="adamw")
    assert found["weights"] == found["gradients"] == 4 * numbers
    assert found["optimizer"] == pytest.approx(8 * numbers, rel=0.01)
    assert found["activations"] == pytest.approx(32 * 4 * (100 + 50), rel=0.01)  # the input, and what ReLU let through
    assert found["total"] == sum(value for name, value in found.items() if name != "total")
    assert memory(model, 64, torch.zeros(1, 100))["activations"] == pytest.approx(2 * found["activations"], rel=0.01)
    assert memory(model, 32, torch.zeros(1, 100), optimizer="sgd")["optimizer"] == pytest.approx(4 * numbers, rel=0.01)
    assert memory(model, 32, torch.zeros(1, 100), "fp64")["total"] == pytest.approx(2 * found["total"], rel=0.01)
    assert model[0].weight.dtype == torch.float32, "only looked at"


def test_a_model_with_batch_norm_is_measured_and_left_in_its_mode() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()
    assert memory(model, 8, torch.zeros(1, 4))["activations"] > 0
    assert not model.training
