"""Reading images from anywhere: every kind that occurs, and everything that is none."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from errors import InputError
from images.png import write_png
from images.reader import MAX_PIXELS, read_gray, read_rgb
from preprocessor.stage.batch import numbered_images
from preprocessor.stage.stage import Summary

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def png_of(width, height, raw):
    """A PNG of one gray channel that says it is width x height, whatever it holds."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".webp"])
def test_rgb_is_read_as_it_is(tmp_path, suffix):
    path = tmp_path / f"1{suffix}"
    quantized = Image.fromarray(PIXELS).quantize(256).convert("RGB")
    quantized.save(path, **({"lossless": True} if suffix == ".webp" else {}))
    assert np.array_equal(read_rgb(path), np.asarray(quantized))


def test_the_content_decides_and_not_the_suffix(tmp_path):
    write_png(tmp_path / "1.png", PIXELS)
    path = (tmp_path / "1.png").rename(tmp_path / "1.jpg")
    assert np.array_equal(read_rgb(path), PIXELS)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P"])
def test_other_modes_become_rgb(tmp_path, mode):
    image = Image.fromarray(PIXELS).convert(mode)
    image.save(tmp_path / "1.png")
    assert np.array_equal(read_rgb(tmp_path / "1.png"), np.asarray(image.convert("RGB")))


def test_cmyk_becomes_rgb(tmp_path):
    orange = Image.new("CMYK", (16, 16), (0, 128, 255, 0))
    orange.save(tmp_path / "1.jpg", quality=95)
    assert np.abs(read_rgb(tmp_path / "1.jpg").mean(axis=(0, 1)) - (255, 127, 0)).max() < 4


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path):
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257).save(tmp_path / "1.png")
    assert np.array_equal(read_gray(tmp_path / "1.png"), PIXELS[..., 0])
    cv2.imwrite(str(tmp_path / "2.png"), PIXELS[..., ::-1].astype(np.uint16) * 257)
    assert np.array_equal(read_rgb(tmp_path / "2.png"), PIXELS)


def test_transparency_is_put_on_white(tmp_path):
    image = Image.fromarray(PIXELS).convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    image.paste((10, 20, 30, 255), (0, 0, 5, 5))
    image.save(tmp_path / "1.png")
    pixels = read_rgb(tmp_path / "1.png")
    assert (pixels[:5, :5] == (10, 20, 30)).all()
    assert (pixels[5:] == 255).all()


def test_gray_of_a_png_is_weighed_as_opencv_reads_it(tmp_path):
    write_png(tmp_path / "1.png", PIXELS)
    expected = cv2.imread(str(tmp_path / "1.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(read_gray(tmp_path / "1.png"), expected)


def test_one_pixel_is_an_image(tmp_path):
    write_png(tmp_path / "1.png", PIXELS[:1, :1])
    assert read_rgb(tmp_path / "1.png").shape == (1, 1, 3)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_001, 10_000)])
def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path, size):
    path = tmp_path / "1.png"
    path.write_bytes(png_of(*size, raw=bytes(100_000)))
    assert path.stat().st_size < 1000
    assert size[0] * size[1] > MAX_PIXELS
    with pytest.raises(InputError, match="over the limit of 100 megapixels"):
        read_rgb(path)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_are_refused(tmp_path, suffix):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / f"1{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="animation of 2 frames"):
        read_rgb(tmp_path / f"1{suffix}")


@pytest.mark.parametrize("read", [read_rgb, read_gray])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".webp", ".bmp"])
@pytest.mark.parametrize("kept", [0.98, 0.6, 0.02])
def test_cut_off_files_are_refused(tmp_path, read, suffix, kept):
    path = tmp_path / f"1{suffix}"
    Image.fromarray(PIXELS).save(path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(InputError):
        read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>404</html>", "not a picture"),
        (png_of(50, 40, raw=bytes(51 * 3)), "damaged"),
        (png_of(0, 40, raw=b""), "not a picture"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, content, reason):
    (tmp_path / "1.png").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_rgb(tmp_path / "1.png")


def test_only_images_named_by_integers_are_numbered(tmp_path, capsys):
    names = [
        "-3.png",
        "01.gif",
        "1.jpg",
        "1.png",
        "1_0.png",
        "1e3.png",
        "cat.png",
        "5.txt",
        "٣.png",
    ]
    summary = Summary("images")
    images = numbered_images([tmp_path / name for name in names], summary)
    assert {file_id: path.name for file_id, path in images.items()} == {-3: "-3.png", 1: "01.gif"}
    assert summary.skipped == {
        "the name is not an integer": 4,
        "another file has this id": 2,
        "not an image file": 1,
    }
    assert capsys.readouterr().err.count("\n") == 7


def test_writing_makes_folders_and_leaves_nothing_half_done(tmp_path, monkeypatch):
    path = tmp_path / "new" / "1.png"
    write_png(path, PIXELS)
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], PIXELS)

    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_png(path, 255 - PIXELS)
    assert np.array_equal(read_rgb(path), PIXELS)
    assert [p.name for p in path.parent.iterdir()] == ["1.png"]
