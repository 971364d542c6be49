"""Data sets that torchvision knows: fetched with consent into the data folder, checked, and read as tensors."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import http.client
import math
import os
import shutil
import struct
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench import units
from workbench.data.catalogue import ImageInfo, not_here
from workbench.errors import WorkbenchError
from workbench.paths import short

_CLASSES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "kmnist": "KMNIST", "cifar10": "CIFAR10"}
_TIMEOUT_SECONDS = 30.0
_REPORT_SECONDS = 5.0  # each report is a line in the log
_WAIT_SECONDS = 0.5  # between two looks whether another process has done it
_PIECE_BYTES = 1 << 16


def fetch(info: ImageInfo, folder: Path, *, allowed: bool, report: Callable[[str], None] = lambda phase: None) -> None:
    """Make sure that the data folder holds a set; nothing is asked of the network when it does.

    Args:
        allowed: whether it may be downloaded.
        report: is told how far a download is, in words.

    Raises:
        WorkbenchError: it is not there and may not be or could not be downloaded; names the set that needs no network.
    """
    if info.is_in(folder):
        return
    if not allowed:
        raise not_here(info, folder)
    try:
        with _alone(folder, lambda: report(f"waiting for the download of another run in {short(folder)}")):
            if not info.is_in(folder):
                _fetch(info, folder, report)
    except (OSError, http.client.HTTPException, tarfile.TarError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise WorkbenchError(f"`{info.name}` cannot be kept in {short(folder)}: {reason}", _instead(info)) from error


def _fetch(info: ImageInfo, folder: Path, report: Callable[[str], None]) -> None:
    about = _torchvision(info)
    if info.name == "cifar10":
        archive = folder / about.filename
        _download([about.url], archive, about.tgz_md5, info, report)
        report(f"unpacking {info.name}")
        _unpack(archive, folder, about.base_folder)
        return
    raw = folder / about.__name__ / "raw"
    for name, md5 in about.resources:
        _download([mirror + name for mirror in about.mirrors], raw / name, md5, info, report)


@contextlib.contextmanager
def _alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """One process at a time: two that append to the same partial file would spoil it for both.

    Args:
        waiting: is called now and then while another process is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".downloading").open("a") as lock:
        told = -math.inf
        while True:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as the system has it
                if time.monotonic() - told > _REPORT_SECONDS:
                    told = time.monotonic()
                    waiting()
                time.sleep(_WAIT_SECONDS)
            except OSError:  # a file system without locks: the checksum tells when two got in each other's way
                break
        yield


def read(info: ImageInfo, folder: Path) -> tuple[Tensor, Tensor, int]:
    """All examples of a set that the folder holds, those for training first, and how many these are.

    Shapes:
        returns images (N, C, H, W) uint8 and labels (N,)

    Raises:
        WorkbenchError: a file is damaged.
    """
    about = _torchvision(info)
    parts = [_read_cifar(about, folder, train=True), _read_cifar(about, folder, train=False)] if info.name == "cifar10" else []
    if not parts:
        raw = folder / about.__name__ / "raw"
        tensors = [_read_idx(raw / name, md5) for name, md5 in about.resources]  # train, then test: images, labels
        parts = [(tensors[0], tensors[1]), (tensors[2], tensors[3])]
    for images, labels in parts:
        if len(images) != len(labels) or not len(labels) or int(labels.max()) >= len(info.classes):
            raise _damaged(folder, f"{len(images)} images, {len(labels)} labels")
    images, labels = (torch.cat([part[which] for part in parts]) for which in (0, 1))
    return images.view(-1, *info.shape), labels.long(), len(parts[0][1])


def _torchvision(info: ImageInfo) -> Any:
    """The class that knows the set's mirrors, files and checksums. Importing it takes over a second."""
    from torchvision import datasets  # type: ignore[import-untyped]

    return getattr(datasets, _CLASSES[info.name])


def _download(urls: list[str], target: Path, md5: str, info: ImageInfo, report: Callable[[str], None]) -> None:
    """Fetch one file from the first mirror that has it, going on where an earlier try broke off."""
    if target.is_file() and _md5(target) == md5:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    failures = []
    for url in urls:
        try:
            _transfer(url, partial, lambda words: report(f"downloading {info.name}: {target.name}, {words}"))
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            failures.append(f"{url}: {getattr(error, 'reason', None) or error}")
            continue
        if _md5(partial) == md5:
            os.replace(partial, target)
            return
        partial.unlink()
        failures.append(f"{url}: what came has another checksum than {md5}")
    raise WorkbenchError(f"`{info.name}` cannot be downloaded: {'; '.join(failures)}", _instead(info))


def _transfer(url: str, partial: Path, report: Callable[[str], None]) -> None:
    done = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "workbench", **({"Range": f"bytes={done}-"} if done else {})})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        return  # it was whole already; the checksum decides
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        done = done if resumed else 0
        total = done + int(response.headers.get("Content-Length") or 0)
        reported = -math.inf
        with partial.open("ab" if resumed else "wb") as file:
            while piece := response.read(_PIECE_BYTES):
                file.write(piece)
                done += len(piece)
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    report(f"{units.size(done)} of {units.size(total)}")
    if done < total:
        raise ConnectionError(f"it broke off after {units.size(done)} of {units.size(total)}")


def _unpack(archive: Path, folder: Path, name: str) -> None:
    """Put one folder of an archive in its place, whole or not at all."""
    partial = folder / f"{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(archive) as content:
        content.extractall(partial, filter="data")
    shutil.rmtree(folder / name, ignore_errors=True)
    os.replace(partial / name, folder / name)
    shutil.rmtree(partial, ignore_errors=True)
    archive.unlink()


def _read_idx(path: Path, md5: str) -> Tensor:
    """A tensor of bytes in the format of MNIST's files: zero, zero, 8 (bytes), the number of sides, the sides, the values.

    The checksum is of the packed file; one that somebody unpacked and removed can be checked for its length only.
    """
    plain = path.with_suffix("")
    try:
        content = path.read_bytes() if path.is_file() else plain.read_bytes()
        if path.is_file() and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
            raise _damaged(path, "its checksum is wrong")
        data = gzip.decompress(content) if path.is_file() else content
        kind, sides = struct.unpack_from(">HBB", data)[1:]
        shape = struct.unpack_from(f">{sides}I", data, 4)
    except (OSError, struct.error) as error:
        raise _damaged(path, str(error)) from error
    values = torch.frombuffer(bytearray(data), dtype=torch.uint8)[4 + 4 * sides :]
    if kind != 8 or len(values) != math.prod(shape):
        raise _damaged(path, f"it holds {len(values)} values, expected {math.prod(shape)}")
    return values.view(shape)


def _read_cifar(about: Any, folder: Path, *, train: bool) -> tuple[Tensor, Tensor]:
    """Images (N, 3, 32, 32) and labels (N,) of one split; torchvision compares the checksums before it unpickles anything."""
    try:
        found = about(folder, train=train)
    except RuntimeError as error:
        raise _damaged(folder / about.base_folder, "a checksum is wrong") from error
    return torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous(), torch.tensor(found.targets)


def _md5(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return ""


def _damaged(path: Path, why: str) -> WorkbenchError:
    return WorkbenchError(f"the data in {short(path)} are damaged: {why}", "remove them, and --download fetches them again")


def _instead(info: ImageInfo) -> str:
    return f"`--dataset {info.instead}` needs no network; --data DIR names a folder that holds {info.name}"
