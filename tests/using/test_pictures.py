"""Image files as a classifier takes them."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from workbench.errors import WorkbenchError
from workbench.using import pictures


def saved(tmp_path, image, name="image.png", **how):
    image.save(tmp_path / name, **how)
    return tmp_path / name


@pytest.mark.parametrize(
    ("mode", "colour", "said"),
    [("L", 0, "8x8 grey"), ("RGB", (0, 0, 0), "8x8 colour -> 8x8 grey"), ("1", 0, "8x8 grey"), ("LA", (0, 255), "8x8 grey")],
)
def test_an_image_of_the_right_size_keeps_its_pixels(tmp_path, mode, colour, said):
    image = Image.new(mode, (8, 8), colour)
    image.putpixel((3, 2), {"RGB": (255, 255, 255), "LA": (255, 255)}.get(mode, 255))
    pixels, done = pictures.read(saved(tmp_path, image), (1, 8, 8), on_dark=True)
    assert done.removesuffix(" -> 8x8 grey") == said.removesuffix(" -> 8x8 grey")
    assert float(pixels[0, 2, 3]) == 1
    assert float(pixels.sum()) == 1


def test_dark_on_bright_is_inverted_where_the_model_learnt_bright_on_dark(tmp_path):
    image = Image.new("L", (8, 8), 255)
    image.putpixel((3, 2), 0)
    path = saved(tmp_path, image)
    pixels, done = pictures.read(path, (1, 8, 8), on_dark=True)
    assert done == "8x8 grey, inverted"
    assert float(pixels[0, 2, 3]) == 1
    assert pictures.read(path, (1, 8, 8), on_dark=True, invert="no")[1] == "8x8 grey"
    assert pictures.read(path, (1, 8, 8), on_dark=False)[1] == "8x8 grey"
    assert pictures.read(path, (1, 8, 8), on_dark=False, invert="yes")[1] == "8x8 grey, inverted"


def test_what_can_be_seen_through_is_white_below_and_grey_becomes_colour(tmp_path):
    path = saved(tmp_path, Image.new("RGBA", (8, 8), (0, 0, 0, 0)))
    pixels, done = pictures.read(path, (3, 8, 8), on_dark=False)
    assert done == "8x8 colour, blank: all of it has one colour"
    assert float(pixels.min()) == 1


def test_a_photograph_is_turned_upright_and_nothing_is_cut_off(tmp_path):
    image = Image.new("L", (40, 20), 0)
    image.paste(255, (0, 0, 20, 20))  # the left half is white
    upright = Image.Exif()
    upright[0x0112] = 6  # to be turned by a quarter, clockwise
    pixels, done = pictures.read(saved(tmp_path, image, "photo.jpg", exif=upright), (1, 8, 8), on_dark=False)
    assert done == "20x40 grey -> 8x8 grey"
    assert float(pixels[0, :3, 3:5].mean()) > 0.9  # on top now
    assert float(pixels[0, 5:, 3:5].mean()) < 0.1


def test_sixteen_bits_are_stretched(tmp_path):
    deep = Image.new("I;16", (8, 8), 1000)
    deep.putpixel((0, 0), 3000)
    pixels, _ = pictures.read(saved(tmp_path, deep), (1, 8, 8), on_dark=False)
    assert (float(pixels.max()), float(pixels.min())) == (1, 0)


def test_a_file_that_is_no_image_is_told(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(WorkbenchError, match=r"none\.png cannot be read: No such file or directory\n"):
        pictures.read(tmp_path / "none.png", (1, 8, 8), on_dark=True)
    with pytest.raises(WorkbenchError, match="cannot be read"):
        pictures.read(tmp_path / "image.png", (1, 8, 8), on_dark=True)
    with pytest.raises(WorkbenchError, match="there is no image in"):
        pictures.listed([tmp_path / "empty"]) if (tmp_path / "empty").mkdir() is None else None


def test_a_drawing_is_moved_to_the_middle_as_it_is():
    image = torch.zeros(1, 9, 9)
    image[0, 0, 1] = image[0, 2, 1] = 1
    moved = pictures.centred(image)
    assert moved[0].nonzero().tolist() == [[3, 4], [5, 4]]
    assert pictures.centred(torch.zeros(1, 4, 4)).sum() == 0


def test_a_sheet_has_all_images_enlarged_by_a_whole_number():
    images = torch.zeros(3, 3, 8, 8)
    images[2] = 1
    with Image.open(io.BytesIO(pictures.sheet(images, columns=3))) as sheet:
        assert sheet.size == (3 * 66 - 2, 64)
        assert sheet.getpixel((2 * 66 + 1, 1)) == (255, 255, 255)
        assert sheet.getpixel((1, 1)) == (0, 0, 0)


def test_an_image_of_one_colour_is_said_to_be_blank(tmp_path):
    assert pictures.read(saved(tmp_path, Image.new("RGB", (8, 8), (9, 8, 7))), (3, 8, 8), on_dark=False)[1].endswith(
        "blank: all of it has one colour"
    )


def test_too_many_pixels_are_refused_in_words(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (30, 30), 0))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(WorkbenchError, match="has too many pixels: at most 200 are read"):
        pictures.read(path, (1, 8, 8), on_dark=False)
