"""Files with layers: what is in them, and what they look like, as another reader sees it."""

import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import shapes
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource

from errors import BrokenImageError
from finishing.finish import Sketch
from finishing.layers import layers_of
from finishing.saving import read_saved_entries, save_finished

NAMES = ["paper", "background", "skin", "hair", "eyes", "lines"]
ENTRIES = {"tags": "blue_hair red_eyes", "exact": "hair=#3355cc", "weights": "a.pkl 12345678"}


@pytest.fixture(scope="module")
def finished():
    lines, colors, masks = shapes.head(256)
    return Sketch(lines).finish(shapes.painted(colors, lines), changes=shapes.changes(masks))


def flatten(layers):
    """(RGBA pictures with offsets) laid on each other by Pillow."""
    canvas = Image.new("RGBA", (256, 256))
    for picture, offset in layers:
        canvas.alpha_composite(picture, offset)
    return np.asarray(canvas)


def test_layers_are_the_picture(finished):
    layers = list(layers_of(finished))
    assert [layer.name for layer in layers] == NAMES
    flat = flatten((layer.picture, (layer.left, layer.top)) for layer in layers)
    assert np.abs(flat[..., :3].astype(int) - finished.picture()).max() <= 1


@pytest.mark.parametrize("transparent", [False, True])
def test_openraster(finished, tmp_path, transparent):
    path = tmp_path / "a.ora"
    save_finished(finished, path, ENTRIES, transparent=transparent)
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
        assert archive.read("mimetype") == b"image/openraster"
        image = ElementTree.fromstring(archive.read("stack.xml"))
        assert (image.get("w"), image.get("h")) == ("256", "256")
        listed = [layer.attrib for layer in image.iter("layer")][::-1]
        pictures = []
        for layer in listed:
            with archive.open(layer["src"]) as file:
                pictures.append(Image.open(file).convert("RGBA"))
        with archive.open("mergedimage.png") as file:
            merged = np.asarray(Image.open(file))
        with archive.open("Thumbnails/thumbnail.png") as file:
            assert max(Image.open(file).size) <= 256
    assert [layer["name"] for layer in listed] == NAMES
    hidden = [layer["name"] for layer in listed if layer["visibility"] == "hidden"]
    assert hidden == (NAMES[:2] if transparent else [])
    assert np.array_equal(merged, finished.picture(transparent=transparent))
    flat = flatten(
        (picture, (int(layer["x"]), int(layer["y"])))
        for layer, picture in zip(listed, pictures, strict=True)
        if layer["visibility"] == "visible"
    )
    shown = merged if transparent else np.dstack([merged, np.full((256, 256), 255)])
    seen = shown[..., 3] > 0
    assert np.abs(flat.astype(int) - shown)[seen].max() <= 1
    assert read_saved_entries(path) == ENTRIES


@pytest.mark.parametrize("transparent", [False, True])
def test_photoshop(finished, tmp_path, transparent):
    path = tmp_path / "a.psd"
    save_finished(finished, path, ENTRIES, transparent=transparent)
    document = PSDImage.open(path)
    assert [layer.name for layer in document] == NAMES
    hidden = [layer.name for layer in document if not layer.visible]
    assert hidden == (NAMES[:2] if transparent else [])
    hair = next(layer for layer in document if layer.name == "hair")
    box = np.s_[hair.top : hair.bottom, hair.left : hair.right]
    assert np.array_equal(np.asarray(hair.topil())[..., 3] > 0, finished.inside("hair")[box])
    shown = Image.new("RGBA", (256, 256), "white")
    shown.alpha_composite(
        Image.fromarray(finished.picture(transparent=transparent)).convert("RGBA")
    )
    shown = np.asarray(shown)[..., :3].astype(int)
    assert np.array_equal(np.asarray(document.topil().convert("RGB")), shown)
    flat = Image.new("RGBA", (256, 256), "white")
    for layer in document:
        if layer.visible:
            flat.alpha_composite(layer.topil(), layer.offset)
    assert np.abs(np.asarray(flat)[..., :3] - shown).max() <= 1
    assert read_saved_entries(path) == ENTRIES


def test_png(finished, tmp_path):
    path = tmp_path / "a.png"
    save_finished(finished, path, ENTRIES, transparent=True)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), finished.picture(transparent=True))
    assert read_saved_entries(path) == ENTRIES


@pytest.mark.parametrize("name", ["a.png", "a.ora", "a.psd", "a.txt"])
def test_other_files_are_named(tmp_path, name):
    path = tmp_path / name
    for content in (b"", b"nothing of the kind", b"PK\x03\x04 cut"):
        path.write_bytes(content)
        with pytest.raises(BrokenImageError, match=name):
            read_saved_entries(path)


def test_dots_per_inch_are_where_other_programs_look_for_them(finished, tmp_path):
    dpi, about = (350, 300.25), pytest.approx((350, 300.25), abs=0.02)
    for suffix in ("png", "ora", "psd"):
        save_finished(finished, tmp_path / f"a.{suffix}", ENTRIES, dpi=dpi)
        save_finished(finished, tmp_path / f"plain.{suffix}", ENTRIES)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"] == about
    with zipfile.ZipFile(tmp_path / "a.ora") as archive:
        image = ElementTree.fromstring(archive.read("stack.xml"))
        assert (image.get("xres"), image.get("yres")) == ("350", "300")
        with archive.open("mergedimage.png") as file:
            assert Image.open(file).info["dpi"] == about
    with zipfile.ZipFile(tmp_path / "plain.ora") as archive:
        assert "xres" not in ElementTree.fromstring(archive.read("stack.xml")).attrib
    resolution = PSDImage.open(tmp_path / "a.psd").image_resources.get_data(
        Resource.RESOLUTION_INFO
    )
    assert (resolution.horizontal / 65536, resolution.vertical / 65536) == about
    assert (resolution.horizontal_unit, resolution.vertical_unit) == (1, 1)
    assert Resource.RESOLUTION_INFO not in PSDImage.open(tmp_path / "plain.psd").image_resources


def test_a_psd_has_an_end(tmp_path):
    lines = np.full((1, 30_001), 255, np.uint8)
    finished = Sketch(lines).finish(
        np.full((1, 16, 3), 9, np.uint8), changes=np.zeros((1, 16, 4), np.float32)
    )
    with pytest.raises(ValueError, match="at most 30,000 pixels"):
        save_finished(finished, tmp_path / "a.psd", {})
