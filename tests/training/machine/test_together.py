"""Layers and losses of two processes with unequal parts of a batch, against those of one process that has all of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recipes.cnn.train import loss_of
from tests.together import by_each_of
from workbench.training.machine.ranks import ranks
from workbench.training.machine.together import join_layers

BATCH, STEPS, INPUTS, HIDDEN = 9, 7, 5, 6  # 4 rows for one process, 5 for the other
LENGTHS = torch.tensor([3, 7, 1, 5, 5, 2, 7, 5, 4])


class Learns(nn.Module):
    """Rows through a model to a loss of each row, and its gradient."""

    def __init__(self, model: nn.Module, read: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.model, self.read = model.double().train(), read

    def step(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The outputs of the rows, and the gradient of their mean square over the whole batch."""
        outputs = self.read(self.model, inputs, lengths)
        (outputs.square().mean() * ranks.share).backward()
        gradients = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
        return outputs.detach(), ranks.added(gradients)


def dense(model: nn.Module, inputs: Tensor, _: Tensor) -> Tensor:
    return model(inputs)


def by_steps(model: nn.Module, inputs: Tensor, _: Tensor) -> Tensor:
    outputs, state = model(inputs)
    last = state[1] if isinstance(state, tuple) else state
    return torch.cat([outputs.mean(dim=1), last.transpose(0, 1).flatten(1)], dim=1)


def by_length(model: nn.Module, inputs: Tensor, lengths: Tensor) -> Tensor:
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    outputs, state = model(packed)
    assert isinstance(outputs, PackedSequence)
    padded, _ = pad_packed_sequence(outputs, batch_first=True, total_length=STEPS)
    last = state[0] if isinstance(state, tuple) else state
    return torch.cat([padded.mean(dim=1), last.transpose(0, 1).flatten(1)], dim=1)


def stack(kind: type[nn.RNNBase], **more: Any) -> nn.Module:
    return kind(INPUTS, HIDDEN, 3, batch_first=True, dropout=0.4, **more)


CASES: dict[str, Callable[[], Learns]] = {
    "dropout": lambda: Learns(nn.Sequential(nn.Flatten(), nn.Dropout(0.4), nn.Linear(STEPS * INPUTS, 4)), dense),
    "batch norm": lambda: Learns(nn.Sequential(nn.BatchNorm1d(STEPS), nn.Flatten(), nn.Linear(STEPS * INPUTS, 4)), dense),
    "lstm": lambda: Learns(stack(nn.LSTM), by_steps),
    "gru, both ways": lambda: Learns(stack(nn.GRU, bidirectional=True), by_steps),
    "relu": lambda: Learns(stack(nn.RNN, nonlinearity="relu"), by_steps),
    "lstm, no bias, projected": lambda: Learns(stack(nn.LSTM, bias=False, proj_size=3), by_steps),
    "lstm of unequal lengths": lambda: Learns(stack(nn.LSTM, bidirectional=True), by_length),
    "gru of unequal lengths": lambda: Learns(stack(nn.GRU), by_length),
}


@pytest.mark.parametrize("case", CASES)
def test_what_two_processes_compute_is_what_one_does(case: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(BATCH, STEPS, INPUTS, dtype=torch.double)
    alone = CASES[case]()
    shared = copy.deepcopy(alone)

    def work() -> Any:
        join_layers(shared)
        torch.manual_seed(5)
        for rows, lengths in ranks.parts([(inputs, LENGTHS)]):
            outputs, gradients = shared.step(rows, lengths)
        return outputs, gradients, torch.rand(1)

    torch.manual_seed(5)
    outputs, gradients = alone.step(inputs, LENGTHS)
    after = torch.rand(1)
    found = by_each_of(2, work, tmp_path)
    assert [len(rows) for rows, _, _ in found] == [4, 5]
    torch.testing.assert_close(torch.cat([rows for rows, _, _ in found]), outputs)
    for _, theirs, random in found:
        torch.testing.assert_close(theirs, gradients)
        assert random == after, "as many random numbers were drawn"


def test_a_joined_norm_in_fp32_is_as_exact_as_fp32_where_channels_come_last(tmp_path: Path) -> None:
    torch.manual_seed(0)
    images = (torch.randn(64, 16, 14, 14) + 0.5).contiguous(memory_format=torch.channels_last)
    expected = nn.BatchNorm2d(16).double()(images.double())

    def work() -> Tensor:
        norm = nn.BatchNorm2d(16)
        join_layers(norm)
        return torch.cat([norm(rows).detach() for rows in ranks.parts([images])])

    torch.testing.assert_close(torch.cat(by_each_of(2, work, tmp_path)).double(), expected.detach(), rtol=1e-5, atol=2e-6)


def test_classes_count_alike_over_the_whole_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(BATCH, 3, dtype=torch.double), torch.tensor([0, 0, 0, 0, 1, 2, 2, 1, 2])
    weights = torch.tensor([0.2, 3.0, 1.0])
    usual = nn.functional.cross_entropy(logits, labels, weight=weights.double())
    torch.testing.assert_close(loss_of(logits, labels, weights), usual)

    def work() -> Tensor:
        (rows,) = [loss_of(*rows, weights) * ranks.share for rows in ranks.parts([(logits, labels)])]
        return ranks.added([rows])[0]

    for found in by_each_of(2, work, tmp_path):
        torch.testing.assert_close(found, usual)
