import dataclasses
import math
import random

import numpy as np
import pytest
import torch

import workbench.data.vision.images as images_module
from workbench.data.catalogue import CATALOGUE, find
from workbench.data.vision.augmentation import Augmentation
from workbench.data.vision.baselines import logistic_regression, majority_class, nearest_neighbour
from workbench.data.vision.images import TrainingBatches, load_images
from workbench.data.vision.labelled import Split
from workbench.errors import WorkbenchError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return load_images("digits", device=CPU, batch_size=64, seed=0)


@pytest.fixture(scope="module")
def mnist():
    return load_images("mnist5k", device=CPU, batch_size=64, seed=0)


def _visited(batches):
    """The example numbers in the order of an epoch: each image of the split is its own number."""
    return [int(value) for images, _ in batches for value in images[:, 0, 0, 0].tolist()]


def _numbered(count=10, batch_size=4, seed=0):
    info = dataclasses.replace(find("digits"), brightest=1, mean=0.0, std=1.0)
    images = torch.arange(count, dtype=torch.uint8).view(count, 1, 1, 1).expand(count, 1, 8, 8).contiguous()
    return TrainingBatches(Split(info, images, torch.arange(count)), batch_size, seed)


def test_counts_classes_and_splits_are_those_of_the_published_files(mnist, digits):
    assert mnist.about["examples"] == {"train": 4000, "validation": 500, "test": 500}
    assert digits.about["examples"] == {"train": 1258, "validation": 179, "test": 360}
    assert mnist.test.labels.bincount().tolist() == [50] * 10  # the file is sorted by class, so a plain cut would not be
    assert sum(digits.about["examples"].values()) == find("digits").examples


def test_no_example_is_in_two_splits(digits):
    every = torch.cat([digits.train.split.images, digits.validation.images, digits.test.images]).flatten(1)
    with np.load(find("digits").path) as arrays:
        whole = torch.from_numpy(arrays["x"]).flatten(1)
    assert sorted(every.tolist()) == sorted(whole.tolist())


def test_the_split_follows_split_seed_and_not_seed(digits):
    same = load_images("digits", device=CPU, batch_size=8, seed=7)
    other = load_images("digits", device=CPU, batch_size=64, seed=0, split_seed=1)
    assert same.about["split_hash"] == digits.about["split_hash"] != other.about["split_hash"]
    assert torch.equal(same.test.images, digits.test.images)
    assert not torch.equal(other.test.images, digits.test.images)


def test_the_test_split_is_the_one_that_published_figures_were_measured_on(mnist, digits):
    assert mnist.about["split_hash"] == "6410477e4466417db13cf9e1cbb25aa6138d1f8a2c4cc6f5491745f09c850916"
    assert digits.about["split_hash"] == "b53bed8d571891e2ff0065a5406a4bb65bea0d3732c0ab90bcb822a1c13eebbd"


def test_scarce_data_shrink_the_training_split_alone_and_a_larger_share_holds_the_smaller(digits):
    few = load_images("digits", device=CPU, batch_size=64, seed=0, examples_per_class=5)
    more = load_images("digits", device=CPU, batch_size=64, seed=0, examples_per_class=9)
    assert few.train.split.labels.bincount().tolist() == [5] * 10
    assert torch.equal(few.test.images, digits.test.images)
    held = more.train.split.images.flatten(1).tolist()
    assert all(image in held for image in few.train.split.images.flatten(1).tolist())
    assert "5 per class" in few.about["split"]


def test_an_epoch_visits_every_example_once_in_an_order_of_its_own():
    batches = _numbered()
    first, second = _visited(batches.epoch(0)), _visited(batches.epoch(1))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert first == _visited(_numbered().epoch(0)) != _visited(_numbered(seed=1).epoch(0))
    assert second != _visited(_numbered(seed=1).epoch(0)), "seed 0, epoch 1 must not be seed 1, epoch 0"
    assert [len(labels) for _, labels in batches.epoch(0)] == [4, 4, 2]


