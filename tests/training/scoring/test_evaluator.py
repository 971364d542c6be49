"""The classifier that judges samples, and the cache that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from workbench import cache
from workbench.training.scoring import evaluator
from workbench.training.scoring.evaluator import Labelled, obtain

CPU = torch.device("cpu")


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> tuple[Labelled, Labelled]:
    """Images of two classes that a few steps can tell apart: bright above, or bright below."""
    monkeypatch.setattr(evaluator, "_IMAGES_SEEN", 1200)
    numbers = torch.Generator().manual_seed(0)
    labels = torch.arange(120) % 2
    images = 0.2 * torch.rand(120, 1, 8, 8, generator=numbers)
    images[labels == 0, :, :4] += 0.7
    images[labels == 1, :, 4:] += 0.7
    return Labelled(images[:80], labels[:80]), Labelled(images[80:], labels[80:])


def _fail(*_: object) -> None:
    raise AssertionError("trained again")


def test_it_learns_the_classes_and_knows_its_accuracy_on_images_it_never_saw(halves: tuple[Labelled, Labelled], tmp_path: Path) -> None:
    judge = obtain(*halves, 2, key="a", folder=tmp_path)
    features, predictions = judge.look(halves[1].images)
    assert features.shape == (40, evaluator.FEATURES)
    assert judge.accuracy == float((predictions == halves[1].labels).float().mean()) == 1.0


def test_the_second_time_it_comes_from_the_cache_bit_by_bit(
    halves: tuple[Labelled, Labelled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = obtain(*halves, 2, key="a", folder=tmp_path)
    monkeypatch.setattr(evaluator, "_train", _fail)
    again = obtain(*halves, 2, key="a", folder=tmp_path)
    assert torch.equal(first.look(halves[1].images)[0], again.look(halves[1].images)[0])
    assert again.accuracy == first.accuracy


def test_other_data_have_another_evaluator(halves: tuple[Labelled, Labelled], tmp_path: Path) -> None:
    obtain(*halves, 2, key="a", folder=tmp_path)
    obtain(*halves, 2, key="b", folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content[:200] + b"?" + content[201:], lambda _: b""])
def test_a_damaged_file_is_seen_and_replaced(halves: tuple[Labelled, Labelled], tmp_path: Path, damage: object) -> None:
    first = obtain(*halves, 2, key="a", folder=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))  # type: ignore[operator]
    assert cache.read(path, CPU) is None
    again = obtain(*halves, 2, key="a", folder=tmp_path)
    assert torch.equal(first.look(halves[1].images)[0], again.look(halves[1].images)[0])
    assert cache.read(path, CPU) is not None


def test_training_it_moves_no_random_numbers_of_the_run(halves: tuple[Labelled, Labelled], tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    obtain(*halves, 2, key="a", folder=tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_a_cache_that_cannot_be_written_costs_only_time(halves: tuple[Labelled, Labelled], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert obtain(*halves, 2, key="a", folder=tmp_path / "file").accuracy == 1.0
