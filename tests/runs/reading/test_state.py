import dataclasses
import math
import random

import pytest

from tests.builders import (
    START,
    checkpoint,
    declared,
    ended,
    evaluated,
    finished_run,
    loop,
    metrics,
    one_of_each,
    opening,
    started,
    state_of,
)
from workbench.events import types as events
from workbench.runs.reading.apply import apply, apply_all
from workbench.runs.reading.state import RunState


def _begun(*more):
    return state_of([*opening(), loop(), *more])


def _lines(state):
    return [line.text for line in state.log]


def test_every_event_is_applied_without_error_also_to_an_empty_state():
    for event in one_of_each():
        apply(event, RunState())
    state_of(one_of_each())


def test_events_of_later_versions_change_nothing():
    class Dreamt(events.Event):
        at: float = 1.0

    state = _begun()
    before = dataclasses.asdict(state)
    apply(Dreamt(), state)
    assert dataclasses.asdict(state) == before


def test_a_started_run_knows_its_worker():
    state = state_of([started(host="box", pid=7, process_started=9.0, boot_id="b", versions={"torch": "2"})])
    assert (state.attempt, state.host, state.pid, state.process_started, state.boot_id) == (1, "box", 7, 9.0, "b")
    assert (state.phase, state.versions, state.news_at) == ("starting", {"torch": "2"}, START)
    assert [(attempt.attempt, attempt.started_at, attempt.step) for attempt in state.attempts] == [(1, START, None)]


def test_phases_are_kept_and_the_rare_ones_logged():
    state = state_of([events.PhaseChanged(at=START + n, phase=name) for n, name in enumerate(["importing torch", "evaluating"])])
    assert (state.phase, _lines(state)) == ("evaluating", ["importing torch"])


def test_device_data_and_model_are_known():
    state = state_of(opening())
    assert (state.device, state.device_description, state.threads, state.precision) == ("cpu", "2 cores", 1, "fp32")
    assert (state.data["name"], state.data["examples"]["train"], state.data["baseline"]) == ("mnist5k", 4000, {"majority": 0.1})
    assert (state.parameters, state.layers[0]["kind"]) == (121_930, "Linear")
    assert "loaded mnist5k: train 4,000, validation 500, test 500" in _lines(state)


def test_metrics_move_step_values_and_news():
    state = _begun(metrics(range(1, 51)), metrics(range(51, 101)))
    summary = state.summaries["train/loss"]
    assert (state.step, summary.count, summary.last, summary.last_step) == (100, 100, 0.01, 100)
    assert summary.best("min") == (0.01, 100)
    assert sum(state.series["train/loss"].points) == 100
    assert state.news_at == state.step_at == START + 20


def test_an_evaluation_is_logged_with_its_objective_and_kept():
    state = _begun(metrics(range(1, 101)), evaluated(100, 0.9862, 0.0512, best=True))
    assert state.summaries["validation/accuracy"].best("max") == (0.9862, 100)
    assert _lines(state)[-1] == "evaluated at 100  accuracy 98.6 %  loss 0.0512 (best)"


def test_an_objective_without_a_split_does_not_break_the_log():
    state = state_of([declared().model_copy(update={"objective": "score"}), events.Evaluated(at=START, step=1, values={"score": 1.0})])
    assert _lines(state) == ["evaluated at 1  score 1"]


def test_a_test_result_is_logged_under_the_objective():
    state = _begun(events.Tested(at=START + 60, step=400, values={"test/accuracy": 0.985, "test/loss": 0.1}))
    assert state.summaries["test/accuracy"].last == 0.985
    assert _lines(state)[-1] == "tested the best weights: accuracy 98.5 %"


def test_checkpoints_that_were_asked_for_are_interventions_and_routine_ones_are_silent():
    state = _begun(metrics([1]), checkpoint(1), checkpoint(2, reason="asked"))
    assert (state.saved_at, len(state.at_checkpoint)) == (checkpoint(2).at, 2)
    assert [(shown.kind, shown.step) for shown in state.interventions] == [("saved", 2)]
    assert _lines(state)[-1] == "saved a checkpoint at 2 (asked)"
    apply(events.CheckpointRemoved(at=START + 20, step=1, attempt=1), state)
    assert list(state.at_checkpoint) == list(state.settings_at_checkpoint) == ["2-1"]


def test_a_changed_setting_is_in_force_and_marked():
    state = _begun(events.SettingChanged(at=START + 12, step=20, name="lr", old=1e-3, new=3e-4, by="ada"))
    assert state.settings_now == {"lr": 3e-4}
    assert (state.interventions[-1].kind, state.interventions[-1].step) == ("set", 20)
    assert _lines(state)[-1] == "set lr 0.001 -> 3e-4 by ada"
    apply(events.SettingChanged(at=START + 13, step=21, name="clip_norm", old=1.0, new=None, by="ada"), state)
    assert _lines(state)[-1] == "set clip_norm 1 -> off by ada"


