import pytest
import torch
from PIL import Image

from workbench.data.vision import folder
from workbench.data.vision.folder import Folder
from workbench.data.vision.images import load_images, outline
from workbench.data.vision.origin import Own
from workbench.errors import WorkbenchError

CPU = torch.device("cpu")


def _picture(path, value, size=(8, 8), mode="L"):
    """One image of one tone; every `value` is a file of its own content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)
    return path


@pytest.fixture
def pets(tmp_path):
    """Twelve cats (dark) and twelve dogs (bright)."""
    for number in range(12):
        _picture(tmp_path / "cat" / f"{number}.png", 10 + number)
        _picture(tmp_path / "dog" / f"{number}.png", 200 + number)
    return tmp_path


def _load(path, *, labels="required", notices=None, **folder_settings):
    own = Own(
        Folder(str(path), **{"image_size": 8, "colour": False, **folder_settings}), notice=(notices if notices is not None else []).append
    )
    return load_images("folder", device=CPU, batch_size=4, seed=0, labels=labels, own=own)


def test_class_folders_are_divided_by_class_and_their_names_are_the_classes(pets):
    notices = []
    data = _load(pets, notices=notices)
    assert data.classes == ("cat", "dog")
    assert data.labelled
    assert data.about["examples"] == {"train": 20, "validation": 2, "test": 2}
    for split in (data.train.split, data.validation, data.test):
        assert split.labels.bincount().tolist() == [len(split) // 2] * 2
        assert ((split.images[:, 0, 0, 0] >= 200).long() == split.labels).all()
    assert notices == ["training images of each class: cat 10, dog 10"]
    assert data.about["split"] == "stratified by class, 80/10/10 % training/validation/test, split_seed 0"
    assert data.about["task"] == "name the class of a 8x8 grey image, one of 2"
    assert outline("folder", Own(Folder(str(pets), 8, False))).classes == ("cat", "dog")


def test_folders_train_val_and_test_are_kept_and_a_split_without_a_folder_is_cut_from_training(tmp_path):
    for number in range(20):
        for label in ("a", "b"):
            tone = number * 2 + (label == "b")
            _picture(tmp_path / "train" / label / f"{number}.png", tone)
            if number < 3:
                _picture(tmp_path / "test" / label / f"{number}.png", 100 + tone)
    data = _load(tmp_path)
    assert data.about["examples"] == {"train": 36, "validation": 4, "test": 6}
    assert (data.test.images[:, 0, 0, 0] >= 100).all()
    assert "90/10 % training/validation, test kept apart by the data set" in data.about["split"]
    _picture(tmp_path / "val" / "a" / "0.png", 250)
    data = _load(tmp_path)
    assert data.about["examples"] == {"train": 40, "validation": 1, "test": 6}
    assert int(data.validation.images.max()) == 250


def test_images_are_scaled_by_their_shorter_side_and_cropped_to_the_middle(tmp_path):
    stripes = Image.new("RGB", (24, 8))
    stripes.paste((255, 0, 0), (8, 0, 16, 8))  # the middle third is red
    for label in "ab":
        for number in range(10):
            (tmp_path / label).mkdir(exist_ok=True)
            stripes.putpixel((0, 0), (number, ord(label), 0))  # cut off, but it makes the files differ
            stripes.save(tmp_path / label / f"{number}.png")
    data = _load(tmp_path, image_size=4, colour=True)
    assert data.shape == (3, 4, 4)
    assert data.test.images[0, :, 1:3, 1:3].flatten(1).tolist() == [[255] * 4, [0] * 4, [0] * 4]
    assert _load(tmp_path, image_size=8).test.images[0, 0, 4, 4] == 76  # ITU-R 601: 0.299 of red


def test_mean_and_deviation_are_those_of_each_channel_of_the_training_images(tmp_path):
    for number in range(10):
        for label, tones in (("a", (number, 100, 50)), ("b", (number, 200, 50))):
            _picture(tmp_path / label / f"{number}.png", tones, mode="RGB")
    data = _load(tmp_path, colour=True)
    pixels = torch.cat([images for images, _ in data.train.epoch(0)])
    torch.testing.assert_close(pixels.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert pixels[:, 1].std(correction=0) == pytest.approx(1)
    assert torch.isfinite(pixels).all(), "a channel that never changes must not divide by 0"


def test_files_that_cannot_be_read_are_left_out_counted_and_named(pets):
    whole = (pets / "cat" / "0.png").read_bytes()
    (pets / "cat" / "torn.png").write_bytes(whole[:40])
    (pets / "dog" / "text.jpg").write_text("no image")
    Image.new("I;16", (8, 8)).save(pets / "dog" / "deep.png")
    (pets / "dog" / ".hidden.png").write_text("not looked at")
    (pets / "dog" / "notes.txt").write_text("not looked at")
    notices = []
    data = _load(pets, notices=notices)
    assert sum(data.about["examples"].values()) == 24
    assert "skipped 3 of the image files, which cannot be read" in notices[0]
    for words in ("cat/torn.png", "dog/text.jpg (not an image)", "dog/deep.png (pixels of kind I"):
        assert words in notices[0]


def test_a_long_list_of_unreadable_files_is_cut_short(pets):
    for number in range(9):
        (pets / "cat" / f"bad{number}.png").write_text(str(number))
    notices = []
    _load(pets, notices=notices)
    assert "skipped 9 of" in notices[0]
    assert notices[0].endswith("and 4 more")


def test_a_copy_in_the_same_class_is_left_out_and_said(pets):
    (pets / "cat" / "again.png").write_bytes((pets / "cat" / "3.png").read_bytes())
    notices = []
    assert sum(_load(pets, notices=notices).about["examples"].values()) == 24
    assert notices[0] == "skipped 1 of the image files, which are copies of others: cat/again.png"


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("train/cat/1.png", "test/cat/9.png", "the same image is in two splits"),
        ("cat/1.png", "dog/9.png", "the same image is in two classes"),
    ],
)
def test_an_image_in_two_splits_or_two_classes_is_refused_with_both_paths(tmp_path, first, second, words):
    for number in range(2, 5):
        for label in ("cat", "dog"):
            for split in {"train", "test"} if "train" in first else {"."}:
                _picture(tmp_path / split / label / f"{split}{number}.png", number * 4 + (label == "dog") + 2 * (split == "test"))
    _picture(tmp_path / first, 99)
    _picture(tmp_path / second, 99)
    with pytest.raises(WorkbenchError, match=words) as caught:
        _load(tmp_path)
    assert first in caught.value.message
    assert second in caught.value.message


def test_too_few_classes_or_images_are_refused_in_words(tmp_path, pets):
    with pytest.raises(WorkbenchError, match="needs the path of your images") as caught:
        _load("")
    assert "--path" in caught.value.hint
    with pytest.raises(WorkbenchError, match="there is no folder"):
        _load(tmp_path / "none")
    for path in (pets / "dog").iterdir():
        path.unlink()
    with pytest.raises(WorkbenchError, match="has only the class `cat`"):
        _load(pets)
    _picture(pets / "dog" / "1.png", 250)
    (pets / "dog" / "2.png").write_text("broken")
    with pytest.raises(WorkbenchError, match="the class `dog` has 1 image that can be read, expected at least 2") as caught:
        _load(pets)
    assert "dog/2.png" in caught.value.hint
    _picture(pets / "dog" / "2.png", 251)
    for path in sorted((pets / "cat").iterdir())[3:]:
        path.unlink()
    with pytest.raises(WorkbenchError, match="split of `folder` is empty: there are too few images"):
        _load(pets)


def test_a_class_that_is_only_tested_is_refused(tmp_path):
    for split, labels in (("train", "ab"), ("test", "abc")):
        for label in labels:
            for number in range(3):
                _picture(tmp_path / split / label / f"{number}.png", number + 10 * "abc".index(label) + 100 * (split == "test"))
    with pytest.raises(WorkbenchError, match="the class `c` has no image in the folder `train`"):
        _load(tmp_path)


def test_a_flat_folder_will_do_where_labels_are_optional_and_has_no_classes(tmp_path):
    for number in range(20):
        _picture(tmp_path / f"{number}.png", number)
    with pytest.raises(WorkbenchError, match="there are no class folders with images"):
        _load(tmp_path)
    data = _load(tmp_path, labels="optional")
    assert not data.labelled
    assert data.classes == ()
    assert data.train.split.labels.tolist() == [0] * 16
    assert data.about["baseline"] == {}
    assert data.about["task"] == "8x8 grey images without classes"
    assert outline("folder", Own(Folder(str(tmp_path), 8, False)), labels="optional").classes == ()


def test_class_folders_keep_their_classes_where_labels_are_optional(pets):
    assert _load(pets, labels="optional").classes == ("cat", "dog")


def test_the_checksum_follows_names_and_content_and_nothing_else(pets):
    def checksum():
        return folder.read(Folder(str(pets), 8)).sha256

    before = checksum()
    (pets / "cat" / "0.png").touch()
    assert checksum() == before
    _picture(pets / "cat" / "0.png", 77)
    changed = checksum()
    assert changed != before
    (pets / "cat" / "0.png").rename(pets / "cat" / "00.png")
    assert checksum() not in (before, changed)


def test_uneven_classes_are_shown_with_what_helps(pets):
    for number in range(3, 12):
        (pets / "cat" / f"{number}.png").unlink()
    notices = []
    _load(pets, notices=notices)
    assert "cat 2, dog 10; uneven: class_weights balanced" in notices[0]
