"""Sketches that are given to the studio: what is read, refused and cleaned."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from errors import InputError
from studio.cleanup import Cleanup, clean
from studio.sketch import Limits, looks_like_photo, read_sketch_file

TESTSET = Path(__file__).parents[2] / "testset" / "liner_test"


def test_transparent_sketch_lies_on_white(tmp_path):
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    ImageDraw.Draw(image).line((0, 5, 20, 5), fill=(0, 0, 0, 255))
    image.save(tmp_path / "s.png")
    sketch = read_sketch_file(tmp_path / "s.png", "s.png")
    gray, notices = sketch.gray, sketch.notices
    assert gray.mode == "L"
    assert gray.size == (20, 10)
    assert gray.getpixel((3, 0)) == 255
    assert gray.getpixel((3, 5)) == 0
    assert notices == []


def test_animation_gives_its_first_frame_and_says_so(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (250, 10, 120)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    sketch = read_sketch_file(tmp_path / "a.gif", "a.gif")
    gray, notices = sketch.gray, sketch.notices
    assert gray.getpixel((0, 0)) == 250
    assert notices[0] == "a.gif is animated (3 frames): this is the first"


def test_phone_photo_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (30, 10), 200).save(tmp_path / "p.jpg", exif=exif)
    assert read_sketch_file(tmp_path / "p.jpg", "p.jpg").gray.size == (10, 30)


@pytest.mark.parametrize(
    ("side", "message"),
    [((8000, 5000), "b.png: 8000x5000 px is over"), ((60000, 60000), "b.png: over")],
)
def test_too_many_pixels_are_refused_before_decoding(tmp_path, monkeypatch, side, message):
    header = struct.pack(">IIBBBBB", *side, 1, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    content += _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND", b"")
    (tmp_path / "b.png").write_bytes(content)
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InputError, match=f"{message} the limit of 24 megapixels"):
        read_sketch_file(tmp_path / "b.png", "b.png")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_png_with_a_text_bomb_is_refused(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, "PNG")
    content = buffer.getvalue()
    bomb = _chunk(b"zTXt", b"tags\0\0" + zlib.compress(bytes(200_000_000), 9))
    (tmp_path / "t.png").write_bytes(content[:33] + bomb + content[33:])
    with pytest.raises(InputError, match="t.png: damaged"):
        read_sketch_file(tmp_path / "t.png", "t.png")


@pytest.mark.parametrize(
    "content",
    [
        b"this is no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe\n%%EOF",
        b"",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(
        InputError, match="x.png: (the file is empty|truncated, or not a picture: give a PNG)"
    ):
        read_sketch_file(tmp_path / "x.png", "x.png")


def test_truncated_picture_is_refused(tmp_path):
    content = (TESTSET / "85.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="half.png: damaged or truncated"):
        read_sketch_file(tmp_path / "half.png", "half.png")


def test_heavy_file_is_refused(tmp_path):
    (tmp_path / "big.png").write_bytes(bytes(1_100_000))
    with pytest.raises(InputError, match="big.png has 1 MB; the limit is 0.5 MB"):
        read_sketch_file(tmp_path / "big.png", "big.png", Limits(megabytes=0.5))


def test_dark_and_colored_pictures_bring_advice(tmp_path):
    dark = Image.new("L", (20, 20), 10)
    ImageDraw.Draw(dark).line((0, 10, 20, 10), fill=240)
    dark.save(tmp_path / "dark.png")
    assert "Invert" in read_sketch_file(tmp_path / "dark.png", "dark").notices[0]
    photo = Image.new("RGB", (20, 20), (250, 180, 90))
    ImageDraw.Draw(photo).line((0, 10, 20, 10), fill=(60, 20, 10))
    photo.save(tmp_path / "photo.png")
    assert "XDoG" in read_sketch_file(tmp_path / "photo.png", "photo").notices[0]


def test_cleanup_finds_the_lines_of_a_shaded_light_on_dark_drawing():
    drawing = Image.new("L", (200, 200), 60)
    ImageDraw.Draw(drawing).ellipse((50, 50, 150, 150), outline=230, width=4)
    lines = np.asarray(clean(drawing, Cleanup("threshold", invert=True)))
    assert set(np.unique(lines)) == {0, 255}
    assert lines[100, 51] == 0
    assert lines[100, 100] == lines[0, 0] == 255


def test_threshold_level_separates_where_it_says():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None].repeat(4, 0))
    assert (np.asarray(clean(ramp, Cleanup("threshold", level=100)))[0] == 0).sum() == 101


def test_xdog_finds_the_edge_of_a_shape():
    shape = Image.new("L", (300, 150), 220)
    ImageDraw.Draw(shape).rectangle((0, 0, 150, 150), fill=90)
    lines = np.asarray(clean(shape, Cleanup("xdog")))
    assert lines.shape == (384, 768)
    columns = np.flatnonzero((lines < 128).any(0))
    assert columns.size
    assert abs(columns - 386).max() < 12


def test_unknown_cleanup_is_refused():
    with pytest.raises(InputError, match="choose from none, threshold, photo, xdog"):
        clean(Image.new("L", (4, 4)), Cleanup("magic"))


def test_white_lines_on_transparency_are_made_dark_with_a_notice(tmp_path):
    image = Image.new("RGBA", (20, 10), (255, 255, 255, 0))
    ImageDraw.Draw(image).line((0, 5, 20, 5), fill=(255, 255, 255, 255))
    image.save(tmp_path / "w.png")
    sketch = read_sketch_file(tmp_path / "w.png", "w.png")
    assert sketch.gray.getpixel((3, 5)) == 0
    assert sketch.gray.getpixel((3, 0)) == 255
    assert "white lines on transparency" in sketch.notices[0]


@pytest.mark.parametrize("color", ["white", (0, 0, 0, 0)])
def test_a_blank_page_is_named_as_such(tmp_path, color):
    Image.new("RGBA", (30, 30), color).save(tmp_path / "b.png")
    assert "blank" in read_sketch_file(tmp_path / "b.png", "b.png").notices[0]


def _layered(path: Path) -> Image.Image:
    picture = Image.new("RGBA", (24, 12), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line((0, 6, 24, 6), fill=(0, 0, 0, 255))
    if path.suffix == ".psd":
        from psd_tools import PSDImage

        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture)
        PSDImage.frompil(flat).save(path)
    else:
        with zipfile.ZipFile(path, "w") as archive, archive.open("mergedimage.png", "w") as file:
            picture.save(file, "PNG")
    return picture


@pytest.mark.parametrize("suffix", [".psd", ".ora", ".kra"])
def test_files_of_drawing_programs_are_read_by_their_merged_picture(tmp_path, suffix):
    path = tmp_path / f"d{suffix}"
    _layered(path)
    gray = read_sketch_file(path, path.name).gray
    assert gray.size == (24, 12)
    assert gray.getpixel((5, 6)) == 0
    assert gray.getpixel((5, 0)) == 255
    with pytest.raises(InputError, match=f"d{suffix}: 24x12 px is over the limit"):
        read_sketch_file(path, path.name, Limits(megapixels=0.0001))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=f"d{suffix}: damaged"):
        read_sketch_file(path, path.name)


def test_what_cannot_be_opened_says_what_to_do(tmp_path):
    (tmp_path / "a.clip").write_bytes(b"CSFCHUNK")
    with pytest.raises(InputError, match="a.clip: files of Clip Studio cannot be opened: export"):
        read_sketch_file(tmp_path / "a.clip", "a.clip")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match="a.zip: a ZIP without mergedimage.png"):
        read_sketch_file(tmp_path / "a.zip", "a.zip")


def _photo_of(page: np.ndarray) -> Image.Image:
    """Paper under a lamp: bright in one corner, half as bright in the other, and noisy."""
    light = (
        np.linspace(1, 0.45, page.shape[1])[None] * np.linspace(0.95, 0.7, page.shape[0])[:, None]
    )
    noise = np.random.default_rng(1).normal(0, 2, page.shape)
    return Image.fromarray((page * light * 0.9 + 10 + noise).clip(0, 255).astype(np.uint8))


def test_a_photo_of_paper_is_noticed_and_made_white():
    page = np.asarray(Image.open(TESTSET / "85.png").convert("L"))
    photo = _photo_of(page)
    assert looks_like_photo(np.asarray(photo))
    assert not looks_like_photo(page)
    lines = np.asarray(clean(photo, Cleanup("photo")))
    assert (lines[page > 250] > 240).mean() > 0.97
    assert (lines[page < 20] < 90).mean() > 0.97
    otsu = np.asarray(clean(photo, Cleanup("threshold")))
    assert (otsu[page > 250] > 240).mean() < 0.9


def test_dots_per_inch_are_kept(tmp_path):
    page = Image.new("L", (30, 30), 255)
    page.save(tmp_path / "d.png", dpi=(350, 350))
    page.save(tmp_path / "n.png")
    found = read_sketch_file(tmp_path / "d.png", "d.png").dpi
    assert found == pytest.approx((350, 350), abs=0.1)
    assert read_sketch_file(tmp_path / "n.png", "n.png").dpi is None


def test_dots_per_inch_of_an_openraster_file_may_stand_in_its_stack_only(tmp_path):
    path = tmp_path / "d.ora"
    _layered(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stack.xml", '<image w="24" h="12" xres="600" yres="300"><stack/></image>')
    assert read_sketch_file(path, path.name).dpi == (600, 300)


def test_dots_per_inch_that_cannot_be_meant_are_left_out(tmp_path):
    for number, dpi in enumerate([(0.5, 0.5), (1e6, 1e6)]):
        path = tmp_path / f"{number}.png"
        Image.new("L", (30, 30), 255).save(path, dpi=dpi)
        assert read_sketch_file(path, path.name).dpi is None
