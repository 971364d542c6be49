"""Measures of generated images, held to the library that everybody quotes and to controls whose answer is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.data.vision.images import load_images
from workbench.data.vision.labelled import unit_range
from workbench.training.scoring import evaluator, quality
from workbench.training.scoring.quality import Moments, frechet_distance


@dataclass(frozen=True)
class Digits:
    """The real digits, and the evaluator that looks at them."""

    images: Tensor  # (N, 1, 8, 8) from 0 to 1
    labels: Tensor
    judge: evaluator.Evaluator
    reference: quality.Reference

    def measure(self, images: Tensor) -> dict[str, float]:
        return self.reference.measure(*self.judge.look(images))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    data = load_images("digits", device=torch.device("cpu"), batch_size=64, seed=0)
    train, test = (evaluator.Labelled(unit_range(split.info, split.images), split.labels) for split in (data.train.split, data.test))
    judge = evaluator.obtain(train, test, 10, key="test", folder=tmp_path_factory.mktemp("cache"))
    images, labels = torch.cat([train.images, test.images]), torch.cat([train.labels, test.labels])
    return Digits(images, labels, judge, quality.Reference(judge.look(images)[0], labels, 10))


def _numbers() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# --- The Fréchet distance ---------------------------------------------------------------------------------------------------


def test_the_frechet_distance_of_diagonal_normals_is_what_paper_gives() -> None:
    first = Moments(torch.tensor([1.0, 2.0]).double(), torch.diag(torch.tensor([4.0, 9.0]).double()))
    second = Moments(torch.tensor([1.0, 5.0]).double(), torch.diag(torch.tensor([1.0, 16.0]).double()))
    assert frechet_distance(first, second) == pytest.approx(3**2 + (2 - 1) ** 2 + (3 - 4) ** 2)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-12)


def test_it_is_symmetric_and_finds_the_root_of_matrices_that_are_not() -> None:
    first, second = (Moments.of(torch.randn(40, 6, generator=_numbers()) @ torch.randn(6, 6)) for _ in range(2))
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first))
    product = torch.linalg.eigvals(first.covariance @ second.covariance).sqrt().real.sum()
    expected = (first.mean - second.mean).square().sum() + first.covariance.trace() + second.covariance.trace() - 2 * product
    assert frechet_distance(first, second) == pytest.approx(float(expected))


def test_features_that_never_vary_do_no_harm() -> None:
    features = torch.randn(50, 4, generator=_numbers())
    features[:, 2:] = 0.0
    assert frechet_distance(Moments.of(features), Moments.of(features)) == pytest.approx(0, abs=1e-9)


def test_it_equals_torchmetrics_with_the_same_features(digits: Digits) -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Features(nn.Module):
        num_features = evaluator.FEATURES

        def forward(self, images: Tensor) -> Tensor:
            return digits.judge.look(images)[0]

    theirs = FrechetInceptionDistance(feature=Features(), normalize=False)
    theirs.set_dtype(torch.float64)
    blurred = F.avg_pool2d(digits.images[:600], 3, 1, padding=1)
    theirs.update(digits.images, real=True)
    theirs.update(blurred, real=False)
    ours = frechet_distance(*(Moments.of(digits.judge.look(images)[0]) for images in (digits.images, blurred)))
    assert ours == pytest.approx(float(theirs.compute()), rel=1e-4)


# --- Precision, recall, classes ---------------------------------------------------------------------------------------------


def test_precision_and_recall_of_points_on_a_line() -> None:
    real = torch.tensor([[0.0], [1.0], [2.0], [10.0]])
    fake = torch.tensor([[0.5], [1.5], [50.0], [51.0]])
    # With the nearest neighbour the real balls reach 1, 1, 1 and 8 far, the fake ones 1, 1, 1 and 1.
    precision, recall = quality.precision_and_recall(real, fake, neighbours=1)
    assert (precision, recall) == (0.5, 0.75)


def test_the_kl_of_one_class_of_ten_is_log_10_and_of_equal_shares_0() -> None:
    uniform = torch.full((10,), 0.1)
    assert quality.class_kl(torch.tensor([50.0] + [0.0] * 9), uniform) == pytest.approx(math.log(10))
    assert quality.class_kl(torch.full((10,), 7.0), uniform) == pytest.approx(0, abs=1e-6)


def test_a_class_is_covered_from_a_tenth_of_its_share_on() -> None:
    counts = torch.tensor([981.0, 10.0, 9.0])
    assert quality.classes_covered(counts, torch.full((3,), 0.1)) == 2
    assert quality.classes_covered(counts, torch.tensor([0.9, 0.05, 0.05])) == 3


def test_diversity_is_the_deviation_of_pixels_as_a_share_of_the_real_one() -> None:
    real = torch.randn(500, 1, 4, 4, generator=_numbers())
    assert quality.diversity(real, real * 0.25) == pytest.approx(0.25)
    assert quality.diversity(real, real[:1].expand(20, 1, 4, 4)) == 0


# --- Controls: no number alone would do (LEARNING.md 2.5) -------------------------------------------------------------------


def test_a_half_of_the_real_images_is_as_good_as_the_floor_says(digits: Digits) -> None:
    half = digits.images[torch.randperm(len(digits.images), generator=_numbers())[: len(digits.images) // 2]]
    values = digits.measure(half)
    assert values["relative_frechet_distance"] < digits.reference.floor < 0.02
    assert min(values["precision"], values["recall"]) > 0.95
    assert values["classes_covered"] == 10
    assert values["class_kl"] < 0.01


def test_noise_is_far_away_and_covers_nothing_of_the_real_images(digits: Digits) -> None:
    values = digits.measure(torch.rand(1000, 1, 8, 8, generator=_numbers()))
    assert values["relative_frechet_distance"] > 0.4
    assert values["recall"] < 0.1
    assert values["class_kl"] > 0.5


def test_the_mean_image_with_noise_has_no_recall(digits: Digits) -> None:
    mean = digits.images.mean(dim=0, keepdim=True) + 0.05 * torch.randn(1000, 1, 8, 8, generator=_numbers())
    values = digits.measure(mean.clamp(0, 1))
    assert values["relative_frechet_distance"] > 0.8
    assert values["recall"] < 0.05
    assert quality.diversity(digits.images, mean) < 0.25


def test_real_images_of_one_class_look_real_and_are_caught_by_classes_and_recall(digits: Digits) -> None:
    values = digits.measure(digits.images[digits.labels == 1].repeat(6, 1, 1, 1))
    assert values["precision"] > 0.8
    assert values["recall"] < 0.3
    assert values["classes_covered"] == 1
    assert values["class_kl"] > 2
    assert values["relative_frechet_distance"] > 0.8


def test_blurred_images_keep_most_classes_and_are_caught_by_distance_and_recall(digits: Digits) -> None:
    blurred = F.avg_pool2d(F.pad(digits.images, (1, 1, 1, 1), mode="replicate"), 3, 1)
    values = digits.measure(blurred)
    assert values["classes_covered"] >= 7
    assert values["relative_frechet_distance"] > 0.3
    assert values["recall"] < 0.05
