import os
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image

from workbench.data.vision import folder as own
from workbench.data.vision import kept
from workbench.data.vision.folder import Folder
from workbench.errors import WorkbenchError


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Three cats and three dogs that lay there for an hour, one of them unreadable, and a cache folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for label, tone in (("cat", 10), ("dog", 200)):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (8, 8), tone + number).save(tmp_path / "pets" / label / f"{number}.png")
    (tmp_path / "pets" / "dog" / "broken.png").write_bytes(b"no image")
    for path in (tmp_path / "pets").rglob("*.png"):
        _age(path)
    return Folder(str(tmp_path / "pets"), 8, False)


def _age(path, seconds=3600):
    os.utime(path, (time.time() - seconds,) * 2)


def _never(*_):
    raise AssertionError("decoded again")


def _files(tmp_path):
    return list((tmp_path / "cache").rglob("*.pt"))


def test_a_second_start_decodes_nothing_and_finds_the_same(pets, monkeypatch):
    first = kept.read(pets)
    monkeypatch.setattr(own, "_decode", _never)
    again = kept.read(pets)
    for name in ("images", "labels", "homes"):
        assert torch.equal(getattr(again, name), getattr(first, name))
    assert replace(again, images=0, labels=0, homes=0) == replace(first, images=0, labels=0, homes=0)
    assert again.classes == ("cat", "dog")
    assert "broken.png" in again.skipped[0]


@pytest.mark.parametrize("change", ["content", "date", "new", "gone", "renamed"])
def test_any_change_in_the_folder_is_seen(pets, tmp_path, change):
    before = kept.read(pets)
    path = tmp_path / "pets" / "cat" / "0.png"
    if change == "content":
        Image.new("L", (9, 9), 77).save(path)
    elif change == "new":
        Image.new("L", (8, 8), 50).save(path.with_name("3.png"))
    elif change == "gone":
        path.unlink()
    elif change == "renamed":
        path.rename(path.with_name("9.png"))
    for each in (tmp_path / "pets").rglob("*.png"):
        if change != "date" or each == path:
            _age(each, 3600 if change == "gone" else 1800)
    after, fresh = kept.read(pets), own.read(pets)
    assert torch.equal(after.images, fresh.images)
    assert after.sha256 == fresh.sha256
    assert (after.sha256 == before.sha256) == (change == "date")
    assert len(_files(tmp_path)) == 1  # the old one is replaced, not kept beside


def test_other_settings_have_images_of_their_own(pets, tmp_path):
    assert kept.read(pets).images.shape == (6, 1, 8, 8)
    assert kept.read(replace(pets, image_size=4, colour=True)).images.shape == (6, 3, 4, 4)
    assert kept.read(pets).images.shape == (6, 1, 8, 8)
    assert len(_files(tmp_path)) == 2


def test_a_torn_cache_is_read_anew_and_mended(pets, tmp_path, monkeypatch):
    first = kept.read(pets)
    (path,) = _files(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    assert torch.equal(kept.read(pets).images, first.images)
    monkeypatch.setattr(own, "_decode", _never)
    assert torch.equal(kept.read(pets).images, first.images)


def test_files_that_were_only_just_changed_are_not_kept(pets, tmp_path):
    _age(tmp_path / "pets" / "cat" / "0.png", 0)
    kept.read(pets)
    assert not _files(tmp_path)


def test_more_than_fits_is_not_kept_and_a_cache_that_cannot_be_written_costs_only_time(pets, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "LARGEST", 10)
    assert len(kept.read(pets).images) == 6
    assert not _files(tmp_path)
    monkeypatch.undo()
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(kept.read(pets).images) == 6


def test_a_folder_that_is_refused_is_refused_every_time(pets, tmp_path):
    for number in range(1, 3):
        (tmp_path / "pets" / "cat" / f"{number}.png").unlink()
    for _ in range(2):
        with pytest.raises(WorkbenchError, match="class `cat` has 1 image"):
            kept.read(pets)
