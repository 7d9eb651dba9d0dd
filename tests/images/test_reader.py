"""One rule for every reader of pictures: whoever reads a file sees the same array."""

import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import main
from errors import BrokenImageError, InputError
from images.line_art import read_sketch
from images.png import write_png
from images.reader import read_gray, read_rgb, to_gray
from line_art.xdog import random_parameters, xdog
from loader.cache import ImageCache
from loader.dataset import BenchmarkPairs, TrainingPairs
from loader.layout import DataDir
from loader.line_art import PlainSketches
from loader.samples import Sample
from loader.tags import load_vocabulary
from preprocessor.crop_and_upscale import Crop, squared
from preprocessor.faces.positions import FacePosition
from preprocessor.faces.samples import SketchCut, cut_sketch
from preprocessor.sketch_extractor import Sketch, XdogOf
from studio.sketch import read_sketch_file

PROJECT = Path(__file__).parents[2]
SIDE = 40
VOCABULARY = load_vocabulary()
DRAWING = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
BLOCKS = DRAWING[::8, ::8].repeat(8, 0).repeat(8, 1)
ORIENTATION = 0x0112


def _transparent(path):
    alpha = Image.new("L", (SIDE, SIDE), 255)
    alpha.paste(0, (0, 0, SIDE, 10))
    image = Image.fromarray(DRAWING)
    image.putalpha(alpha)
    image.save(path, "PNG")
    expected = DRAWING.copy()
    expected[:10] = 255
    return expected


def _black_on_nothing(path):
    """Line art as drawing programs save it: black everywhere, lines where it is opaque."""
    Image.merge("LA", (Image.new("L", (SIDE, SIDE)), Image.fromarray(BLOCKS[..., 0]))).save(
        path, "PNG"
    )
    return (255 - BLOCKS[..., :1]).repeat(3, 2)


def _one_color_transparent(path):
    image = Image.fromarray(BLOCKS)
    image.save(path, "PNG", transparency=tuple(map(int, BLOCKS[0, 0])))
    expected = BLOCKS.copy()
    expected[(BLOCKS[0, 0] == BLOCKS).all(2)] = 255
    return expected


def _deep_color(path):
    cv2.imwrite(str(path), DRAWING[..., ::-1].astype(np.uint16) * 256 + 200)
    return DRAWING


def _deep_gray(path):
    """A dark page: nothing may guess the range from its brightest value."""
    cv2.imwrite(str(path), DRAWING[..., 0].astype(np.uint16))
    return np.zeros_like(DRAWING)


