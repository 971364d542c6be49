"""What is known of a data set before it is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.errors import WorkbenchError

FILES = Path(__file__).parents[1] / "files"


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What is known of a data set before it is loaded.

    `examples` is None for one that is generated without end or is the user's own.
    """

    name: str
    help: str
    kind: Literal["images", "text", "pairs", "sequences"]
    offline: bool
    is_own: bool = False  # the user's, at the setting `path`
    examples: int | None = None
    licence: str = ""
    source: str = ""
    version: str = ""
    file: str = ""  # of those that come with the workbench, below `files/`
    sha256: str = ""
    size_bytes: int | None = None  # of what is downloaded, where it does not come with the workbench

    @property
    def path(self) -> Path:
        return FILES / self.file

    def content(self) -> bytes:
        """The bytes of a file that comes with the workbench, whose checksum is right.

        Raises:
            WorkbenchError: it is missing or damaged.
        """
        hint = "install the workbench again, or run `python -m workbench.data.files.rebuild`"
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise WorkbenchError(f"the data file {self.path} cannot be read: {error.strerror}", hint) from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise WorkbenchError(f"the data file {self.path} is damaged: its SHA-256 is {found}, expected {self.sha256}", hint)
        return content


@dataclass(frozen=True, kw_only=True)
class ImageInfo(DatasetInfo):
    """A data set of images: one that comes with the workbench, one that is fetched, or a person's own.

    `brightest` is the value of a white pixel in the file; `mean` and `std` are those of the pixels of the training split
    (split_seed 0) after division by it, one for each channel or one for all, so that a picture drawn later is scaled as the
    training data were. They are None until the images are loaded where they are not known ahead.
    """

    kind: Literal["images", "text", "pairs", "sequences"] = "images"
    shape: tuple[int, int, int]  # (C, H, W)
    classes: tuple[str, ...]  # empty where the images have no labels
    split: tuple[float, float, float]  # shares of training, validation and test; of what is not kept apart for testing already
    brightest: int = 255
    mean: float | tuple[float, ...] | None = None
    std: float | tuple[float, ...] | None = None
    files: tuple[str, ...] = ()  # below the data folder, once it is fetched; each may end in .gz there
    instead: str = ""  # the data set that needs no network

    @property
    def labelled(self) -> bool:
        """Whether the images have classes; without them all labels are 0."""
        return bool(self.classes)

    def is_in(self, folder: Path) -> bool:
        """Whether nothing needs to be fetched: it comes with the workbench, or a data folder holds it."""
        return all((folder / file).is_file() or (folder / f"{file}.gz").is_file() for file in self.files)


@dataclass(frozen=True, kw_only=True)
class PairsInfo(DatasetInfo):
    """A data set of sources and their targets, and what a token of each side is: a character, or what stands between spaces.

    `file` is empty where the pairs are generated or the user's own.
    """

    kind: Literal["images", "text", "pairs", "sequences"] = "pairs"
    source_tokens: Literal["char", "space"] = "char"
    target_tokens: Literal["char", "space"] = "char"
