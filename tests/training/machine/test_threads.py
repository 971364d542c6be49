"""Choosing the number of threads from what steps took."""

import pytest
import torch

from workbench.training.machine import threads


@pytest.fixture(autouse=True)
def _restored():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _trial(seconds, now):
    """Takes `seconds[n]` of a clock of its own with n threads."""

    def run():
        now[0] += seconds[torch.get_num_threads()]

    return run


def _fastest(costs, monkeypatch, **more):
    monkeypatch.setattr(threads, "candidates", lambda: sorted(costs))
    now = [0.0]
    took = threads.fastest(_trial(costs, now), clock=lambda: now[0], **more)
    return took, now[0]


def test_the_fastest_count_comes_first_and_torch_is_left_with_it(monkeypatch):
    took, _ = _fastest({1: 0.04, 2: 0.02, 4: 0.03}, monkeypatch)
    assert list(took) == [2, 1, 4]
    assert took[2] == pytest.approx(0.02)
    assert torch.get_num_threads() == 2


def test_a_gain_within_the_noise_is_not_worth_more_cores(monkeypatch):
    took, _ = _fastest({1: 0.0100, 2: 0.0098}, monkeypatch)
    assert next(iter(took)) == 1


def test_slow_steps_are_tried_once_and_the_time_is_kept(monkeypatch):
    took, spent = _fastest({1: 1.0, 2: 1.2, 4: 9.0, 8: 9.0}, monkeypatch, seconds=2.0)
    assert set(took) == {1, 2}
    assert spent < 3.0


def test_the_candidates_are_doublings_up_to_the_cores_there_are():
    found = threads.candidates()
    assert found[0] == 1
    assert found == sorted(set(found))
