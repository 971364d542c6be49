import math

import pytest
import torch

from workbench.data.order import generator
from workbench.data.sequences import SequenceBatches, Sequences, adding, copying, image_sequences, load_generated
from workbench.data.vision.images import load_images

CPU = torch.device("cpu")


def _generated(name, **more):
    settings = {"length": 20, "symbols": 3, "examples": 70, "batch_size": 32, "seed": 0, **more}
    return load_generated(name, device=CPU, **settings)


# --- Adding and copying, as the literature defines them ----------------------------------------------------------------------


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum():
    inputs, targets = adding(20)(500, generator("test"))
    values, marks = inputs.unbind(dim=2)
    assert set(marks.unique().tolist()) == {0.0, 1.0}
    assert (marks[:, :10].sum(dim=1) == 1).all()
    assert (marks[:, 10:].sum(dim=1) == 1).all()
    assert values.min() >= 0
    assert values.max() < 1
    torch.testing.assert_close(targets, (values * marks).sum(dim=1))


def test_always_answering_one_has_the_mean_squared_error_that_is_shown_as_the_baseline():
    data = _generated("adding")
    assert data.about["baseline"] == {"always the mean": 1 / 6}
    assert float(((data.test.targets - 1) ** 2).mean()) == pytest.approx(1 / 6, abs=0.02)


def test_copying_shows_symbols_waits_and_asks_for_them_again():
    inputs, targets = copying(30, 5)(200, generator("test"))
    assert inputs.shape == (200, 40, 10)
    assert (inputs.sum(dim=2) == 1).all()
    shown = inputs.argmax(dim=2)
    assert shown[:, :5].min() >= 1
    assert shown[:, :5].max() <= 8
    assert (shown[:, 5:34] == 0).all()  # T - 1 blanks
    assert (shown[:, 34:] == 9).all()  # S + 1 delimiters
    assert (targets[:, :35] == 0).all()
    assert torch.equal(targets[:, 35:], shown[:, :5])


def test_the_loss_that_needs_no_memory_is_named_with_the_copy_task():
    task = _generated("copy", length=30, symbols=5).about["task"]
    assert f"{5 * math.log(8) / 40:.4f}" in task


def test_generated_examples_follow_from_seed_epoch_and_place_and_the_test_from_the_split_seed():
    data = _generated("adding")
    whole = list(data.train.epoch(0))
    assert [len(targets) for _, targets, _ in whole] == [32, 32, 6]
    (late, _, _), *_ = data.train.epoch(0, skip=1)
    assert torch.equal(late, whole[1][0])
    assert not torch.equal(next(data.train.epoch(1))[0], whole[0][0])
    other = _generated("adding", seed=1)
    assert not torch.equal(next(other.train.epoch(0))[0], whole[0][0])
    assert torch.equal(other.test.inputs, data.test.inputs)
    assert not torch.equal(_generated("adding", split_seed=1).test.inputs, data.test.inputs)


# --- Images ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return load_images("digits", device=CPU, batch_size=32, seed=0)


def test_an_image_is_read_row_by_row_or_pixel_by_pixel(digits):
    images, labels = next(digits.test.batches())
    rows, pixels = image_sequences(digits, "rows"), image_sequences(digits, "pixels")
    torch.testing.assert_close(rows.test.inputs[: len(images)], images[:, 0])
    torch.testing.assert_close(pixels.test.inputs[: len(images), :, 0], images.flatten(1))
    assert torch.equal(rows.test.targets[: len(labels)], labels)
    assert (rows.features, pixels.features) == (8, 1)


def test_a_permutation_is_the_same_for_all_images_and_all_runs(digits):
    plain, moved = (image_sequences(digits, "pixels", permute).test.inputs[:, :, 0] for permute in (False, True))
    assert not torch.equal(plain, moved)
    torch.testing.assert_close(plain.sort(dim=1).values, moved.sort(dim=1).values)
    assert torch.equal(moved, image_sequences(digits, "pixels", True).test.inputs[:, :, 0])
    by_row = image_sequences(digits, "rows", True).test.inputs
    assert torch.equal(by_row.flatten(1), moved)


def test_training_images_come_as_they_are_augmented_and_ordered(digits):
    data = image_sequences(digits, "rows")
    (inputs, labels, lengths), (images, names) = next(data.train.epoch(3, skip=2)), next(digits.train.epoch(3, skip=2))
    torch.testing.assert_close(inputs, images[:, 0])
    assert torch.equal(labels, names)
    assert lengths is None


# --- Batches of sequences of several lengths ---------------------------------------------------------------------------------


def test_a_batch_is_cut_behind_its_longest_sequence_and_says_each_length():
    split = Sequences(torch.arange(24.0).view(4, 6, 1), torch.arange(4), torch.tensor([2, 6, 3, 1]))
    inputs, targets, lengths = split.chosen(torch.tensor([0, 2]))
    assert inputs.shape == (2, 3, 1)
    assert targets.tolist() == [0, 2]
    assert lengths.tolist() == [2, 3]


def test_an_epoch_visits_every_sequence_once_in_an_order_of_its_own():
    batches = SequenceBatches(Sequences(torch.zeros(10, 2, 1), torch.arange(10)), 4, seed=0)
    first, second = ([int(each) for _, targets, _ in batches.epoch(epoch) for each in targets] for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert [int(each) for _, targets, _ in batches.epoch(0, skip=1) for each in targets] == first[4:]
