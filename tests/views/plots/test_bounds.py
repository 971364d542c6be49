"""How far the axes of a chart go."""

from __future__ import annotations

import pytest

from tests.builders import ended, loop, metrics, opening, state_of
from workbench.charts.axis import right_edge
from workbench.views.plots import bounds
from workbench.views.plots.axes import STEPS
from workbench.views.plots.view import View


@pytest.mark.parametrize(("log", "edge"), [([], 20.0), ([ended("finished", step=3)], right_edge(3.0, 1.0))])
def test_a_run_that_begins_has_room_to_come_and_one_that_is_over_fills_the_chart(log: list, edge: float) -> None:
    state = state_of([*opening(), loop(), metrics(range(1, 4)), *log])
    assert bounds.of_steps(state, STEPS, View()) == (0.0, edge)
