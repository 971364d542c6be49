"""How adversarial runs fail, recognised from numbers such as real runs logged; real failures are in tests/recipes/test_gan.py."""

from __future__ import annotations

import pytest

from tests.builders import START, loop, metrics, opening, state_of
from workbench.diagnosis.diagnose import diagnose
from workbench.diagnosis.finding import Finding
from workbench.events import types as events

HEALTHY = {"train/discriminator_accuracy": [0.8] * 600, "train/fake_score": [0.3] * 600}
JUDGED = {
    "validation/relative_frechet_distance": 0.02,
    "validation/classes_covered": 10,
    "validation/class_kl": 0.01,
    "validation/recall": 0.9,
    "validation/diversity": 0.95,
}


def _found(logged: dict[str, list[float]], *evaluations: dict[str, float]) -> dict[str, Finding]:
    happened = [*opening(), events.DataLoaded(at=START, name="digits", classes=tuple("0123456789")), loop(steps_total=600)]
    happened += [metrics(range(1, len(values) + 1), key=key, value=lambda at, v=values: v[at - 1]) for key, values in logged.items()]
    for place, values in enumerate(evaluations, start=1):
        happened.append(events.Evaluated(at=START + 20 + place, step=50 * place, values=values))
    state = state_of(happened)
    return {finding.rule: finding for finding in diagnose(state, {"lr": 1e-3}, now=START + 1000, is_live=False)}


def test_a_healthy_run_has_neither_fault() -> None:
    assert not _found(HEALTHY, JUDGED).keys() & {"overpowered", "collapsed"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"validation/classes_covered": 3}, "3 of 10 classes"),
        ({"validation/class_kl": 1.6}, "KL of the classes 1.6"),
        ({"validation/recall": 0.04}, "recall 0.04"),
        ({"validation/diversity": 0.1}, "pixels vary 10% as much"),
    ],
)
def test_each_sign_of_a_collapse_is_enough_and_is_said(values: dict[str, float], words: str) -> None:
    assert words in _found(HEALTHY, JUDGED, {**JUDGED, **values})["collapsed"].evidence


def test_the_samples_of_now_count_and_not_those_of_an_untrained_generator() -> None:
    assert "collapsed" not in _found(HEALTHY, {**JUDGED, "validation/classes_covered": 2, "validation/recall": 0.0}, JUDGED)


def test_a_generator_that_has_hardly_begun_has_not_collapsed() -> None:
    state = state_of([
        *opening(), events.DataLoaded(at=START, name="digits", classes=tuple("0123456789")), loop(steps_total=300),
        metrics(range(1, 51), key="train/fake_score"),
        events.Evaluated(at=START + 20, step=50, values={**JUDGED, "validation/classes_covered": 1, "validation/recall": 0.0}),
    ])  # fmt: skip
    assert not diagnose(state, {}, now=START, is_live=True)


def test_without_labels_the_variety_of_pixels_still_tells() -> None:
    assert "collapsed" in _found(HEALTHY, {"validation/pixel_distance": 0.9, "validation/diversity": 0.05})


def test_a_discriminator_wins_when_it_is_always_right_to_the_end() -> None:
    assert "overpowered" in _found({**HEALTHY, "train/discriminator_accuracy": [0.8] * 300 + [1.0] * 300}, JUDGED)
    assert "overpowered" not in _found({**HEALTHY, "train/discriminator_accuracy": [1.0] * 300 + [0.8] * 300}, JUDGED)


def test_without_labels_samples_that_are_near_to_hardly_any_real_image_are_a_collapse_though_their_pixels_vary() -> None:
    noisy = {"validation/pixel_distance": 1.2, "validation/recall": 0.0, "validation/diversity": 0.58}  # as the preset logged them
    assert "recall 0" in _found(HEALTHY, noisy)["collapsed"].evidence
    assert "collapsed" not in _found(HEALTHY, {**noisy, "validation/recall": 0.47})


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_a_network_that_hardly_moves_is_too_slow_and_not_collapsed(network: str) -> None:
    ratios = {"train/generator_update_ratio": [2e-2] * 600, "train/discriminator_update_ratio": [5e-2] * 600}
    unlearnt = {**JUDGED, "validation/classes_covered": 1, "validation/recall": 0.0}
    assert "too_slow" not in _found({**HEALTHY, **ratios}, JUDGED)
    found = _found({**HEALTHY, **ratios, f"train/{network}_update_ratio": [1.4e-5] * 600}, unlearnt)
    assert network in found["too_slow"].cause
    assert "collapsed" not in found
    annealed = [2e-2] * 100 + [1e-7] * 500
    assert "too_slow" not in _found({**HEALTHY, **ratios, f"train/{network}_update_ratio": annealed}, JUDGED)