def test_answers_are_kept_up_to_a_number_and_refusals_logged():
    said = [events.RequestAnswered(at=START + n, step=n, request=str(n), kind="set", accepted=n % 2 == 0, message="no") for n in range(100)]
    state = _begun(*said)
    assert state.answers["99"] == (False, "no")
    assert len(state.answers) == 64
    assert "0" not in state.answers
    assert _lines(state)[-1] == "refused set: no"


def test_of_very_many_previews_some_of_the_whole_training_are_kept():
    saved = [
        events.PreviewSaved(at=START + n, step=n, name=name, title="t", kind="images", file=f"{name}-{n}.json")
        for n in range(1, 901)
        for name in ("worst", "filters")
    ]
    state = _begun(*saved)
    assert 200 <= len(state.previews) <= 400
    for name in ("worst", "filters"):
        steps = [shown.step for shown in state.previews if shown.name == name]
        assert steps == sorted(steps)
        assert steps[-1] == 900
        assert steps[0] <= 10


def test_the_end_is_known_with_its_reason():
    state = _begun(metrics(range(1, 11)), ended("failed", step=10, reason="the gradient became NaN", cpu_seconds=3.0))
    assert state.ended is not None
    assert (state.ended.state, state.phase, state.cpu_seconds) == ("failed", "failed", 3.0)
    assert (state.attempts[-1].state, state.attempts[-1].reason) == ("failed", "the gradient became NaN")
    assert (state.log[-1].text, state.log[-1].level) == ("failed: the gradient became NaN", "warning")
    assert state.eta_seconds() is None


def test_a_stop_is_an_intervention():
    state = _begun(ended("stopped", step=10, reason="stopped by ada"))
    assert (state.interventions[-1].kind, state.interventions[-1].text) == ("stopped", "stopped by ada")


def test_a_new_attempt_is_not_ended_and_not_paused():
    state = _begun(metrics(range(1, 11)), events.Paused(at=START + 12, step=10, by="ada"), ended("stopped", step=10))
    apply(started(2, at=START + 100), state)
    assert state.ended is None
    assert not state.paused
    assert (state.attempt, len(state.attempts)) == (2, 2)


# --- Time -------------------------------------------------------------------------------------------------------------------


def test_elapsed_seconds_run_from_the_loop_and_leave_out_pauses():
    state = _begun(metrics(range(1, 51)))
    assert state.clock.read(START + 15) == 5
    apply(events.Paused(at=START + 20, step=100, by="ada"), state)
    assert (state.paused, state.clock.read(START + 500)) == (True, 10)
    assert state.steps_per_second is None
    apply(events.Resumed(at=START + 1000, step=100, by="ada"), state)
    assert (state.paused, state.phase, state.clock.read(START + 1003)) == (False, "training", 13)
    apply(ended(step=400, at=START + 1010), state)
    assert state.clock.read(START + 9999) == 20


def test_elapsed_seconds_leave_out_what_lay_between_two_attempts():
    log = [*opening(), loop(), metrics(range(1, 201)), checkpoint(100)]  # killed 20 s into its loop
    state = state_of([*log, started(2, at=START + 5000)])
    assert state.clock.read(START + 6000) == 20
    apply(loop(100, at=START + 5010, elapsed_seconds=10.0), state)
    assert state.clock.read(START + 5012) == 12


def test_the_time_left_follows_the_pace_of_the_whole_run():
    state = _begun(metrics(range(1, 101)))
    assert state.eta_seconds() == pytest.approx(30)
    assert state.steps_per_second == pytest.approx(10)
    assert state_of([*opening(), loop(steps_total=None), metrics(range(1, 101))]).eta_seconds() is None
    assert _begun().eta_seconds() is None


def test_the_pace_is_that_of_the_last_seconds():
    slow = [metrics([n], seconds=1.0) for n in range(1, 101)]
    fast = [metrics([100 + n], at=START + 110 - 10, seconds=0.1) for n in range(1, 201)]
    assert _begun(*slow).steps_per_second == pytest.approx(1, rel=0.2)
    assert _begun(*slow, *fast).steps_per_second == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize(("step", "epoch"), [(0, None), (1, 1), (100, 1), (101, 2), (400, 4)])
def test_the_epoch_is_that_of_the_last_step(step, epoch):
    assert _begun().epoch_of(step) == epoch
    assert RunState().epoch_of(step) is None


