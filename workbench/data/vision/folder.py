"""A person's own images: found in their folders, checked, brought to one size, and read as a tensor."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from workbench.errors import ExitCode, WorkbenchError
from workbench.paths import short

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
SPLITS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}  # 0 is also where a split is cut from that has no folder
LEAST_PER_CLASS = 2
_LISTED = 5  # files that a message names
_DEEP = ("I", "F")  # modes with more than 8 bits a pixel, whose range only their maker knows


@dataclass(frozen=True)
class Folder:
    """Where the images lie and what becomes of them: square, grey or in colour."""

    path: str = ""
    image_size: int = 32  # pixels a side: the shorter side is scaled to it, what the longer has more is cut off at both ends
    colour: bool = True

    @property
    def shape(self) -> tuple[int, int, int]:
        return (3 if self.colour else 1, self.image_size, self.image_size)


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Shapes:
        images (N, C, H, W) uint8; labels (N,), all 0 where there are no classes; homes (N,): 0 training, 1 validation, 2 test
    """

    images: Tensor
    labels: Tensor
    homes: Tensor
    classes: tuple[str, ...]
    sha256: str
    skipped: tuple[str, ...]  # in words, for the run's log


@dataclass(frozen=True)
class ImageFile:
    """An image by its name, the class folder that it is in, and its split: 0 training, 1 validation, 2 test."""

    path: Path
    label: str
    home: int


@dataclass
class _Reading:
    """What has been read so far, and what was left out."""

    folder: Folder
    images: list[Tensor] = field(default_factory=list)
    files: list[ImageFile] = field(default_factory=list)
    seen: dict[str, ImageFile] = field(default_factory=dict)  # by the checksum of the content
    unreadable: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)


def classes_in(folder: Folder, *, optional: bool = False) -> tuple[str, ...]:
    """The names of the classes, in the order of their numbers; empty where labels are optional and there are none.

    Raises:
        WorkbenchError: there is no such folder, or it has fewer than two classes, which it needs.
    """
    names = sorted({file.label for file in listed(folder)})
    if len(names) >= 2 and "" not in names:
        return tuple(names)
    if optional:
        return ()
    where = short(place_of(folder))
    if names in ([], [""]):
        raise WorkbenchError(f"there are no class folders with images in {where}", "expected PATH/CLASS/*.png or PATH/train/CLASS/*.png")
    said = f"only the class `{names[0]}`" if "" not in names else "images beside the class folders"
    raise WorkbenchError(f"{where} has {said}", "a classifier needs at least two folders, each with the images of one class")


def read(folder: Folder, *, optional: bool = False) -> Found:
    """All images of a folder.

    A file that cannot be read is left out and listed, as is a second copy of a file in the same class and split.

    Raises:
        WorkbenchError: what `classes_in` refuses; a class with fewer than two images; the same image in two splits or in two
            classes, with both paths.
    """
    classes = classes_in(folder, optional=optional)
    reading = _Reading(folder)
    for file in listed(folder):
        _add(reading, file if classes else ImageFile(file.path, "", file.home))
    _check_classes(reading, classes)
    label = {name: number for number, name in enumerate(classes or ("",))}
    digest = hashlib.sha256()
    for name, content in sorted((str(file.path.relative_to(place_of(folder))), content) for content, file in reading.seen.items()):
        digest.update(f"{content} {name}\n".encode("utf-8", "surrogateescape"))
    return Found(
        torch.stack(reading.images),
        torch.tensor([label[file.label] for file in reading.files]),
        torch.tensor([file.home for file in reading.files]),
        classes,
        digest.hexdigest(),
        tuple(_notes(reading)),
    )


def _add(reading: _Reading, file: ImageFile) -> None:
    name = str(file.path.relative_to(place_of(reading.folder)))
    try:
        content = file.path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if (twin := reading.seen.get(digest)) is None:
            reading.images.append(_decode(content, reading.folder))
            reading.files.append(file)
            reading.seen[digest] = file
            return
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for broken files, bombs included
        reading.unreadable.append(f"{name} ({_why(error)})")
        return
    if (twin.home, twin.label) != (file.home, file.label):
        where = "splits" if twin.home != file.home else "classes"
        raise WorkbenchError(
            f"the same image is in two {where}: {short(twin.path)} and {short(file.path)}",
            "remove one: a test that knows the answers tests nothing" if where == "splits" else "remove the one with the wrong class",
        )
    reading.copies.append(name)


def _decode(content: bytes, folder: Folder) -> Tensor:
    """An image file as (C, H, W) uint8: turned upright, grey or in colour, the middle square, scaled."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content)) as image:
        if image.mode.startswith(_DEEP):
            raise ValueError(f"pixels of kind {image.mode}, expected 8 bits")
        upright = ImageOps.exif_transpose(image).convert("RGB" if folder.colour else "L")
    square = ImageOps.fit(upright, (folder.image_size, folder.image_size), Image.Resampling.BICUBIC)
    pixels = torch.frombuffer(bytearray(square.tobytes()), dtype=torch.uint8)
    return pixels.view(folder.image_size, folder.image_size, -1).permute(2, 0, 1).contiguous()


def _check_classes(reading: _Reading, classes: tuple[str, ...]) -> None:
    hint = "; ".join(_notes(reading))
    if not reading.files:
        raise WorkbenchError(f"no image in {short(place_of(reading.folder))} can be read", hint)
    counts = Counter(file.label for file in reading.files)
    training = Counter(file.label for file in reading.files if file.home == 0)
    for name in classes:
        if counts[name] < LEAST_PER_CLASS:
            found = f"{counts[name]} image{'s' if counts[name] != 1 else ''}"
            raise WorkbenchError(f"the class `{name}` has {found} that can be read, expected at least {LEAST_PER_CLASS}", hint)
        if not training[name]:
            raise WorkbenchError(f"the class `{name}` has no image in the folder `train`", "what is tested must have been shown")


def listed(folder: Folder) -> Iterator[ImageFile]:
    """Every image by its name, split by split and class by class; those in no class folder have the label ""."""
    root = place_of(folder)
    homes = {child: SPLITS[child.name.lower()] for child in _folders(root) if child.name.lower() in SPLITS}
    if 0 not in homes.values():
        homes = {root: 0}
    for home, number in homes.items():
        for place, label in [(home, ""), *((child, child.name) for child in _folders(home))]:
            inside = place.rglob("*") if label else place.iterdir()
            for path in sorted(inside):
                if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
                    yield ImageFile(path, label, number)


def _folders(parent: Path) -> list[Path]:
    return sorted(child for child in parent.iterdir() if child.is_dir() and not child.name.startswith("."))


def place_of(folder: Folder) -> Path:
    """The folder itself.

    Raises:
        WorkbenchError: none was named, or there is none.
    """
    if not folder.path.strip():
        raise WorkbenchError("the data set `folder` needs the path of your images", "--path DIR names their folder")
    root = Path(folder.path).expanduser().absolute()
    if not root.is_dir():
        raise WorkbenchError(f"there is no folder {short(root)}", "--path DIR names the folder of your images", code=ExitCode.WRONG_USE)
    return root


def _notes(reading: _Reading) -> Iterator[str]:
    for names, what in ((reading.unreadable, "cannot be read"), (reading.copies, "are copies of others")):
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            yield f"skipped {len(names)} of the image files, which {what}: {', '.join(names[:_LISTED])}{more}"


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "not an image" if type(error).__name__ == "UnidentifiedImageError" else str(error)
