import pytest

from workbench.runs.reading.times import Times


def test_a_step_and_its_time_are_told_from_each_other_also_between_what_is_kept() -> None:
    times = Times()
    for step, seconds in ((10, 1.0), (20, 3.0), (30, 10.0)):
        times.note(step, seconds)
    assert [times.at(step) for step in (10, 15, 20, 25, 30)] == [1.0, 2.0, 3.0, 6.5, 10.0]
    assert all(times.step(times.at(step)) == pytest.approx(step) for step in (3, 10, 15, 27, 30, 60))


def test_a_long_run_keeps_a_bounded_table_that_reaches_to_its_newest_step() -> None:
    times = Times()
    for step in range(1, 10_001):
        times.note(step, step / 10)
    assert len(times.steps) <= 1024
    assert times.steps[-1] > 10_000 - times.stride
    assert times.at(10_000) == pytest.approx(1000.0)
    assert times.at(5_000) == pytest.approx(500.0)


def test_what_a_later_attempt_goes_back_behind_is_forgotten() -> None:
    times = Times()
    for step in (1, 2, 3, 4):
        times.note(step, float(step))
    times.cut(2)
    times.note(3, 9.0)
    assert times.steps == [1, 2, 3]
    assert times.at(3) == 9.0


def test_without_any_step_time_is_what_was_asked() -> None:
    assert Times().at(5.0) == 5.0
