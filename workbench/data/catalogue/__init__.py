"""The data sets there are: size, classes, source and licence of each. Torch-free, so that lists and forms cost nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from workbench import units
from workbench.data.catalogue.images import IMAGES
from workbench.data.catalogue.info import FILES, DatasetInfo, ImageInfo, PairsInfo
from workbench.data.catalogue.others import OTHERS
from workbench.errors import WorkbenchError, unknown
from workbench.paths import short

__all__ = ["CATALOGUE", "FILES", "DatasetInfo", "ImageInfo", "PairsInfo", "find", "find_images", "find_pairs", "not_here", "offer"]

CATALOGUE: dict[str, DatasetInfo] = {info.name: info for info in (*IMAGES, *OTHERS)}
D = TypeVar("D", bound=DatasetInfo)


def find(name: str) -> DatasetInfo:
    """The data set of that name.

    Raises:
        WorkbenchError: there is none.
    """
    return _find(name, DatasetInfo, "data set")


def find_pairs(name: str) -> PairsInfo:
    """The data set of pairs of that name.

    Raises:
        WorkbenchError: there is none.
    """
    return _find(name, PairsInfo, "data set of pairs")


def find_images(name: str) -> ImageInfo:
    """The data set of images of that name.

    Raises:
        WorkbenchError: there is none.
    """
    return _find(name, ImageInfo, "data set of images")


def _find(name: str, kind: type[D], what: str) -> D:
    known = {key: info for key, info in CATALOGUE.items() if isinstance(info, kind)}
    if name not in known:
        raise unknown(what, name, known)
    return known[name]


def offer(info: ImageInfo, folder: Path) -> str:
    """What fetching a data set comes to, for a person to decide on."""
    return f"`{info.name}` is {units.size(info.size_bytes or 0)}, licence: {info.licence}, to be kept in {short(folder)}"


def not_here(info: ImageInfo, folder: Path) -> WorkbenchError:
    """The error for a data set that would have to be fetched, which nobody has allowed."""
    return WorkbenchError(
        f"the data set `{info.name}` is not in {short(folder)} and would have to be downloaded ({units.size(info.size_bytes or 0)}, "
        f"licence: {info.licence})",
        f"--download fetches it, --data DIR names a folder that holds it; `--dataset {info.instead}` needs no network",
    )
