"""Failures of adversarial runs, recognised from numbers that real runs logged."""

from __future__ import annotations

import pytest

from workbench.diagnosis.adversarial import failures

HEALTHY = {
    "train/discriminator_loss": [1.1] * 200,
    "train/generator_loss": [1.3] * 200,
    "train/discriminator_accuracy": [0.8] * 200,
    "train/generator_grad_norm": [0.2] * 200,
    "validation/classes_covered": [9.0, 10.0],
    "validation/class_kl": [0.2, 0.01],
    "validation/recall": [0.7, 0.9],
    "validation/diversity": [0.9, 0.95],
}


def _kinds(**changed: list[float]) -> list[str]:
    series = {**HEALTHY, **{key.replace("__", "/"): values for key, values in changed.items()}}
    return [failure.kind for failure in failures(series, 10)]


def test_a_healthy_run_has_none() -> None:
    assert _kinds() == []
    assert failures({}, 10) == ()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"validation__classes_covered": [9.0, 3.0], "validation__class_kl": [0.1, 1.6]}, "collapse"),
        ({"validation__diversity": [0.8, 0.1]}, "collapse"),
        ({"validation__classes_covered": [9.0, 7.0]}, "partial collapse"),
        ({"validation__recall": [0.5, 0.04]}, "partial collapse"),
        ({"validation__class_kl": [0.1, 0.7]}, "partial collapse"),
        ({"train__discriminator_accuracy": [0.8] * 150 + [1.0] * 50}, "overpowered"),
        ({"train__generator_grad_norm": [1e-9] * 200}, "overpowered"),
        ({"train__generator_loss": [1.0, float("nan")]}, "diverged"),
    ],
)
def test_each_rule_names_its_failure(changed: dict[str, list[float]], kind: str) -> None:
    assert _kinds(**changed) == [kind]


def test_the_last_evaluation_counts_and_not_the_first_samples_of_an_untrained_generator() -> None:
    assert _kinds(validation__classes_covered=[2.0, 9.0], validation__recall=[0.0, 0.6]) == []


def test_a_discriminator_that_wins_the_first_steps_has_not_won() -> None:
    assert _kinds(train__discriminator_accuracy=[1.0] * 60) == []
    assert _kinds(train__discriminator_accuracy=[1.0] * 150 + [0.8] * 50) == []


def test_without_classes_variety_still_tells() -> None:
    series = {key: values for key, values in HEALTHY.items() if "class" not in key}
    assert failures(series, 0) == ()
    assert [failure.kind for failure in failures({**series, "validation/diversity": [0.05]}, 0)] == ["collapse"]


def test_the_evidence_says_the_numbers() -> None:
    series = {**HEALTHY, "validation/classes_covered": [3.0], "validation/class_kl": [1.234], "validation/recall": [0.011]}
    assert failures(series, 10)[0].evidence == "samples cover 3 of 10 classes, KL of the classes 1.23, recall 1.1%"
