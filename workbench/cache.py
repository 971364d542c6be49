"""What can be made again but takes a while, kept in the user's cache folder: tensors, each file below its own checksum."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import torch


def write(path: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors and primitives below its checksum, so that a reader sees either all of it or nothing.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    try:
        with open(descriptor, "wb") as file:
            file.write(f"{_digest(content)}\n".encode())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def read(path: Path, device: torch.device) -> dict[str, Any] | None:
    """The state in a file; None where there is none, or where it is not what its checksum says."""
    try:
        checksum, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if checksum.decode("ascii", "replace") != _digest(content):
        return None
    state: dict[str, Any] = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    return state


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()
