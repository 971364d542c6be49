"""Checkpoints that survive a power cut and are never believed unread: checksum, manifest, then one rename.

A checkpoint is a folder `<step>-<attempt>` with `state.pt` and `manifest.json`. See `newest_good` for reading and `keep` for
throwing away.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

STATE = "state.pt"
MANIFEST = "manifest.json"
LARGEST_BYTES = 64 << 30  # a file beyond it is not read into memory
LARGEST_MANIFEST_BYTES = 1 << 20
_NAME = re.compile(r"(\d+)-(\d+)")
_TEMPORARY = ".partial-"


class DamagedCheckpoint(Exception):
    """A checkpoint cannot be trusted: what is wrong with it, and where it is."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"checkpoint {path.name} is damaged: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Saved:
    """What saving a checkpoint came to; `seconds` is the time it took."""

    path: Path
    size_bytes: int
    sha256: str
    finite: bool
    seconds: float


@dataclass(frozen=True)
class Loaded:
    """A checkpoint that was read and verified."""

    path: Path
    state: dict[str, Any]
    manifest: dict[str, Any]


def save(folder: Path, state: Mapping[str, Any], about: Mapping[str, Any]) -> Saved:
    """Write a checkpoint so that it is either whole or not there, also when the power goes.

    The bytes are made in memory first: torch.save to a path reports a full disk as RuntimeError and leaves a truncated file.

    Args:
        folder: `<step>-<attempt>` in the folder of checkpoints; must not exist.
        state: nested dicts, lists and tuples of primitives and tensors, for nothing else is loaded again.
        about: what the manifest says besides size, checksum and finiteness: step, attempt, metrics.

    Raises:
        OSError: the disk is full or not writable; nothing is left behind.
        ValueError: `state` holds something that is neither a primitive nor a tensor.
    """
    started = time.perf_counter()
    tensors = list(_tensors(state))
    memory = io.BytesIO()
    torch.save(dict(state), memory)
    content = memory.getbuffer()
    digest = hashlib.sha256(content).hexdigest()
    finite = is_finite(tensors)
    manifest = {**about, "sha256": digest, "size_bytes": len(content), "finite": finite}
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder.parent / f"{_TEMPORARY}{folder.name}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(mode=0o700)
        _write(partial / STATE, content)
        _write(partial / MANIFEST, json.dumps(_jsonable(manifest), indent=1, allow_nan=False).encode())
        _sync_folder(partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _sync_folder(folder.parent)
    return Saved(folder, len(content), digest, finite, time.perf_counter() - started)


def load(folder: Path, device: torch.device, *, limit_bytes: int = LARGEST_BYTES) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state and the manifest of a checkpoint, with tensors on `device`.

    Raises:
        DamagedCheckpoint: it is not the file that was saved, is larger than `limit_bytes`, or is not plain tensors.
    """
    manifest = read_manifest(folder)
    content = _verified(folder, manifest, limit_bytes)
    try:
        _refuse_bombs(folder, content)
        state = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except DamagedCheckpoint:
        raise
    except Exception as error:  # unpicklers fail in every way there is
        raise DamagedCheckpoint(folder, f"it cannot be read ({type(error).__name__})") from error
    if not isinstance(state, dict):
        raise DamagedCheckpoint(folder, "it does not hold a dict")
    return state, manifest


def newest_good(parent: Path, device: torch.device) -> tuple[Loaded | None, list[DamagedCheckpoint]]:
    """The newest checkpoint that can be trusted and holds finite numbers, and the newer ones that turned out damaged.

    None, with an empty list, where nothing was saved; None with a list where nothing of it can be trusted.
    """
    damaged: list[DamagedCheckpoint] = []
    for folder in newest_first(parent):
        try:
            if read_manifest(folder).get("finite") is True:
                return Loaded(folder, *load(folder, device)), damaged
        except DamagedCheckpoint as reason:
            damaged.append(reason)
    return None, damaged


def newest_first(parent: Path) -> list[Path]:
    """The checkpoints of a run: a later attempt is newer, and within an attempt a later step."""
    try:
        named = [(match, path) for path in parent.iterdir() if (match := _NAME.fullmatch(path.name))]
    except FileNotFoundError:
        return []
    return [path for match, path in sorted(named, key=lambda pair: (int(pair[0][2]), int(pair[0][1])), reverse=True)]


def keep(parent: Path, best: Path | None = None, *, recent: int | None = 3) -> list[Path]:
    """Remove all but the best checkpoint, some of the newest and the newest one that is finite and verified.

    The last one is what a run that broke can go on from, so it outlives any number of later checkpoints full of NaN. Only
    the process that saves may call this, and not while it does.

    Args:
        recent: how many of the newest stay whatever they hold; None keeps each.

    Returns:
        the checkpoints that were removed.
    """
    newest = newest_first(parent)
    kept = {path.name for path in newest[:recent]} | ({best.name} if best else set())
    others = [path for path in newest if path.name not in kept]
    healthy = next((path for path in newest if _is_healthy(path)), None) if others else None
    removed = []
    for path in others:
        if path != healthy:
            gone = parent / f"{_TEMPORARY}gone-{path.name}"
            path.rename(gone)  # at once: a removal that breaks off leaves nothing that looks like a checkpoint
            removed.append(path)
    for leftover in parent.glob(f"{_TEMPORARY}*"):  # also those of an attempt that was killed while it saved
        shutil.rmtree(leftover, ignore_errors=True)
    return removed


def is_finite(tensors: list[Tensor]) -> bool:
    """Whether no number in the tensors is NaN or infinite; each device is waited for once."""
    by_device: dict[torch.device, list[Tensor]] = {}
    for tensor in tensors:
        if tensor.is_floating_point() and tensor.numel():
            by_device.setdefault(tensor.device, []).append(tensor.detach())
    largest = (torch._foreach_norm(each, ord=math.inf) for each in by_device.values())  # NaN stays NaN
    return all(bool(torch.stack([size.float() for size in sizes]).isfinite().all()) for sizes in largest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a checkpoint says about itself, without a look at its state.

    Raises:
        DamagedCheckpoint: there is no readable manifest.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            manifest = json.loads(file.read(LARGEST_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedCheckpoint(folder, "its manifest is missing or unreadable") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), str) or not isinstance(manifest.get("size_bytes"), int):
        raise DamagedCheckpoint(folder, "its manifest lacks the size or the checksum")
    return manifest


def _is_healthy(folder: Path) -> bool:
    try:
        manifest = read_manifest(folder)
        return manifest.get("finite") is True and bool(_verified(folder, manifest, LARGEST_BYTES))
    except DamagedCheckpoint:
        return False


def _verified(folder: Path, manifest: Mapping[str, Any], limit_bytes: int) -> bytes:
    """The bytes of the state, read once, so that what was verified is what is loaded."""
    path = folder / STATE
    try:
        size = path.stat().st_size
        if size > limit_bytes:
            raise DamagedCheckpoint(folder, f"its {size} bytes are more than the {limit_bytes} that are read")
        if size != manifest["size_bytes"]:
            raise DamagedCheckpoint(folder, f"it has {size} bytes, expected {manifest['size_bytes']}")
        content = path.read_bytes()
    except OSError as error:
        raise DamagedCheckpoint(folder, f"its state cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise DamagedCheckpoint(folder, "its checksum is wrong")
    return content


def _refuse_bombs(folder: Path, content: bytes) -> None:
    """Refuse an archive that grows on unpacking; torch.save compresses nothing, and torch.load accepts what others did."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members) or sum(member.file_size for member in members) > len(content):
        raise DamagedCheckpoint(folder, "it is compressed, which no checkpoint of the workbench is")


def _tensors(value: object) -> Iterator[Tensor]:
    """All tensors in nested dicts, lists and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in (*value.keys(), *value.values()):
            yield from _tensors(each)
    elif isinstance(value, (list, tuple)):
        if value and all(type(each) is int for each in value):
            return  # the 625 numbers of Python's random state
        for each in value:
            yield from _tensors(each)
    elif not isinstance(value, (bool, int, float, str, type(None))):
        raise ValueError(f"a checkpoint holds primitives and tensors, not {type(value).__name__}")


def _jsonable(value: Any) -> Any:
    """The same with None for NaN and infinities, which JSON has no words for."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: Path, content: bytes | memoryview) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
