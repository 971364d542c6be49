"""A person's own images as they were read the last time, while nothing in their folder has changed: a start need not decode them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from pathlib import Path

import PIL
import torch

from workbench import cache
from workbench.data.vision import folder as own
from workbench.data.vision.folder import Folder, Found
from workbench.paths import cache_folder

VERSION = 1  # of how files become tensors: what an older one left in the cache is not used
LARGEST = 1 << 30  # bytes of pixels that are kept; writing takes as much memory again
_SETTLED_SECONDS = 2.0  # since the last change: a later one within the clock of a file system would not be seen


def read(folder: Folder, *, optional: bool = False) -> Found:
    """What `folder.read` returns and refuses, from the cache where it is of the very same files."""
    path = _place(folder, optional)
    listing, newest = _listing(folder)
    if listing and (state := cache.read(path, torch.device("cpu"))) is not None and state.pop("listing") == listing:
        return Found(**{**state, "classes": tuple(state["classes"]), "skipped": tuple(state["skipped"])})
    found = own.read(folder, optional=optional)
    if listing and found.images.numel() <= LARGEST and time.time() - newest > _SETTLED_SECONDS:
        state = {**vars(found), "classes": list(found.classes), "skipped": list(found.skipped), "listing": listing}
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time at the next start, nothing else
            cache.write(path, state)
    return found


def _place(folder: Folder, optional: bool) -> Path:
    """One file for a folder and what is made of its images, so that a change replaces it."""
    settings = json.dumps([str(own.place_of(folder)), folder.image_size, folder.colour, optional])
    return cache_folder() / "folders" / f"{hashlib.sha256(settings.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.pt"


def _listing(folder: Folder) -> tuple[str, float]:
    """A checksum of each file's name, size and times, and when the last of them was changed; empty where one just vanished.

    The time of a change of state is among them: content that was put in place with an old date has a new one, and so has a file
    that may be read only now.
    """
    digest, newest = hashlib.sha256(f"{VERSION} {PIL.__version__}".encode()), 0.0
    try:
        for file in own.listed(folder):
            about = file.path.stat()
            line = [str(file.path), file.label, file.home, about.st_size, about.st_mtime_ns, about.st_ctime_ns]
            digest.update(json.dumps(line).encode("utf-8", "surrogateescape"))
            newest = max(newest, about.st_mtime)
    except OSError:
        return "", newest
    return digest.hexdigest(), newest