# --- What metrics mean ------------------------------------------------------------------------------------------------------


def test_the_longest_declaration_that_fits_is_the_one_that_counts():
    names = ["train/grad_norm/*", "train/*", "train/loss", "train/grad_norm/head/*"]
    state = state_of([declared(metrics={name: {"chart": name} for name in names})])
    assert state.declaration("train/loss") == {"chart": "train/loss"}
    assert state.declaration("train/lr") == {"chart": "train/*"}
    assert state.declaration("train/grad_norm/conv1") == {"chart": "train/grad_norm/*"}
    assert state.declaration("train/grad_norm/head/bias") == {"chart": "train/grad_norm/head/*"}
    assert state.declaration("validation/loss") == {}


def test_the_loss_of_a_sparkline_is_one_that_is_declared():
    assert state_of([declared()]).loss_key == "train/loss"
    assert state_of([declared(metrics={"test/x": {}, "train/generator_loss": {}})]).loss_key == "train/generator_loss"
    assert RunState().loss_key == "train/loss"


# --- Later attempts ---------------------------------------------------------------------------------------------------------


def _first_attempt():
    """200 steps whose loss is the step, an evaluation and a checkpoint at 100; then it is killed."""
    return [
        *opening(), loop(), metrics(range(1, 101), value=float), evaluated(100, 0.9, 0.4, best=True), checkpoint(100),
        metrics(range(101, 201), value=lambda step: -float(step)), evaluated(200, 0.99, 0.01, best=True),
    ]  # fmt: skip


def test_later_attempts_replace_earlier_values_and_what_they_replace_becomes_a_ghost():
    state = state_of([*_first_attempt(), started(2, at=START + 100), loop(100, at=START + 110, elapsed_seconds=10)])
    assert state.step == 100
    loss, accuracy = state.summaries["train/loss"], state.summaries["validation/accuracy"]
    assert (loss.count, loss.last, loss.last_step, loss.best("min")) == (100, 100.0, 100, (1.0, 1))
    assert (accuracy.count, accuracy.best("max")) == (1, (0.9, 100))
    assert state.series["train/loss"].extent(1, 1000) == (1.0, 100.0)
    (ghost,) = state.ghosts["train/loss"]
    assert (ghost.first[0], ghost.last_step, ghost.extent(1, 1000)) == (101, 200, (-200.0, -101.0))
    assert state.ghosts["validation/accuracy"][0].first == [200]
    apply(metrics(range(101, 111), at=START + 100, value=lambda step: 5.0), state)
    assert (loss := state.summaries["train/loss"]).count == 110
    assert (loss.last, loss.best("min"), sum(state.series["train/loss"].points)) == (5.0, (1.0, 1), 110)
    assert [shown.kind for shown in state.interventions] == ["attempt"]


def test_the_sparkline_of_a_list_forgets_what_was_replaced():
    state = state_of([*_first_attempt(), started(2, at=START + 100), loop(100, at=START + 110)])
    assert (state.trail.last_step, state.trail.first[-1]) == (100, 97)  # 200 points in 48 buckets: 8 to a bucket
    assert state.trail.extent(105, 200) is None


def test_an_attempt_from_the_start_forgets_everything_but_the_ghost():
    state = state_of([*_first_attempt(), started(2, at=START + 100), loop(0, at=START + 110)])
    assert (state.step, state.summaries, state.settings_now) == (0, {}, {})
    assert state.ghosts["train/loss"][0].first[0] == 1
    assert state.series["train/loss"].first == []


def test_each_attempt_leaves_its_own_ghost():
    log = _first_attempt()
    for attempt in (2, 3):
        log += [started(attempt, at=START + 100 * attempt), loop(100, at=START + 100 * attempt), metrics(range(101, 121), value=float)]
    state = state_of(log)
    assert [ghost.last_step for ghost in state.ghosts["train/loss"]] == [200, 120]
    assert state.summaries["train/loss"].count == 120


def test_settings_and_previews_of_the_replaced_part_are_forgotten():
    change = [
        events.SettingChanged(at=START + 11, step=step, name="lr", old=1e-3, new=new, by="ada") for step, new in ((50, 3e-4), (150, 9.0))
    ]
    shown = [events.PreviewSaved(at=START + 12, step=step, name="worst", title="", kind="text", file=f"{step}.json") for step in (50, 150)]
    log = [*opening(), loop(), change[0], shown[0], metrics(range(1, 101)), checkpoint(100), change[1], shown[1]]
    state = state_of([*log, started(2, at=START + 100), loop(100, at=START + 110)])
    assert state.settings_now == {"lr": 3e-4}
    assert [preview.step for preview in state.previews] == [50]


