"""Small files that are replaced whole, and read with a limit: what lies in a run folder may be anybody's."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from workbench.clean import clean_tree, is_harmless_json
from workbench.errors import WorkbenchError

_LARGEST_JSON = 8 << 20
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in a file's place must not hang


def replace_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder.

    Raises:
        WorkbenchError: the disk is full or the folder is not writable.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


def sync_folder(path: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: str | Path) -> dict[str, Any]:
    """The cleaned object in a JSON file; empty when it is missing, too large, or no JSON object."""
    try:
        data = read_bytes(path)
        is_harmless = is_harmless_json(data)
        value = from_json(data) if is_harmless else json.loads(data)  # the former is quicker, and refuses half a surrogate pair
        if not isinstance(value, dict):
            return {}
        return value if is_harmless else dict(clean_tree(value))
    except (OSError, ValueError, RecursionError):
        return {}


def read_bytes(path: str | Path) -> bytes:
    """A small file of a run.

    Raises:
        OSError: it is not there, no plain file, or larger than any that the workbench writes.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        size = _plain(descriptor, path)
        if size > _LARGEST_JSON:
            raise OSError(errno.EFBIG, "too large", str(path))
        data = os.read(descriptor, size)
        while len(data) < size and (piece := os.read(descriptor, size - len(data))):
            data += piece
        return data
    finally:
        os.close(descriptor)


def open_file(path: Path) -> BufferedReader:
    """A file to read. In a folder that others may write, a pipe would hang and a device never end: they are refused.

    Raises:
        OSError: it is not there, or no plain file.
    """
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115 - the caller closes it
    try:
        _plain(file.fileno(), path)
    except OSError:
        file.close()
        raise
    return file


def _plain(descriptor: int, path: str | Path) -> int:
    """The size of an open file that is a plain one."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return status.st_size


def cannot_write(path: Path, error: OSError) -> WorkbenchError:
    return WorkbenchError(f"cannot write {path}: {error.strerror or error}", "free some space, or choose another folder with --runs")
