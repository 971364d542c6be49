import math

from workbench.training.early_stopping import EarlyStopping


def test_it_is_exhausted_after_patience_evaluations_without_a_better_one():
    watch = EarlyStopping(2)
    assert [watch.update(step, value) for step, value in enumerate([0.5, 0.4, 0.6, 0.6, 0.5], start=1)] == [True, False, True, False, False]
    assert watch.exhausted
    assert (watch.best, watch.best_step) == (0.6, 3)


def test_without_patience_it_waits_for_ever_and_still_knows_the_best():
    watch = EarlyStopping(None, goal="min")
    assert [watch.update(step, value) for step, value in enumerate([3.0, 2.0, 2.5, 1.0] + [4.0] * 99)][:4] == [True, True, False, True]
    assert not watch.exhausted
    assert watch.best == 1.0


def test_changes_below_min_delta_do_not_count_and_the_bound_itself_does():
    watch = EarlyStopping(3, min_delta=0.25)
    assert watch.update(1, 0.5)
    assert not watch.update(2, 0.7)
    assert watch.update(3, 0.75)


def test_a_value_that_is_not_finite_is_never_the_best():
    watch = EarlyStopping(2, goal="min")
    assert not watch.update(1, math.nan)
    assert not watch.update(2, -math.inf)
    assert watch.exhausted
    assert watch.update(3, 5.0)


def test_a_resumed_watch_goes_on_counting():
    watch = EarlyStopping(2)
    watch.update(1, 0.5)
    watch.update(2, 0.4)
    other = EarlyStopping(2)
    other.load_state_dict(watch.state_dict())
    other.update(3, 0.45)
    assert other.exhausted
    assert other.best_step == 1
