import subprocess
import sys
from pathlib import Path

import pytest

from workbench.data.catalogue import CATALOGUE, ImageInfo, find, find_images, not_here, offer
from workbench.errors import ExitCode, WorkbenchError

IMAGES = [info for info in CATALOGUE.values() if isinstance(info, ImageInfo)]
SHIPPED = [info for info in CATALOGUE.values() if getattr(info, "file", "")]


def test_an_unknown_data_set_is_refused_with_the_nearest_name():
    with pytest.raises(WorkbenchError) as caught:
        find("mnist5")
    assert "unknown data set `mnist5`" in str(caught.value)
    assert "did you mean `mnist5k`?" in str(caught.value)
    assert caught.value.code == ExitCode.WRONG_USE


def test_every_shipped_file_lies_beside_its_licence_and_is_named_with_its_source():
    for info in SHIPPED:
        assert info.path.is_file()
        notice = info.path.with_name(f"{info.path.name.partition('.')[0]}.LICENSE.txt").read_text()
        assert info.file in notice
        assert info.version in notice  # the package that the bytes were taken from
    assert "Share Alike 3.0" in find("mnist5k").path.with_name("mnist5k.LICENSE.txt").read_text()
    assert "Redistributions in binary form" in find("digits").path.with_name("digits.LICENSE.txt").read_text()
    assert "Carnegie Mellon University. All rights reserved" in find("cmudict").path.with_name("cmudict.LICENSE.txt").read_text()


def test_shares_of_the_splits_sum_to_one_and_classes_are_named():
    for info in IMAGES:
        assert sum(info.split) == pytest.approx(1)
        assert len(info.classes) == len(set(info.classes)) == (0 if info.name == "folder" else 10)


def test_what_is_fetched_says_its_size_its_licence_and_what_to_use_instead():
    fetched = [info for info in IMAGES if not info.offline]
    assert [info.name for info in fetched] == ["mnist", "fashion-mnist", "kmnist", "cifar10"]
    for info in fetched:
        assert info.size_bytes > 1e7
        assert info.licence
        assert find_images(info.instead).offline
        error = not_here(info, Path("/data"))
        for words in (f"`{info.name}` is not in /data", info.licence, "MB"):
            assert words in error.message
        for words in ("--download", "--data DIR", f"--dataset {info.instead}` needs no network"):
            assert words in error.hint
        assert "MB" in offer(info, Path("/data"))


def test_a_set_is_there_when_every_file_is_packed_or_not(tmp_path):
    info = find_images("kmnist")
    for number, file in enumerate(info.files):
        assert not info.is_in(tmp_path)
        path = tmp_path / (file + ".gz" * (number % 2))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert info.is_in(tmp_path)
    assert find_images("digits").is_in(tmp_path / "none")


def test_listing_data_sets_and_recipes_imports_neither_torch_nor_numpy():
    code = "import sys, workbench.data.catalogue, recipes.cnn; print([m for m in ('torch', 'numpy', 'textual') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
