"""Temperature and top-k."""

from __future__ import annotations

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.using.continuing import more, sharpened

LOGITS = torch.tensor([-torch.inf, 1.0, 3.0, 2.0])


def test_top_k_leaves_the_likeliest_and_temperature_zero_takes_one():
    assert sharpened(LOGITS, 1.0, 2).nonzero().flatten().tolist() == [2, 3]
    assert sharpened(LOGITS, 0.0, 0).tolist() == [0, 0, 1, 0]
    assert sharpened(LOGITS, 1.0, 99).nonzero().flatten().tolist() == [1, 2, 3]


def test_a_lower_temperature_is_more_certain():
    cold, warm = (float(sharpened(LOGITS, temperature, 0).max()) for temperature in (0.5, 2.0))
    assert cold > warm
    assert float(sharpened(LOGITS, 0.5, 0).sum()) == pytest.approx(1)


def test_a_text_that_is_no_longer_there_is_told():
    with pytest.raises(WorkbenchError, match="no longer there"):
        more({"text": "text-999999", "count": 1})
