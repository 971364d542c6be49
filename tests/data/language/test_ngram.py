import math
from collections import Counter, defaultdict

import pytest
import torch

from workbench.data.language.ngram import ngram_bits


def _written_out(train, test, size, order):
    """Witten-Bell as the formula has it: dictionaries, and one context after the other."""
    counts = [defaultdict(Counter) for _ in range(order)]
    for length in range(order):
        for place in range(length, len(train)):
            counts[length][tuple(train[place - length : place])][train[place]] += 1

    def share(length, context, token):
        if length < 0:
            return 1 / size
        lower = share(length - 1, context[1:], token)
        seen = counts[length].get(tuple(context))
        if not seen:
            return lower
        return (seen[token] + len(seen) * lower) / (seen.total() + len(seen))

    everything = train + test
    places = range(len(train), len(everything))
    return -sum(math.log2(share(order - 1, everything[at - order + 1 : at], everything[at])) for at in places) / len(test)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_it_is_witten_and_bells_interpolation_written_out(order):
    numbers = torch.Generator().manual_seed(0)
    tokens = torch.randint(4, (600,), generator=numbers) * torch.randint(2, (600,), generator=numbers)
    train, test = tokens[:500], tokens[500:]
    expected = _written_out(train.tolist(), test.tolist(), 6, order)
    assert ngram_bits(train, test, 6, order=order) == pytest.approx(expected, abs=1e-9)


def test_what_follows_a_fixed_order_costs_almost_nothing_and_chance_costs_its_entropy():
    cycle = torch.arange(8).repeat(500)
    assert ngram_bits(cycle[:3200], cycle[3200:], 8) < 0.05
    chance = torch.randint(8, (20000,), generator=torch.Generator().manual_seed(1))
    assert ngram_bits(chance[:15000], chance[15000:], 8, order=1) == pytest.approx(3.0, abs=0.01)


def test_the_tokens_between_give_context_and_are_not_counted():
    train, between, test = torch.tensor([0, 1] * 50), torch.tensor([2, 2, 2]), torch.tensor([2, 0])
    assert ngram_bits(train, test, 3, between=between) > ngram_bits(torch.cat([train, between]), test, 3)
    assert ngram_bits(train, torch.tensor([1]), 3, between=torch.tensor([0])) < ngram_bits(train, torch.tensor([1]), 3)


def test_a_large_alphabet_does_not_run_over():
    tokens = torch.randint(200_000, (2000,), generator=torch.Generator().manual_seed(2))
    assert math.isfinite(ngram_bits(tokens[:1500], tokens[1500:], 200_000))


def test_a_training_text_shorter_than_the_order_still_gives_bits():
    assert math.isfinite(ngram_bits(torch.tensor([0, 1]), torch.tensor([1, 0, 1]), 2))