def test_amended_settings_stay_for_every_later_attempt():
    amended = events.SettingsAmended(at=START + 101, values={"epochs": 9})
    state = state_of([*_first_attempt(), started(2, at=START + 100), amended, loop(100, at=START + 110)])
    assert state.amended == {"epochs": 9}
    assert "settings changed: epochs 9" in _lines(state)


def test_a_checkpoint_whose_event_was_lost_in_a_kill_keeps_the_values_before_it():
    log = [
        *opening(),
        loop(),
        metrics(range(1, 101), value=float),
        evaluated(100, 0.9, best=True),
    ]  # saved at 100, and killed before it said so
    state = state_of([*log, started(2, at=START + 100), loop(100, at=START + 110)])
    assert state.summaries["validation/accuracy"].best("max") == (0.9, 100)
    assert state.summaries["train/loss"].count == 100


def test_what_an_earlier_attempt_logged_behind_a_checkpoint_without_event_is_not_counted():
    log = [*opening(), loop(), metrics(range(1, 121), value=float), evaluated(100, 0.9, best=True)]
    state = state_of([*log, started(2, at=START + 100), loop(100, at=START + 110)])
    assert "train/loss" not in state.summaries
    assert state.summaries["validation/accuracy"].count == 1


# --- Reading a long log faster ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_groups_that_are_joined_add_up_to_the_same_state_as_one_by_one(seed):
    dice = random.Random(seed)
    log = [*opening(), loop(steps_total=5000)]
    step = 0
    for _ in range(300):
        size = dice.choice([1, 3, 20])
        keys = dice.choice([["train/loss"], ["train/loss", "train/lr"]])
        steps = list(range(step + 1, step + size + 1))
        values = {key: [dice.choice([math.nan, *[float(dice.randrange(64))] * 20]) for _ in steps] for key in keys}
        log.append(events.Metrics(steps=steps, at=[START + 10 + n * dice.choice([0.1, 0.11]) for n in steps], values=values))
        if dice.random() < 0.3:  # what is logged now and then comes behind what each step logs
            log.append(events.Metrics(steps=steps[:1], at=[START + 10 + steps[0] * 0.1], values={"train/update_ratio": [0.001]}))
        step += size
        if dice.random() < 0.1:
            log.append(evaluated(step, dice.random()))
        if dice.random() < 0.03:
            log += [
                events.Paused(at=START + 10 + step * 0.12, step=step, by="ada"),
                events.Resumed(at=START + 11 + step * 0.12, step=step, by="ada"),
            ]
    log.append(events.Metrics(steps=[], at=[], values={}))
    joined = RunState()
    pieces = list(log)
    while pieces:
        size = dice.randint(1, 80)
        apply_all(pieces[:size], joined)
        pieces = pieces[size:]
    alone = state_of(log)
    for state in (joined, alone):
        for series in (state.trail, *state.series.values()):
            series.version = 0  # counts calls, which is all that differs
    assert repr(joined) == repr(alone)


def test_what_is_logged_now_and_then_does_not_take_the_run_back():
    state = state_of(
        [*opening(), loop(), metrics(range(1, 21)), events.Metrics(steps=[1, 11], at=[START, START], values={"x": [1.0, 2.0]})]
    )
    assert state.step == 20
    assert state.summaries["x"].last_step == 11


def test_joining_leaves_the_events_themselves_alone():
    log = [metrics(range(1, 4)), metrics(range(4, 7))]
    apply_all(log, RunState())
    assert [event.steps for event in log] == [[1, 2, 3], [4, 5, 6]]


def test_a_whole_run_adds_up():
    state = state_of(finished_run())
    assert (state.step, state.epoch, state.steps_total, state.epochs_total) == (400, 4, 400, 4)
    assert state.summaries["train/loss"].count == 400
    assert state.clock.read(START + 1e6) == 40
    assert (state.cpu_seconds, state.phase) == (12.5, "finished")


def test_the_traceback_of_an_error_stands_in_the_log_before_what_it_came_to() -> None:
    detail = (
        "Traceback (most recent call last):\n" + "".join(f'  File "train.py", line {line}\n' for line in range(100)) + "ValueError: bad\n"
    )
    state = _begun(metrics(range(1, 11)), ended("failed", step=10, reason="ValueError: bad (train.py, line 99)", detail=detail))
    texts = [line.text for line in state.log]
    assert texts[-3:] == ['  File "train.py", line 99', "ValueError: bad", "failed: ValueError: bad (train.py, line 99)"]
    assert sum("File" in text for text in texts) == 39
