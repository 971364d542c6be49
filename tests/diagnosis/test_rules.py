"""Each rule finds its fault, with evidence, and is quiet beside it; real runs are held to them in tests/benchmarks/diagnosis.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import START, declared, ended, loop, metrics, opening, state_of
from workbench.diagnosis.diagnose import RULES, diagnose
from workbench.diagnosis.finding import Finding
from workbench.events import types as events

STEPS = 400
Course = Callable[[int], float]


def falling(step: int) -> float:
    return 0.1 + 2.2 * math.exp(-step / 80) + 0.02 * math.sin(step)


def found(courses: dict[str, Course], *, steps: int = STEPS, every: dict[str, tuple[int, Course]] | None = None, settings=None,
          log=(), is_live: bool = False, now: float = START + 1000) -> dict[str, Finding]:  # fmt: skip
    """What is diagnosed of a run with these courses: by step, and every so many steps."""
    happened = [*opening(), loop(steps_total=steps)]
    happened += [metrics(range(1, steps + 1), key=key, value=course) for key, course in courses.items()]
    for key, (gap, course) in (every or {}).items():
        happened += [events.Evaluated(at=START + 10 + at / 10, step=at, values={key: course(at)}) for at in range(gap, steps + 1, gap)]
    state = state_of([*happened, *log])
    return {finding.rule: finding for finding in diagnose(state, settings or {"lr": 0.1}, now=now, is_live=is_live)}


def steady(value: float) -> Course:
    return lambda step: value * (1 + 0.1 * math.sin(7 * step))


HEALTHY = {
    "train/loss": falling,
    "train/grad_norm": steady(1.0),
    "train/update_ratio": steady(1e-3),
    "train/lr": lambda step: 0.01 * (1 - step / STEPS),
}


def test_a_healthy_run_gives_no_finding():
    assert not found(HEALTHY, every={"validation/loss": (40, falling), "validation/accuracy": (40, lambda step: 0.9 + step / 5000)})


def test_a_loss_that_rises_again_diverges_and_says_since_when():
    rising = found({**HEALTHY, "train/loss": lambda step: falling(step) if step < 200 else falling(200) + (step - 200) / 40})
    finding = rising["diverging"]
    assert finding.severity == "error"
    assert 200 < finding.step < 320
    assert "now 5." in finding.evidence or "now 4." in finding.evidence
    assert "0.01" in finding.advice


def test_a_loss_that_jumps_where_it_began_oscillates():
    jumping = {**HEALTHY, "train/loss": lambda step: 2.3 if step > 8 else 2.3 + 9 * (step == 4), "train/update_ratio": steady(0.2)}
    assert found(jumping)["oscillating"].step == 4


def test_updates_that_move_nothing_are_too_slow_unless_the_rate_still_rises():
    slow = {**HEALTHY, "train/loss": lambda step: 2.3 - step / 1e5, "train/update_ratio": steady(1e-6)}
    assert "0.2%" in found(slow)["too_slow"].evidence
    assert "too_slow" not in found({**slow, "train/lr": lambda step: 1e-5 * step})


def test_a_validation_loss_that_rises_while_the_training_loss_falls_is_overfitting_since_its_best():
    validation = (20, lambda step: 0.5 + abs(step - 120) / 200)
    finding = found(HEALTHY, every={"validation/loss": validation})["overfitting"]
    assert finding.step == 120
    rising_with_it = {**HEALTHY, "train/loss": lambda step: 0.5 + abs(step - 120) / 200}
    assert "overfitting" not in found(rising_with_it, every={"validation/loss": validation})


def test_a_loss_that_hardly_falls_at_good_updates_is_underfitting_at_the_end_only():
    flat = {**HEALTHY, "train/loss": lambda step: 2.3 - step / 1000}
    assert found(flat)["underfitting"].step == STEPS
    half = state_of([*opening(), loop(steps_total=1000), *[metrics(range(1, 401), key=key, value=course) for key, course in flat.items()]])
    assert not [finding for finding in diagnose(half, {}, now=START, is_live=False) if finding.rule == "underfitting"]


def test_a_fork_is_measured_by_the_loss_that_its_oldest_ancestor_began_with():
    course = {**HEALTHY, "train/loss": lambda step: 0.05 - step / 100_000 + 0.05 * (step % 50 == 9)}
    logged = [metrics(range(1, STEPS + 1), key=key, value=each) for key, each in course.items()]
    fork = state_of([*opening(), loop(steps_total=STEPS), *logged])
    origin = state_of([*opening(), loop(steps_total=STEPS), metrics(range(1, STEPS + 1), key="train/loss", value=falling)])
    alone = {finding.rule for finding in diagnose(fork, {}, now=START, is_live=False)}
    assert "underfitting" in alone, "what begins so low and stays there would look as if nothing was learnt"
    assert not diagnose(fork, {}, now=START, is_live=False, origin=origin)
    assert not diagnose(fork, {}, now=START, is_live=False, is_warm=True)


def test_an_objective_that_stands_still_at_a_constant_rate_is_a_plateau():
    flat = (20, lambda step: min(0.8, 0.5 + step / 200))
    constant = {**HEALTHY, "train/lr": lambda step: 0.01, "train/loss": lambda step: falling(min(step, 60))}
    assert found(constant, every={"validation/accuracy": flat})["plateau"].step == 100  # the first mean of three that is as good
    assert "plateau" not in found(HEALTHY, every={"validation/accuracy": flat})  # its rate came down
    assert "plateau" not in found(constant, every={"validation/accuracy": (20, lambda step: 0.99)})


def test_a_nan_is_named_with_its_first_step():
    lost = {**HEALTHY, "train/loss": lambda step: math.nan if step >= 150 else falling(step)}
    finding = found(lost)["not_finite"]
    assert (finding.step, finding.severity) == (150, "error")
    assert "train/loss not finite @ 150, in 251 of 400 steps; 0.42" in finding.evidence


def test_a_run_that_failed_of_a_nan_that_was_never_logged_says_so_too():
    log = [ended("failed", step=212, reason="the gradient of step 212 was NaN")]
    assert found(HEALTHY, log=log)["not_finite"].step == 212


def test_a_norm_a_hundred_times_the_usual_explodes():
    jump = {**HEALTHY, "train/grad_norm": lambda step: 5e4 if step == 300 else 1.0}
    finding = found(jump, settings={"lr": 0.1, "clip_norm": None})["exploding"]
    assert finding.step == 300
    assert finding.advice == "set clip_norm, which is off, to 2; or lower lr from 0.1 to 0.01"


def test_a_layer_whose_gradient_is_nothing_beside_the_others_vanishes():
    layers = {f"train/grad_norm/{name}": steady(norm) for name, norm in (("first", 1e-7), ("second", 1e-4), ("last", 1.0))}
    assert "first hardly learns" in found({**HEALTHY, **layers})["vanishing_layers"].cause
    frozen = {**layers, "train/grad_norm/first": steady(0.0)}  # not reached at all, as an unused head
    assert "vanishing_layers" not in found({**HEALTHY, **frozen})


def test_a_gradient_that_does_not_reach_the_first_time_step_vanishes_through_time():
    assert "vanishing_time" in found(HEALTHY, every={"validation/gradient_reach": (40, lambda step: 1e-12)})
    assert "vanishing_time" not in found(HEALTHY, every={"validation/gradient_reach": (40, lambda step: 0.01)})
    assert "vanishing_time" not in found(HEALTHY, every={"validation/gradient_reach": (40, lambda step: 1e-12 if step < 350 else 0.01)})
    early = found(HEALTHY, every={"validation/gradient_reach": (40, lambda step: 1e-12)}, log=[loop(steps_total=4 * STEPS)])
    assert "vanishing_time" not in early  # it may yet learn to carry it


def test_clipping_nearly_every_step_is_noted_clipping_now_and_then_is_not():
    settings = {"lr": 0.1, "clip_norm": 0.1}
    finding = found(HEALTHY, settings=settings)["clipped"]
    assert finding.evidence.startswith("100% of steps 201 to 400 had a norm over clip_norm 0.1")
    assert finding.advice.startswith("raise clip_norm from 0.1 to 2 (")
    now_and_then = {**HEALTHY, "train/grad_norm": lambda step: 1.0 if step % 2 else 0.05}
    assert "clipped" not in found(now_and_then, settings=settings)


def test_units_that_stay_zero_are_dead():
    assert "80%" in found(HEALTHY, every={"validation/dead_units/relu1": (40, lambda step: 0.8)})["dead_units"].evidence
    assert "dead_units" not in found(HEALTHY, every={"validation/dead_units/relu1": (40, lambda step: 0.2)})


def test_a_discriminator_that_is_always_right_overpowers():
    finding = found({"train/discriminator_accuracy": lambda step: min(1.0, step / 100), "train/fake_score": steady(1e-3)})["overpowered"]
    assert finding.step == 90
    assert "overpowered" not in found({"train/discriminator_accuracy": steady(0.75)})


@pytest.mark.parametrize("sign", [{"classes_covered": 6.0}, {"class_kl": 2.1}, {"recall": 0.0}])
def test_samples_that_cover_a_part_of_the_data_are_a_collapse(sign: dict[str, float]):
    fine = {"classes_covered": 10.0, "class_kl": 0.01, "recall": 0.9, "relative_frechet_distance": 0.02}
    classes = events.DataLoaded(at=START, name="digits", classes=tuple("0123456789"))

    def run(values: dict[str, float]) -> dict[str, Finding]:
        every = {f"validation/{name}": (100, lambda step, value=value: value) for name, value in values.items()}
        return found({}, every=every, log=[classes, metrics(range(1, 601), key="train/generator_loss")])

    assert "collapsed" not in run(fine)
    assert "collapsed" in run({**fine, **sign})


def test_waiting_for_data_is_noted():
    waiting = {"train/loss": falling}
    assert "60%" in found(waiting, steps=61, every={"machine/input_wait": (20, lambda step: 0.6)})["data_bound"].evidence
    assert "data_bound" not in found(waiting, steps=61, every={"machine/input_wait": (20, lambda step: 0.6 if step < 30 else 0.1)})
    assert "data_bound" not in found(waiting, steps=41, every={"machine/input_wait": (20, lambda step: 0.6)})


def test_a_live_run_without_a_step_for_long_is_stalled():
    training = [events.PhaseChanged(at=START + 50, phase="training")]
    last = START + 10 + STEPS * 0.1
    assert "40s" in found(HEALTHY, log=training, is_live=True, now=last + 40)["stalled"].evidence.replace(" ", "")
    assert "stalled" not in found(HEALTHY, log=training, is_live=True, now=last + 5)
    assert "stalled" not in found(HEALTHY, log=training, is_live=False, now=last + 40)


def test_nothing_is_said_of_a_run_that_has_only_begun():
    assert not found(HEALTHY, steps=5)
    assert not diagnose(state_of([*opening(), declared()]), {}, now=START, is_live=True)


def test_a_norm_is_measured_by_those_before_it_and_not_by_those_of_a_network_that_has_learnt_its_examples():
    early = {**HEALTHY, "train/grad_norm": lambda step: 18.0 if step == 36 else 2.0 if step < 100 else 0.01}
    assert "exploding" not in found(early)


def test_a_loss_that_never_fell_overshoots_and_does_not_diverge():
    shot_up = {**HEALTHY, "train/loss": lambda step: 2.3 if step == 1 else 20.0, "train/update_ratio": steady(0.2)}
    assert found(shot_up).keys() >= {"oscillating"}
    assert "diverging" not in found(shot_up)


def test_a_loss_that_regains_a_little_does_not_diverge():
    assert "diverging" not in found({**HEALTHY, "train/loss": lambda step: falling(step) if step < 200 else falling(200) + 0.5})


def test_a_loss_that_regains_a_little_while_updates_are_large_diverges():
    rising = {**HEALTHY, "train/loss": lambda step: falling(step) if step < 200 else falling(200) + 0.5}
    finding = found({**rising, "train/update_ratio": steady(0.03)})["diverging"]
    assert "0.03 of their size" in finding.evidence


def test_a_rate_that_has_risen_to_next_to_nothing_is_too_slow():
    slow = {**HEALTHY, "train/loss": lambda step: 2.3 - step / 1e5, "train/update_ratio": steady(1e-6)}
    assert "too_slow" in found({**slow, "train/lr": lambda step: 1e-6 * min(1.0, step / 100)})


def test_strong_regularisation_shrinks_weights_fast_without_any_overshoot():
    shrinking = {**HEALTHY, "train/loss": lambda step: 2.3, "train/update_ratio": steady(0.06)}
    assert found(shrinking).keys() == {"underfitting"}


def test_a_validation_loss_rises_by_chance_or_below_that_of_moved_images_without_any_overfitting():
    def of(validation: Course, training: Course = falling) -> bool:
        return "overfitting" in found({**HEALTHY, "train/loss": training}, every={"validation/loss": (20, validation)})

    assert of(lambda step: 0.5 + abs(step - 120) / 200)
    assert not of(lambda step: 0.15 + (0.035 if step > 120 else 0.0))  # 0.035 of 2.3 nats, on a few hundred examples
    assert not of(lambda step: 0.05 + abs(step - 120) / 2000, lambda step: falling(step) + 0.3)
    assert not of(lambda step: 0.9 if step in (140, 160, 180) else 0.5)  # three evaluations at the peak of the rate


def test_a_mild_rise_far_above_the_noise_is_overfitting_and_one_within_it_is_not():
    """Of 0.6 nats by a tenth, as 10 images a class do; and as much beside a single lucky evaluation, or in noise."""
    mild = {**HEALTHY, "train/loss": lambda step: 2.3 * math.exp(-step / 30) + 1e-3}

    def of(validation: Course) -> bool:
        return "overfitting" in found(mild, every={"validation/loss": (20, validation)})

    def rising(step: int) -> float:
        return 0.6 + abs(step - 80) / 4000

    assert of(rising)
    assert not of(lambda step: rising(step) + (0.05 if step // 20 % 2 else -0.05))
    assert not of(lambda step: 0.67 - (0.07 if step == 80 else 0.0))


def test_a_network_that_knows_its_examples_by_heart_overfits_from_three_evaluations_and_a_rise_of_3_percent_on():
    def since(share: float, rise: float) -> bool:
        """Whether it was said at 180 of a loss that rises from 120 on, the training loss being that share of it."""
        courses = {**HEALTHY, "train/loss": lambda step: max(2.3 * math.exp(-step / 15), 0.8 * share * (1 - step / 1000))}
        validation = (20, lambda step: 0.8 * (1 + rise * max(0.0, step - 120) / 60))
        return "overfitting" in found(courses, steps=180, every={"validation/loss": validation})

    assert since(share=0.05, rise=0.06)
    assert not since(share=0.05, rise=0.03)
    assert not since(share=0.3, rise=0.06)


def test_evaluations_that_come_to_rest_above_a_lucky_one_are_no_overfitting():
    """As an LSTM on pixels had it: a best that strayed as far as those around it, and a rate that came down behind it."""
    knows = {**HEALTHY, "train/loss": lambda step: 2.3 * math.exp(-step / 30) + 1e-3}

    def of(stray: float) -> bool:
        def validation(step: int) -> float:
            if step > 280:
                return 0.2 + 1e-4 * (step // 10 % 2)
            return 0.16 + stray * math.sin(step) * math.exp(-step / 1000) - (0.02 if step == 200 else 0.0)

        return "overfitting" in found(knows, every={"validation/loss": (10, validation)})

    assert not of(stray=0.05)
    assert of(stray=0.0001)


def test_a_lucky_evaluation_does_not_end_a_plateau_and_steady_progress_in_noise_is_none():
    constant = {**HEALTHY, "train/lr": lambda step: 0.01, "train/loss": steady(1.0)}

    def of(accuracy: Course) -> bool:
        return "plateau" in found(constant, every={"validation/accuracy": (10, accuracy)})

    def noisy(step: int) -> float:
        return 0.7 + 0.02 * math.sin(step * step)

    assert of(noisy)
    assert of(lambda step: noisy(step) + (0.05 if step == 350 else 0.0))
    assert not of(lambda step: noisy(step) + step / 2000)


def test_a_training_loss_that_falls_by_more_than_its_noise_is_no_plateau():
    flat = (10, lambda step: 0.7 + 0.02 * math.sin(step * step))
    noisy = {**HEALTHY, "train/lr": lambda step: 0.01, "train/loss": lambda step: 2.0 + 0.3 * math.sin(step * step)}
    assert "plateau" in found(noisy, every={"validation/accuracy": flat})
    falls = {**noisy, "train/loss": lambda step: 2.0 - step / 500 + 0.3 * math.sin(step * step)}
    assert "plateau" not in found(falls, every={"validation/accuracy": flat})


def test_an_objective_that_gains_next_to_nothing_stands_still():
    constant = {**HEALTHY, "train/lr": lambda step: 0.01, "train/loss": lambda step: falling(min(step, 60))}
    creeping = (20, lambda step: min(0.8, 0.5 + step / 200) + step / 1e6)
    assert found(constant, every={"validation/accuracy": creeping})["plateau"].step == 100
    rising = {**constant, "train/lr": lambda step: 0.01 * step}
    assert "plateau" not in found(rising, every={"validation/accuracy": creeping})
    learning = {**constant, "train/loss": falling}
    assert "plateau" not in found(learning, every={"validation/accuracy": creeping})


def test_an_objective_that_stands_still_while_the_rate_rises_and_falls_is_no_plateau():
    flat = (20, lambda step: 0.1)  # as an LSTM that learnt to add after half of its steps logged it
    stuck = {**HEALTHY, "train/loss": steady(0.16), "train/lr": lambda step: 0.02}
    one_cycle = {**stuck, "train/lr": lambda step: 0.02 * (1 - abs(step - 350) / 4000)}
    assert "plateau" in found(stuck, every={"validation/accuracy": flat})
    assert "plateau" not in found(one_cycle, every={"validation/accuracy": flat})


def test_a_weak_gradient_through_time_has_most_of_the_run_to_find_its_way():
    weak = {"validation/gradient_reach": (40, lambda step: 1e-12 if step < 300 else 0.2)}
    assert "vanishing_time" not in found(HEALTHY, steps=400, every=weak)
    state = state_of([*opening(), loop(steps_total=660), metrics(range(1, 401)), *(
        events.Evaluated(at=START + 60, step=step, values={"validation/gradient_reach": 1e-12}) for step in range(40, 401, 40)
    )])  # fmt: skip
    assert not diagnose(state, {}, now=START, is_live=False)


def test_what_is_only_a_consequence_is_not_said_beside_its_cause():
    exploding = {**HEALTHY, "train/grad_norm": lambda step: 5e4 if step == 300 else 1.0, "train/loss": lambda step: 2.3 - step / 1000}
    assert found(exploding, settings={"lr": 0.1, "clip_norm": 0.01}).keys() == {"exploding"}


def test_a_layer_that_gets_no_gradient_at_all_hides_none_whose_gradient_vanishes():
    norms = (("unused", 0.0), ("first", 1e-7), ("second", 1e-3), ("last", 1.0))
    layers = {f"train/grad_norm/{name}": steady(norm) for name, norm in norms}
    assert "first hardly learns" in found({**HEALTHY, **layers})["vanishing_layers"].cause


def test_clipping_of_one_network_of_two_is_noted():
    norms = {"train/generator_grad_norm": steady(1.0), "train/discriminator_grad_norm": steady(1e-3)}
    assert "generator" in found(norms, settings={"clip_norm": 0.1})["clipped"].evidence


def test_every_rule_has_a_test_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{rule.__name__}"' in text for rule in RULES)
