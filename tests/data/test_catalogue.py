import subprocess
import sys

import pytest

from workbench.data.catalogue import CATALOGUE, ImageInfo, find
from workbench.errors import ExitCode, WorkbenchError


def test_an_unknown_data_set_is_refused_with_the_nearest_name():
    with pytest.raises(WorkbenchError) as caught:
        find("mnist5")
    assert "unknown data set `mnist5`" in str(caught.value)
    assert "did you mean `mnist5k`?" in str(caught.value)
    assert caught.value.code == ExitCode.WRONG_USE


def test_every_shipped_file_lies_beside_its_licence_and_is_named_with_its_source():
    for info in CATALOGUE.values():
        if not getattr(info, "file", ""):
            continue  # generated, or the user's own
        assert info.path.is_file()
        notice = info.path.with_name(f"{info.path.name.partition('.')[0]}.LICENSE.txt").read_text()
        assert info.file in notice
        assert info.version in notice  # the package that the bytes were taken from
    assert "Share Alike 3.0" in find("mnist5k").path.with_name("mnist5k.LICENSE.txt").read_text()
    assert "Redistributions in binary form" in find("digits").path.with_name("digits.LICENSE.txt").read_text()
    assert "Carnegie Mellon University. All rights reserved" in find("cmudict").path.with_name("cmudict.LICENSE.txt").read_text()


def test_shares_of_the_splits_sum_to_one_and_classes_are_named():
    for info in (info for info in CATALOGUE.values() if isinstance(info, ImageInfo)):
        assert sum(info.split) == pytest.approx(1)
        assert len(info.classes) == len(set(info.classes)) == 10


def test_listing_data_sets_and_recipes_imports_neither_torch_nor_numpy():
    code = "import sys, workbench.data.catalogue, recipes.cnn; print([m for m in ('torch', 'numpy', 'textual') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