def test_order_and_augmentation_neither_use_nor_move_the_global_random_numbers(mnist):
    def some():
        return next(TrainingBatches(mnist.train.split, 8, 0, Augmentation(2, 15)).epoch(3))[0]

    torch.manual_seed(1)
    first = some()
    torch.manual_seed(2)
    before = torch.get_rng_state(), random.getstate()
    assert torch.equal(some(), first)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_skipping_batches_leads_to_the_same_rest_of_the_epoch_augmentation_included(digits):
    batches = TrainingBatches(digits.train.split, 64, 5, Augmentation(1, 10))
    whole, rest = list(batches.epoch(2)), list(batches.epoch(2, skip=15))
    assert len(rest) == len(whole) - 15
    for (images, labels), (other, others) in zip(whole[15:], rest, strict=True):
        assert torch.equal(images, other)
        assert torch.equal(labels, others)


def test_only_training_images_are_augmented_and_each_on_its_own(mnist):
    batches = TrainingBatches(mnist.train.split, 64, 0, Augmentation(shift=2))
    plain = TrainingBatches(mnist.train.split, 64, 0)
    (moved, _), (unmoved, _) = next(batches.epoch(0)), next(plain.epoch(0))
    assert not torch.allclose(moved, unmoved, atol=0.1)
    one = torch.ones(2, 1, 9, 9)
    shifted = Augmentation(shift=3).apply(one, torch.Generator().manual_seed(0))
    assert not torch.allclose(shifted[0], shifted[1])
    once, again = (torch.cat([images for images, _ in mnist.validation.batches(size)]) for size in (500, 7))
    assert torch.equal(once, again)


def test_a_shift_moves_by_at_most_its_pixels_and_a_turn_keeps_the_middle_of_an_oblong():
    dot = torch.zeros(200, 1, 21, 31)
    dot[:, :, 10, 15] = 1.0
    seen = Augmentation(shift=3).apply(dot, torch.Generator().manual_seed(0)).sum(dim=(0, 1)) > 1e-6
    rows, columns = seen.any(dim=1).nonzero().flatten(), seen.any(dim=0).nonzero().flatten()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 13, 12, 18)
    turned = Augmentation(rotate=180).apply(dot, torch.Generator().manual_seed(0))
    assert torch.allclose(turned[:, 0, 10, 15], torch.ones(200), atol=1e-4)


def test_a_turn_in_an_oblong_image_keeps_lengths():
    bar = torch.zeros(100, 1, 21, 41)
    bar[:, :, 10, 14:27] = 1.0  # 13 pixels from end to end
    turned = Augmentation(rotate=180).apply(bar, torch.Generator().manual_seed(0))
    assert turned.sum(dim=(1, 2, 3)) == pytest.approx(torch.full((100,), 13.0), abs=1.5)  # the pixels are still there
    down = turned[:, 0].sum(dim=2).gt(0.2).sum(dim=1).max()
    assert 10 <= int(down) <= 14, "upright, the bar is as tall as it was long"


def test_zoom_changes_the_size_by_at_most_its_share_both_ways():
    square = torch.zeros(300, 1, 61, 61)
    square[:, :, 20:41, 20:41] = 1.0
    sides = Augmentation(zoom=0.5).apply(square, torch.Generator().manual_seed(0)).sum(dim=(1, 2, 3)).sqrt()
    assert 21 / 1.5 - 0.5 < float(sides.min()) < 15
    assert 30 < float(sides.max()) < 21 * 1.5 + 0.5
    assert float(sides.log().mean()) == pytest.approx(math.log(21), abs=0.03), "as often larger as smaller"


