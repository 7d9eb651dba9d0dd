"""Decoded copies: the same numbers, made once, and never of another image."""

import os
import shutil
from collections import namedtuple

import cv2
import numpy as np
import pytest
from training_runs import TINY, assert_same, checkpoint, run_in, train

from errors import BrokenImageError, InputError
from images.reader import read_rgb
from loader.augment import shrink
from loader.cache import ImageCache


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    path = tmp_path / "rgb_train" / "7.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def cache(tmp_path):
    cache = ImageCache(tmp_path / "cache", 32)
    cache.check(images=1, sketches=0, examples=[])
    return cache


def expected(path):
    return shrink(read_rgb(path), 32)


def test_a_copy_is_the_shrunk_image(picture, cache):
    first = cache.read(picture, read_rgb)
    assert first.shape == (37, 37, 3) and np.array_equal(first, expected(picture))
    copies = list(cache.directory.rglob("*"))
    assert [path.name for path in copies if path.is_file()] == ["7.npy"]
    # The original is not read again.
    assert np.array_equal(cache.read(picture, None), first)
    assert ImageCache(cache.directory.parent, 48).directory != cache.directory


@pytest.mark.parametrize("what", ["time", "size", "half", "empty", "nonsense"])
def test_a_copy_that_does_not_fit_is_made_again(picture, cache, what):
    cache.read(picture, read_rgb)
    copy = cache.directory / "rgb_train" / "7.npy"
    found = picture.stat()
    if what == "time":
        cv2.imwrite(str(picture), np.zeros((90, 90, 3), np.uint8))
        os.utime(picture, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    elif what == "size":
        cv2.imwrite(str(picture), np.zeros((90, 90, 3), np.uint8))
        os.utime(picture, ns=(found.st_atime_ns, found.st_mtime_ns))
    else:
        copies = {"half": copy.read_bytes()[:900], "empty": b"", "nonsense": b"\x80\x04abc" * 99}
        copy.write_bytes(copies[what])
    assert np.array_equal(cache.read(picture, read_rgb), expected(picture))
    assert np.array_equal(np.load(copy)["pixels"], expected(picture))


def test_a_broken_or_missing_original_is_named(picture, cache):
    picture.write_bytes(b"nothing")
    with pytest.raises(BrokenImageError, match="7.png"):
        cache.read(picture, read_rgb)
    picture.unlink()
    with pytest.raises(BrokenImageError, match="7.png"):
        cache.read(picture, read_rgb)
    assert not list(cache.directory.rglob("*.npy"))


def test_a_full_disk_ends_the_copying_not_the_reading(picture, cache, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    for _ in range(2):
        assert np.array_equal(cache.read(picture, read_rgb), expected(picture))
    assert capsys.readouterr().err.count("No space left on device") == 1
    assert not [path for path in cache.directory.rglob("*") if path.is_file()]


def test_what_cannot_fit_is_refused_before_the_start(picture, cache, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")(2**30, 0, 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"3\.8 GiB more and .* has 1\.0"):
        cache.check(images=10**6, sketches=0, examples=[picture])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot make the cache"):
        ImageCache(tmp_path / "file", 32).check(1, 1, [picture])


def test_copies_of_small_images_are_as_small(picture, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(2**30, 0, 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    broken = tmp_path / "broken.png"
    broken.touch()
    large = ImageCache(tmp_path / "copies", 1024)
    large.check(images=10**4, sketches=0, examples=[picture, broken])  # 90 x 90 px each
    with pytest.raises(InputError, match=r"2\.3 GiB more"):
        large.check(images=10**5, sketches=0, examples=[picture, broken])
    with pytest.raises(InputError, match=r"3[89]\.\d GiB more"):
        large.check(images=10**4, sketches=0, examples=[broken])


def test_training_is_the_same_with_copies(drawn_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(drawn_data, data)
    cached = (f"--cache={tmp_path / 'copies'}", "--thread=2")
    finished = []
    for name, more in (("plain", ()), ("first", cached), ("second", cached)):
        options = (*TINY, "--no_cit", f"--data_dir={data}", "--epoch=1", *more)
        assert train(*options, f"--result_dir={tmp_path / name}") == 0
        finished.append(checkpoint(run_in(tmp_path / name) / "tag2pix_1_epoch.pkl"))
    assert len(list((tmp_path / "copies").rglob("*.npy"))) == 16
    assert_same(finished[0], finished[1])
    assert_same(finished[0], finished[2])
