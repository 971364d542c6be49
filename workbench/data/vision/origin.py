"""Where images come from: a file of the workbench, a data set that is fetched, or a person's own folder."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from workbench.data.catalogue import ImageInfo
from workbench.data.vision import download, kept
from workbench.data.vision.folder import Folder
from workbench.errors import WorkbenchError
from workbench.paths import data_folder
from workbench.recipe import Run


@dataclass(frozen=True)
class Own:
    """How to come by images that the workbench does not bring along.

    Attributes:
        folder: of a person's own images; needed by the data set `folder` alone.
        download: whether a data set that is not in the data folder may be fetched.
        report: is told in words how far a download is.
        notice: is told what was left out and how the classes are balanced.
    """

    folder: Folder = field(default_factory=Folder)
    download: bool = False
    report: Callable[[str], None] = lambda phase: None
    notice: Callable[[str], None] = lambda message: None


class Settings(Protocol):
    """What a recipe of images lets a person say about them."""

    path: str
    image_size: int
    colour: bool
    download: bool


def own_images(settings: Settings, run: Run | None = None) -> Own:
    """Where images come from that the workbench does not bring along; a run, which alone may download, is told how far it is."""
    chosen = Folder(settings.path, settings.image_size, settings.colour)
    if run is None:
        return Own(chosen)
    return Own(chosen, download=settings.download, report=run.phase, notice=run.notice)


def read(info: ImageInfo, own: Own, *, optional: bool) -> tuple[ImageInfo, Tensor, Tensor, Tensor]:
    """What is known of a data set once it is read, its images (N, C, H, W) uint8 and labels (N,), and which split each is of.

    Shapes:
        homes (N,): 0 where the training split is cut from, and what else is not kept apart already; 1 validation; 2 test
    """
    if info.name == "folder":
        found = kept.read(own.folder, optional=optional)
        for words in found.skipped:
            own.notice(words)
        info = replace(info, shape=own.folder.shape, classes=found.classes, sha256=found.sha256, source=own.folder.path)
        return info, found.images, found.labels, found.homes
    if info.file:
        images, labels = _read_file(info)
        return info, images, labels, torch.zeros(len(labels), dtype=torch.long)
    place = data_folder()
    download.fetch(info, place, allowed=own.download, report=own.report)
    own.report(f"reading {info.name}")
    images, labels, training = download.read(info, place)
    digest = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()
    return replace(info, sha256=digest), images, labels, 2 * (torch.arange(len(labels)) >= training).long()


def require_same(about: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse data that are not those which a run learnt from: its characters, tokens or columns would have other numbers.

    Args:
        known: what the run recorded of its data.

    Raises:
        WorkbenchError: the checksums differ.
    """
    here, there = about.get("sha256"), known.get("sha256")
    if here and there and here != there:
        raise WorkbenchError(
            f"{about.get('source') or about['name']} is not what the run learnt from: its SHA-256 is {here[:12]}..., then {there[:12]}...",
            "put the data back as they were: the model knows its characters and tokens by their place in them",
        )


def _read_file(info: ImageInfo) -> tuple[Tensor, Tensor]:
    """Images (N, C, H, W) uint8 and labels (N,) of a file that comes with the workbench, whose checksum is right."""
    import numpy as np  # 0.1 s that only a worker should pay

    with np.load(io.BytesIO(info.content()), allow_pickle=False) as arrays:
        images, labels = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
    return images.view(-1, *info.shape), labels.long()