def test_slant_leans_upright_strokes_and_leaves_the_middle_and_level_ones():
    bar, level = torch.zeros(300, 1, 41, 61), torch.zeros(300, 1, 41, 61)
    bar[:, :, :, 30] = 1.0
    level[:, :, 20, 20:41] = 1.0
    leaning = Augmentation(slant=30).apply(bar, torch.Generator().manual_seed(0))[:, 0]
    tops = leaning[:, 5].argmax(dim=1) - 30  # 15 rows above the middle
    assert 7 <= int(tops.max()) <= 9  # 15 * tan(30 degrees) is 8.7
    assert -9 <= int(tops.min()) <= -7
    assert (leaning[:, 20].argmax(dim=1) == 30).all()
    torch.testing.assert_close(Augmentation(slant=30).apply(level, torch.Generator().manual_seed(0))[:, :, 20], level[:, :, 20])


def test_images_reach_the_model_with_mean_0_and_deviation_1(mnist, digits):
    for data in (mnist, digits):
        pixels = torch.cat([images for images, _ in data.train.epoch(0)])
        assert float(pixels.mean()) == pytest.approx(0, abs=2e-3)
        assert float(pixels.std()) == pytest.approx(1, abs=2e-3)


def test_baselines_are_those_of_the_definitions(digits):
    info = digits.test.info
    images = torch.tensor([[0, 0], [9, 9], [9, 8]], dtype=torch.uint8).view(3, 1, 1, 2)
    train = Split(info, images, torch.tensor([0, 1, 1]))
    test = Split(info, torch.tensor([[1, 1], [9, 9]]).view(2, 1, 1, 2), torch.tensor([0, 0]))
    assert majority_class(train, test) == 0.0
    assert nearest_neighbour(train, test) == 0.5
    assert logistic_regression(train, train) == 1.0
    assert digits.about["baseline"]["nearest neighbour"] > 0.95 > 0.2 > digits.about["baseline"]["majority class"]


def test_nearest_neighbour_agrees_with_scikit_learn(mnist):
    neighbors = pytest.importorskip("sklearn.neighbors")
    judge = neighbors.KNeighborsClassifier(1).fit(mnist.train.split.images.flatten(1).float(), mnist.train.split.labels)
    score = judge.score(mnist.test.images.flatten(1).float(), mnist.test.labels)
    assert mnist.about["baseline"]["nearest neighbour"] == pytest.approx(score)


def test_logistic_regression_is_as_good_as_that_of_scikit_learn(digits):
    linear_model = pytest.importorskip("sklearn.linear_model")
    train, test = digits.train.split, digits.test
    judge = linear_model.LogisticRegression(max_iter=300).fit(train.images.flatten(1).float() / 16, train.labels)
    score = judge.score(test.images.flatten(1).float() / 16, test.labels)
    assert digits.about["baseline"]["logistic regression"] == pytest.approx(score, abs=0.02)


def test_a_damaged_or_missing_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    content = bytearray(find("digits").path.read_bytes())
    content[1000] ^= 1
    (tmp_path / "bad.npz").write_bytes(content)
    for name, words in (("bad.npz", "is damaged: its SHA-256 is"), ("none.npz", "cannot be read: No such file")):
        monkeypatch.setitem(CATALOGUE, "digits", dataclasses.replace(find("digits"), file=str(tmp_path / name)))
        with pytest.raises(WorkbenchError, match=words) as caught:
            load_images("digits", device=CPU, batch_size=1, seed=0)
        assert "workbench.data.files.rebuild" in caught.value.hint


def test_what_a_run_records_of_its_data_is_plain_and_complete(mnist):
    assert set(mnist.about) == {
        "name", "version", "source", "sha256", "licence", "examples", "classes", "task", "baseline", "split", "split_hash",
    }  # fmt: skip
    assert mnist.about["task"] == "name the class of a 28x28 grey image, one of 10"
    assert mnist.about["split"] == "stratified by class, 80/10/10 % training/validation/test, split_seed 0"
    assert images_module.TrainingBatches.unit == "img"
