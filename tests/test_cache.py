"""Tensors in the user's cache folder: whole, or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from workbench import cache

CPU = torch.device("cpu")


def test_what_was_written_is_read_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.pt"
    assert cache.read(path, CPU) is None
    cache.write(path, {"pixels": torch.arange(6, dtype=torch.uint8).view(2, 3), "names": ["a", "b"]})
    state = cache.read(path, CPU)
    assert state is not None
    assert state["names"] == ["a", "b"]
    assert torch.equal(state["pixels"], torch.arange(6, dtype=torch.uint8).view(2, 3))


@pytest.mark.parametrize("place", [10, 70, 300, -1])
def test_a_file_that_is_cut_short_or_changed_anywhere_is_no_state(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.pt"
    cache.write(path, {"numbers": torch.zeros(100)})
    whole = path.read_bytes()
    path.write_bytes(whole[:place])
    assert cache.read(path, CPU) is None
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place:][1:])
    assert cache.read(path, CPU) is None


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pt"
    cache.write(path, {"accuracy": 0.5})

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", refuse)
    with pytest.raises(OSError):
        cache.write(path, {"accuracy": 0.7})
    assert [each.name for each in tmp_path.iterdir()] == ["a.pt"]
    assert cache.read(path, CPU) == {"accuracy": 0.5}