def _turned(path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(np.rot90(DRAWING)).save(path, "PNG", exif=exif)
    return DRAWING


def _turned_at_the_end(path):
    """The same with the EXIF chunk behind the pixels."""
    _turned(path)
    content = path.read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + struct.unpack(">I", content[start : start + 4])[0]
    path.write_bytes(content[:start] + content[end:-12] + content[start:end] + content[-12:])
    return DRAWING


def _palette(path):
    Image.fromarray(BLOCKS).quantize(256).save(path, "PNG")
    return BLOCKS


def _gif(path):
    Image.fromarray(BLOCKS).quantize(256).save(path, "GIF")
    return BLOCKS


def _ink(path):
    image = Image.fromarray(255 - BLOCKS)
    Image.merge("CMYK", (*image.split(), Image.new("L", image.size))).save(path, "TIFF")
    return BLOCKS


KINDS = {
    "transparent": _transparent,
    "black on nothing": _black_on_nothing,
    "one color transparent": _one_color_transparent,
    "16 bits, color": _deep_color,
    "16 bits, gray": _deep_gray,
    "turned": _turned,
    "turned at the end": _turned_at_the_end,
    "palette": _palette,
    "GIF": _gif,
    "CMYK": _ink,
}
SAMPLES = [Sample(7, (1,), (1,))]
FOLDERS = ("rgb_train", "simpl_train", "benchmark", "keras_test")


def _sketches(folder, cache=None):
    sketches = PlainSketches(SAMPLES, DataDir(folder), VOCABULARY, input_size=SIDE, cache=cache)
    assert not sketches[0].broken
    return [sketches[0].sketch]


def _training(folder, cache=None):
    pairs = TrainingPairs(SAMPLES, DataDir(folder), VOCABULARY, input_size=SIDE, cache=cache)
    item = pairs._item(1, 0)
    return [item.sketch, item.original]


def _grids(folder):
    item = BenchmarkPairs(SAMPLES, DataDir(folder), VOCABULARY, input_size=SIDE)[0]
    return [item.sketch, item.original]


def _coloring(folder):
    return [read_sketch(folder / "keras_test" / "7.png", SIDE)]


def _studio(folder):
    return [np.asarray(read_sketch_file(folder / "keras_test" / "7.png", "7.png").gray)]


def _crop(folder):
    return [squared(Crop(folder / "rgb_train" / "7.png", folder, (SIDE, SIDE), "mirror"))]


def _xdog(folder):
    XdogOf(seed=1)(Sketch(folder / "rgb_train" / "7.png", folder / "xdog.png"))
    return [read_gray(folder / "xdog.png")]


def _face_cut(folder):
    face = FacePosition(7, 0.25, 0.25, 0.5, 0.5)
    cut_sketch(SketchCut(folder / "simpl_train" / "7.png", folder / "cut.png", face))
    return [read_gray(folder / "cut.png")]


def _cached(folder):
    copies = folder / "copies"
    first = _training(folder, copies)
    assert len(list(copies.rglob("*.npy"))) == 2
    return first + _training(folder, copies) + _sketches(folder, copies)


READERS = {
    "classifier": _sketches,
    "training": _training,
    "cache": _cached,
    "grids": _grids,
    "coloring": _coloring,
    "studio": _studio,
    "crop stage": _crop,
    "sketch stage": _xdog,
    "face stage": _face_cut,
}


@pytest.fixture
def folders(tmp_path):
    """Two data directories of one picture: as the kind saves it, and as a plain PNG."""

    def make(kind):
        for name in FOLDERS:
            odd, plain = (tmp_path / which / name / "7.png" for which in ("odd", "plain"))
            odd.parent.mkdir(parents=True)
            write_png(plain, KINDS[kind](odd))
        return tmp_path / "odd", tmp_path / "plain"

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_sees_what_a_plain_png_would_show(folders, kind):
    odd, plain = folders(kind)
    expected = cv2.imread(str(plain / "rgb_train" / "7.png"))[..., ::-1]
    assert np.array_equal(read_rgb(odd / "rgb_train" / "7.png"), expected)
    assert np.array_equal(read_gray(odd / "rgb_train" / "7.png"), to_gray(expected))
    for name, read in READERS.items():
        for ours, theirs in zip(read(odd), read(plain), strict=True):
            assert np.array_equal(ours, theirs), name


def test_what_readers_see_is_the_picture(folders):
    """The comparison above is with a PNG that the same readers read; this is with numbers."""
    odd, _ = folders("transparent")
    shown = _transparent(odd / "again.png")
    gray = to_gray(shown)
    for name in ("classifier", "grids", "coloring"):
        assert np.allclose(READERS[name](odd)[0][0], gray / 255, atol=1e-6), name
    assert np.array_equal(_studio(odd)[0], gray)
    assert np.allclose(_grids(odd)[1].permute(1, 2, 0), shown / 127.5 - 1, atol=1e-6)
    assert np.array_equal(_xdog(odd)[0], xdog(gray, *random_parameters(7, 1)))
    assert np.array_equal(_face_cut(odd)[0], gray[10:30, 10:30])


def test_gray_is_the_same_from_a_png_and_from_anything_else(tmp_path):
    write_png(tmp_path / "1.png", DRAWING)
    Image.fromarray(DRAWING).save(tmp_path / "1.bmp")
    assert np.array_equal(read_gray(tmp_path / "1.png"), read_gray(tmp_path / "1.bmp"))
    assert np.array_equal(read_gray(tmp_path / "1.png"), to_gray(DRAWING))


def test_copies_of_another_rule_are_made_again(folders, monkeypatch):
    odd, _ = folders("transparent")
    path, cache = odd / "rgb_train" / "7.png", ImageCache(odd / "copies", SIDE)
    cache.check(images=1, sketches=0, examples=[])
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    with monkeypatch.context() as patch:
        patch.setattr("loader.cache.RULE", 1)
        assert np.array_equal(cache.read(path, lambda _: black), black)
        assert np.array_equal(cache.read(path, read_rgb), black)
    assert np.array_equal(cache.read(path, read_rgb), read_rgb(path))


def test_the_command_line_colors_them_alike(folders, small_checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd, plain = folders("turned")
    flags = ["--test", "--cpu", "--load", str(small_checkpoint), "--tags", "blue_hair"]
    shown = []
    for folder in (odd, plain):
        results = tmp_path / f"results_{folder.name}"
        image = folder / "keras_test" / "7.png"
        assert main.main([*flags, "--image", str(image), "--result_dir", str(results)]) == 0
        (painted,) = results.rglob("*.png")
        shown.append(read_rgb(painted))
    assert np.array_equal(*shown)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n%%EOF\n"


def test_eps_starts_no_program(tmp_path, monkeypatch):
    """Ghostscript, if it were called, is a program that leaves a trace."""
    trace = tmp_path / "started"
    for name in ("gs", "gswin64c", "gswin32c"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ntouch {trace}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (tmp_path / "e.png").write_bytes(EPS)
    for read in (read_rgb, read_gray, lambda path: read_sketch(path, 8)):
        with pytest.raises(BrokenImageError, match="e.png: truncated, or not a picture"):
            read(tmp_path / "e.png")
    assert not trace.exists()


@pytest.mark.parametrize("read", [read_rgb, read_gray])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path, read, make):
    make(tmp_path / "1.png")
    errors = []

    def attempt():
        with pytest.raises(BrokenImageError) as caught:
            read(tmp_path / "1.png")
        errors.append(str(caught.value))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert errors == [f"{tmp_path / '1.png'}: not a file"]
    with pytest.raises(BrokenImageError, match="/dev/zero: not a file"):
        read(Path("/dev/zero"))


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width, height, depth, color, rows):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


IN_LITTLE_MEMORY = """
import resource, sys
import psutil
from errors import BrokenImageError
from images.reader import read_gray, read_rgb
limit = psutil.Process().memory_info().vms + (20 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for read in (read_rgb, read_gray):
    try:
        read(sys.argv[1])
    except BrokenImageError as error:
        print(error)
"""


@pytest.mark.parametrize("bomb", [(60_000, 8, 2), (12_000, 16, 0)], ids=["header", "16 bits"])
def test_bombs_take_no_memory(tmp_path, bomb):
    pytest.importorskip("resource")
    side, depth, color = bomb
    (tmp_path / "b.png").write_bytes(_png(side, side, depth, color, bytes(24_001 * 12_000)))
    assert (tmp_path / "b.png").stat().st_size < 350_000
    command = [sys.executable, "-c", IN_LITTLE_MEMORY, str(tmp_path / "b.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    errors = done.stdout.splitlines()
    assert len(errors) == 2 and not done.stderr
    assert all("over the limit of 100 megapixels" in line for line in errors)


def test_a_training_image_with_a_wild_header_is_passed_over(folders):
    odd, _ = folders("palette")
    (odd / "rgb_train" / "7.png").write_bytes(_png(60_000, 60_000, 8, 2, bytes(1000)))
    pairs = TrainingPairs(SAMPLES, DataDir(odd), VOCABULARY, input_size=SIDE)
    with pytest.raises(InputError, match="in a row are unreadable; .*over the limit"):
        pairs[1, 0]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".webp", ".bmp", ".tif"])
@pytest.mark.parametrize("read", [read_rgb, read_gray])
def test_cut_off_in_the_data_is_said(tmp_path, read, suffix):
    path = tmp_path / f"1{suffix}"
    Image.fromarray(DRAWING).save(path)
    content = path.read_bytes()
    read(path)
    for kept in (0.9, 0.5):
        path.write_bytes(content[: int(kept * len(content))])
        with pytest.raises(BrokenImageError, match="truncated"):
            read(path)


def test_too_few_rows_in_a_whole_png_are_noticed(tmp_path):
    (tmp_path / "1.png").write_bytes(_png(50, 40, 8, 0, bytes(51 * 3)))
    with pytest.raises(BrokenImageError, match="truncated"):
        read_gray(tmp_path / "1.png")


def test_the_first_frame_is_an_argument(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (250, 10)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(BrokenImageError, match="an animation of 2 frames"):
        read_gray(tmp_path / "a.gif")
    assert (read_gray(tmp_path / "a.gif", first_frame=True) == 250).all()


def test_32_bits_are_refused_not_guessed(tmp_path):
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(BrokenImageError, match="32 bits per value"):
        read_gray(tmp_path / "f.tif")
